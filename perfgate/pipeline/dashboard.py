"""Dashboard: the budgets that gate a pull request as lines in Grafana."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide, warning
from perfgate.core.text.names import list_some
from perfgate.core.text.origin import requirement
from perfgate.pipeline import inputs

if TYPE_CHECKING:
    from perfgate.core.errors import CannotDecideError, Diagnostic
    from perfgate.core.policy import Policy

_SDK = "grafana-foundation-sdk"
_HINT = f"pip install '{requirement('rollout')}'"


def read_budgets(config: str | None) -> tuple[Policy, list[Diagnostic]]:
    """Return the configuration whose budgets are drawn, and a warning about those that are not.

    Args:
        config: a configuration file given by hand; None: look for one.

    Raises:
        CannotDecideError: it is not valid.
    """
    policy = inputs.read_settings(config).policy
    return policy, _remarks(policy)


def require_builders(grafana: str) -> None:
    """Return when Grafana's builders are installed for a version of Grafana.

    Its releases have an epoch in front, ``1769699379!11.6.0``, and an install without a version gives those of 10.1.

    Raises:
        CannotDecideError: they are not.
    """
    try:
        found = version(_SDK)
    except PackageNotFoundError:
        raise _broken(f"{_SDK} is not installed") from None
    if not found.rpartition("!")[2].startswith(f"{grafana}."):
        raise _broken(f"{_SDK} {found} is installed, which is not for Grafana {grafana}")


def _broken(message: str) -> CannotDecideError:
    return cannot_decide("extra-missing", message, hint=_HINT)


def _remarks(policy: Policy) -> list[Diagnostic]:
    """Return a warning that says which budgets are not drawn."""
    left = [b.name or b.origin for b in policy.budgets if not b.series]
    if not left and policy.budgets:
        return []
    message = f"not drawn, because they name no series: {list_some(left)}" if left else "there are no budgets to draw"
    hint = "give a budget the key series: the metric of Prometheus that holds the same"
    return [warning("dashboard-no-series", message, place=policy.source, hint=hint)]
