"""A policy -> the text of its alert rules and of their tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide, error, note
from perfgate.render.monitoring.as_yaml import to_yaml
from perfgate.render.monitoring.expressions import duration, number, watch
from perfgate.render.monitoring.rule_tests import is_testable, to_tests
from perfgate.render.monitoring.rules import count_fewest, list_alarms, to_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.render.monitoring.expressions import Watched
    from perfgate.render.monitoring.rules import Settings

_APART = 2
"""Events between warning and limit in a window, so that one lies between them."""


class Alerts(Struct, frozen=True, kw_only=True):
    """What watches the budgets of a policy."""

    rules: str
    """YAML."""
    tests: str
    """YAML, for ``promtool test rules``."""
    budgets: int
    """Watched ones, >= 1."""
    alerts: int
    """Of all of them."""
    remarks: tuple[Diagnostic, ...]
    """About budgets that no alert watches, or no test."""


def render_alerts(policy: Policy, settings: Settings, *, job: str, rules: str) -> Alerts:
    """Return the alert rules of a policy, and their tests.

    Args:
        policy: its budgets with a series are watched.
        settings: how.
        job: value of the label ``job`` of all series; empty: any.
        rules: path of the rules, from the folder of the tests; empty: no tests are asked for.

    Raises:
        CannotDecideError: no budget has a series, one that has cannot be watched, or PyYAML is missing.
    """
    watched, remarks = watch(policy.budgets, policy.ratios, job=job)
    faults = [r for r in remarks if r.level == "error"]
    faults += [fault for each in watched for fault in _unreachable(each, settings)]
    if faults:
        raise CannotDecideError(faults)
    if not watched:
        hint = 'add the key series to a budget, such as series = "http_request_duration_seconds"'
        raise cannot_decide("alerts-nothing", "no budget has a series to watch", place=policy.source, hint=hint)
    untested = [
        note(
            "alert-untested",
            f'"{each.name}" has no tests: no labels were found that its part selects, and others that it does not',
            place=each.budget.origin,
            hint="simplify the selectors of its [[ratio]]",
        )
        for each in watched
        if not is_testable(each)
    ]
    return Alerts(
        rules=to_yaml(to_rules(watched, settings)),
        tests=to_yaml(to_tests(watched, settings, rules=rules)) if rules else "",
        budgets=len(watched),
        alerts=sum(len(alarms) for _, alarms in list_alarms(watched, settings)),
        remarks=(*remarks, *untested),
    )


def _unreachable(watched: Watched, settings: Settings) -> Iterator[Diagnostic]:
    """Yield why an alert on a throughput could hardly fire: what breaks the limit is about what has to be there."""
    limit, warn, window = watched.budget.limit, watched.budget.early, settings.window
    if watched.kind != "rate":
        return
    place, hint = watched.budget.origin, "watch a longer time: --window 1h; or fewer events: --min-events N"
    fewest, counted = count_fewest(watched, settings), watched.bound(limit).at * window
    if counted < 2 * fewest:
        message = (
            f'"{limit.text}" are {number(counted)} events in {duration(window)}, and at least {fewest} must be there'
        )
        yield error("alert-impossible", f"{message}, which is too near", place=place, hint=hint)
    elif warn and watched.bound(warn).at * window - counted < _APART:
        message = f'"{limit.text}" and "{warn.text}" are less than two events apart in {duration(window)}'
        yield error("alert-impossible", message, place=place, hint=hint)
