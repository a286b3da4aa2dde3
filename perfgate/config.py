"""TOML -> policy: ``[tool.perfgate]`` in pyproject.toml, or perfgate.toml. All faults are reported at once."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import shlex
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from perfgate import schema
from perfgate.core.errors import CannotDecideError, Diagnostic, at, cannot_decide, error
from perfgate.core.metrics import canonical_name
from perfgate.core.policy import CANARY, Budget, Drift, Floor, Policy, Rule, Tracing
from perfgate.core.rollout.canary import DEADLINE, ERRORS, Canary, Phase
from perfgate.core.statistic import STATISTICS
from perfgate.core.text.near_names import is_near
from perfgate.core.text.strict_toml import load_toml
from perfgate.core.text.toml_lines import locate
from perfgate.core.text.units import Change, Limit, parse_change, parse_limit, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perfgate.core.sources.field_map import FieldMap
    from perfgate.core.sources.series import Ratio
    from perfgate.schema.config_types import (
        BudgetTable,
        CanaryTable,
        ConfigFile,
        FloorTable,
        MapTable,
        PhaseTable,
        RatioTable,
        RuleTable,
    )

OWN = "perfgate"
OWN_FILE = f"{OWN}.toml"
SHARED_FILE = "pyproject.toml"
DEFAULT_THRESHOLD = "+5%"
LARGEST = 1 << 20

_CONFIGURING = frozenset({"toml", "tml", "yaml", "yml", "ini", "cfg", "conf"})
"""Suffixes of files that configure programs; not JSON, in which reports are written."""
_SLUG = "config-invalid"
_HINT = "perfgate schema config lists every key"
_KINDS = {"time": "s", "bytes": "B", "rate": "1/s"}
_T = TypeVar("_T")

BUILT_IN = Policy(source="built-in defaults", threshold=parse_change(DEFAULT_THRESHOLD))


def find(start: str) -> tuple[str, str]:
    """Return the folder and the name of the configuration file that governs a folder.

    Looks in `start` and above it up to the root of the git repository, so that a check
    in a subfolder is judged by the same rules.

    Returns:
        (folder, file name); (`start`, "") when there is none.

    Raises:
        CannotDecideError: both files hold a configuration, one cannot be read, or one has nearly such a name.
    """
    folder = os.path.abspath(start)
    while True:
        with contextlib.suppress(OSError):  # what cannot be listed is asked for by name
            refuse_near(os.listdir(folder), folder)
        own = _is_there(os.path.join(folder, OWN_FILE))
        shared_path = os.path.join(folder, SHARED_FILE)
        shared = _is_there(shared_path) and has_table(_read(shared_path), shared_path)
        name = choose(own=own, shared=shared, where=folder)
        if name:
            return folder, name
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return os.path.abspath(start), ""
        folder = parent


def _is_there(path: str) -> bool:
    """Is there a file of that name? One that cannot be read must not pass for none: its rules would be lost."""
    if os.path.lexists(path) and not os.path.isfile(path):
        cause = "is a link that leads nowhere" if os.path.islink(path) else "is not a file"
        raise cannot_decide("config-unreadable", cause, place=path, hint="correct it")
    return os.path.lexists(path)


def refuse_near(names: Iterable[str], where: str) -> None:
    """Return when no file of a folder has nearly the name of the configuration: it would never be read.

    Args:
        names: of what the folder holds.
        where: the folder.

    Raises:
        CannotDecideError: one has.
    """
    for name in sorted(names):
        if name != OWN_FILE and _is_near_file(name):
            hint = f"rename it: mv {shlex.quote(name)} {OWN_FILE} (its language is TOML)"
            raise cannot_decide("config-misnamed", "is not read", place=os.path.join(where, name), hint=hint)


def _is_near_file(name: str) -> bool:
    stem, dot, kind = name.removesuffix(".txt").rpartition(".")
    if not dot or not stem:
        return name == f"{OWN}rc" or is_near(name, f"{OWN}rc")
    stem = stem.removesuffix(".config")
    return kind.lower() in _CONFIGURING and (stem == OWN or is_near(stem, OWN))


def choose(*, own: bool, shared: bool, where: str) -> str:
    """Return the name of the configuration file, empty when there is none.

    Raises:
        CannotDecideError: there are two, and which one is meant is unknown.
    """
    if own and shared:
        message = f"both {OWN_FILE} and [tool.perfgate] in {SHARED_FILE} hold a configuration"
        raise cannot_decide("config-twice", message, place=where, hint="keep one of them")
    return OWN_FILE if own else SHARED_FILE if shared else ""


def load(path: str) -> Policy:
    """Return the policy that a configuration file states.

    Raises:
        CannotDecideError: the file cannot be read or is not valid; every fault is reported.
    """
    return parse(_read(path), path)


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as caught:
        cause = f"cannot be read ({caught.strerror})"
        raise cannot_decide("config-unreadable", cause, place=path, hint="check --config") from None
    if len(content) > LARGEST:
        raise cannot_decide("config-unreadable", f"is larger than {LARGEST:,} bytes", place=path, hint="check --config")
    return decode(content, path)


def decode(content: bytes, origin: str) -> str:
    """Return a configuration file's text.

    Raises:
        CannotDecideError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as caught:
        cause = f"is not UTF-8 (byte {caught.start})"
        raise cannot_decide(_SLUG, cause, place=origin, hint="save the file as UTF-8") from None


def _toml(text: str, origin: str) -> dict[str, Any]:
    try:
        return load_toml(text)
    except (ValueError, RecursionError) as caught:  # ValueError: also a number of thousands of digits
        raise cannot_decide(_SLUG, f"is not TOML: {caught}", place=origin, hint="correct the line") from None


def has_table(text: str, origin: str) -> bool:
    """Does a pyproject.toml's text hold ``[tool.perfgate]``? One that is no TOML counts only when it names us.

    Raises:
        CannotDecideError: it names the table, but is not TOML.
    """
    try:
        document = _toml(text, origin)
    except CannotDecideError:
        if "tool.perfgate" in text:
            raise
        return False
    return _table(document, origin) is not None


def _table(document: dict[str, Any], origin: str) -> Any:  # noqa: ANN401 - of any shape, which is decoded later
    """Return the table of ours in a pyproject.toml, None when there is none.

    Raises:
        CannotDecideError: there is one with nearly its name, which would never be read.
    """
    tool = document.get("tool")
    places = [("", document)] + [(f"{key}.", table) for key, table in document.items() if _is_tool(key)]
    for above, tables in places:
        for name in tables if isinstance(tables, dict) else ():
            short = name if above else name.removeprefix("tool.")
            if is_near(short, OWN) or (short == OWN and above != "tool."):
                hint = "its name has to be [tool.perfgate]"
                raise cannot_decide("config-misnamed", f"[{above}{name}] is not read", place=origin, hint=hint)
    return tool.get(OWN) if isinstance(tool, dict) else None


def _is_tool(key: str) -> bool:
    """Is a key the one of the tools' tables, or nearly?"""
    return key == "tool" or is_near(key, "tool")


def parse(text: str, origin: str) -> Policy:
    """Return the policy that a configuration's text states.

    Args:
        text: the TOML; of a file whose name ends in ``pyproject.toml`` the table
            ``[tool.perfgate]`` counts, else the whole.
        origin: its path, for messages.

    Raises:
        CannotDecideError: it is not valid; every fault is reported.
    """
    document: Any = _toml(text, origin)
    if origin.endswith(SHARED_FILE):  # a commit's is called main:pyproject.toml
        table = _table(document, origin)
        document = {} if table is None else table
    file, problems = _decoded(document, origin)
    reading = _Reading(origin)
    policy = reading.policy(file) if file else BUILT_IN
    if problems or reading.problems:
        above = f"/tool/{OWN}" if origin.endswith(SHARED_FILE) else ""
        raise CannotDecideError(locate([*problems, *reading.problems], text, origin, above))
    return policy


def _decoded(document: dict[str, Any], origin: str) -> tuple[ConfigFile | None, list[Diagnostic]]:
    """Return the file as a record and its faults of shape.

    Unknown keys hide nothing: what stands beside them is still decoded, so that its faults are
    reported, too. No jsonschema for a valid file.
    """
    import msgspec

    from perfgate.schema.config_types import ConfigFile

    try:
        return msgspec.convert(document, ConfigFile), []
    except msgspec.ValidationError as caught:
        faults = schema.explain("config", document) or schema.find_not_finite(document)
        problems = [_fault(origin, f.pointer, f.message + _suggestion(document, f)) for f in faults]
        problems = problems or [_fault(origin, "", str(caught))]
    if not faults or not all(f.is_unknown_key for f in faults):
        return None, problems
    schema.remove_unknown_keys(document, faults)
    return msgspec.convert(document, ConfigFile), problems


def _suggestion(document: dict[str, Any], fault: schema.Fault) -> str:
    """Return what a text in the place of a name, or a number in that of a threshold, probably means; empty: nothing."""
    if fault.path[:1] == ("budget",) and fault.path[-1:] == ("series",):
        return "; write the name alone: a [[ratio]] selects labels, and perfgate alerts --job NAME a service"
    stated: Any = document
    for key in fault.path if fault.path[-1:] == ("threshold",) else ():
        stated = stated[key]
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return ""
    try:
        parse_change(f"{stated:g}")
    except ValueError as caught:
        return f"; {str(caught).partition('; ')[2]}"
    return ""


def _fault(origin: str, pointer: str, message: str) -> Diagnostic:
    return error(_SLUG, message, place=at(origin, pointer), hint=_HINT)


_MOST_RULES = 5_000
"""Each is held against every value; no person has written so many."""


class _Reading:
    """Turns a decoded file into a policy and takes note of every text that cannot be read."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[Diagnostic] = []

    def policy(self, file: ConfigFile) -> Policy:
        """Return the policy; what could not be read is in `problems`."""
        defaults = file.defaults
        for pointer, path in (
            ("/baselines", file.baselines or ""),
            *((f"/runs/{i}", p) for i, p in enumerate(file.runs or ())),
            ("/drift/reference", file.drift.reference or ""),
            *((f"/drift/samples/{i}", p) for i, p in enumerate(file.drift.samples)),
        ):
            if "\0" in path:
                self._complain(pointer, "a path cannot hold the character NUL")
        if len(file.rule) > _MOST_RULES:
            self._complain("/rule", f"there are more than {_MOST_RULES:,} rules; name several benchmarks by a glob")
        self._refuse_twice("map", file.map)
        self._refuse_twice("budget", file.budget)
        self._refuse_twice("ratio", file.ratio)
        ratios = tuple(r for i, t in enumerate(file.ratio) if (r := self._ratio(t, i)))
        return Policy(
            source=self.origin,
            runs=file.runs or BUILT_IN.runs,
            baselines=file.baselines or BUILT_IN.baselines,
            machine_class=file.machine_class or BUILT_IN.machine_class,
            baseline_changes=file.baseline_changes or BUILT_IN.baseline_changes,
            exclude=file.exclude,
            false_alarms=self._text(defaults.false_alarms, "/defaults/false_alarms", _share) or BUILT_IN.false_alarms,
            threshold=self._text(defaults.threshold, "/defaults/threshold", parse_change) or BUILT_IN.threshold,
            floor=self._floor(defaults.floor, "/defaults/floor") or BUILT_IN.floor,
            on_suspected=defaults.on_suspected or BUILT_IN.on_suspected,
            on_too_noisy=defaults.on_too_noisy or BUILT_IN.on_too_noisy,
            resolution=self._text(defaults.resolution, "/defaults/resolution", _resolution) or BUILT_IN.resolution,
            on_improved=defaults.on_improved or BUILT_IN.on_improved,
            threshold_is=defaults.threshold_is or BUILT_IN.threshold_is,
            workload=defaults.workload or BUILT_IN.workload,
            rules=tuple(self._rule(r, i) for i, r in enumerate(file.rule[:_MOST_RULES])),
            budgets=self._budgets(file.budget, ratios),
            maps=tuple(self._map(t, i) for i, t in enumerate(file.map)),
            ratios=ratios,
            trace=Tracing(
                enabled=file.trace.enabled,
                sample_rate=file.trace.sample_rate,
                deadline_ms=file.trace.deadline_ms,
                export_golden=file.trace.export_golden,
                golden_trace_interval=file.trace.golden_trace_interval,
            ),
            canary=self._canary(file.canary, file.trace.deadline_ms),
            drift=Drift(
                reference=file.drift.reference or "",
                samples=file.drift.samples,
                cluster_field=file.drift.cluster_field or "",
                fields=file.drift.fields,
                level=file.drift.level or BUILT_IN.drift.level,
            ),
            history_ref=file.history.ref or BUILT_IN.history_ref,
        )

    def _canary(self, table: CanaryTable, traced_ms: float | None) -> Canary:
        """Return how a canary is judged.

        Args:
            table: as the file states it.
            traced_ms: the deadline of `[trace]`, which holds where this table states none.
        """
        late = self._trigger(table.deadline_miss, "/canary/deadline_miss", _limit_of_share)
        failed = self._trigger(table.error_rate, "/canary/error_rate", _limit_of_share)
        slower = self._trigger(table.p95, "/canary/p95", _worsening)
        deadline_ms = table.deadline_ms or traced_ms
        stated = {DEADLINE: table.deadline_miss, ERRORS: table.error_rate}
        return Canary(
            phases=self._phases(table.phases) if table.phases is not None else CANARY.phases,
            analyses=table.looks or CANARY.analyses,
            level=self._text(table.level, "/canary/level", _share) or CANARY.level,
            p95=CANARY.p95 if table.p95 is None else slower,
            deadline_miss=CANARY.deadline_miss if table.deadline_miss is None else late,
            error_rate=CANARY.error_rate if table.error_rate is None else failed,
            deadline=deadline_ms / 1000 if deadline_ms is not None else None,
            stated=tuple(trigger for trigger, text in stated.items() if text is not None),
        )

    def _trigger(self, stated: str | None, pointer: str, read: Callable[[str], _T]) -> _T | None:
        """Return the limit of a trigger; None: it is off, absent, or cannot be read."""
        return None if stated == "off" else self._text(stated, pointer, read)

    def _phases(self, tables: Sequence[PhaseTable]) -> tuple[Phase, ...]:
        found: list[Phase] = []
        for i, t in enumerate(tables):
            if any(t.weight == p.weight for p in found):
                self._complain(f"/canary/phases/{i}/weight", f"there is a phase of {t.weight} % already")
            age = self._text(t.min_age, f"/canary/phases/{i}/min_age", parse_time)
            found.append(Phase(weight=t.weight, min_age=age or 0.0, min_samples=t.min_samples))
        return tuple(found)

    def _refuse_twice(self, kind: str, tables: Sequence[MapTable | BudgetTable | RatioTable]) -> None:
        """Complain of each table that has the name of an earlier one of its kind; a budget needs none."""
        taken: set[str] = set()
        for index, name in enumerate(table.name for table in tables):
            if name is not None and name in taken:
                self._complain(f"/{kind}/{index}/name", f'there is a {kind} "{name}" already')
            taken.update(() if name is None else (name,))

    def _map(self, table: MapTable, index: int) -> FieldMap:
        from perfgate.core.sources.field_map import FieldMap, FieldValue, faults_in

        field_map = FieldMap(
            name=table.name,
            values=tuple(
                FieldValue(
                    value=v.value,
                    metric=v.metric or "",
                    unit=v.unit or "",
                    better=v.better,
                    over=v.over or "",
                    share=v.share,
                    allow_zero=v.allow_zero,
                )
                for v in table.values
            ),
            benchmark=table.benchmark or "",
            labels=table.labels,
            ok=table.ok or "",
            time=table.time or "",
            where=tuple(table.where.items()),
            files=table.files,
        )
        for pointer, message in faults_in(field_map):
            self._complain(f"/map/{index}{pointer}", message)
        return field_map

    def _rule(self, rule: RuleTable, index: int) -> Rule:
        pointer = f"/rule/{index}"
        if rule.statistic and not fnmatch.filter(STATISTICS, rule.statistic):
            self._complain(f"{pointer}/statistic", f'"{rule.statistic}" matches none of {", ".join(STATISTICS)}')
        return Rule(
            origin=f"rule {index + 1} ({self.origin})",
            benchmark=rule.benchmark or "*",
            metric=canonical_name(rule.metric or "*"),
            statistic=rule.statistic or "p50",
            threshold=self._text(rule.threshold, f"{pointer}/threshold", parse_change),
            floor=self._floor(rule.floor, f"{pointer}/floor"),
            method=rule.method or "auto",
            level=rule.level,
            workload=rule.workload,
        )

    def _budgets(self, tables: Sequence[BudgetTable], ratios: Sequence[Ratio]) -> tuple[Budget, ...]:
        """Return the budgets; one whose series is the name of a ratio is about that ratio."""
        from perfgate.core.sources.series import find_ratio

        homes = {ratio.name: ratio.benchmark for ratio in ratios}
        found = tuple(_tied(b, homes) for i, table in enumerate(tables) if (b := self._budget(table, i)))
        faults = (b.find_fault(find_ratio(ratios, b.series, b.metric)) for b in found)
        self.problems += [fault for fault in faults if fault]
        return found

    def _ratio(self, table: RatioTable, index: int) -> Ratio | None:
        from perfgate.core.sources.series import Ratio, find_faults, parse_selector

        part = self._text(table.part, f"/ratio/{index}/part", parse_selector)
        whole = self._text(table.whole, f"/ratio/{index}/whole", parse_selector)
        if part is None or whole is None:
            return None
        ratio = Ratio(name=table.name, part=part, whole=whole, better=table.better, by=table.by)
        for pointer, message in find_faults(ratio):
            self._complain(f"/ratio/{index}{pointer}", message)
        return ratio

    def _budget(self, budget: BudgetTable, index: int) -> Budget | None:
        pointer = f"/budget/{index}"
        if budget.benchmark is None and budget.series is None:
            self._complain(pointer, 'the key "benchmark" is missing; in its place may stand "series"')
        limit = self._text(budget.limit, f"{pointer}/limit", parse_limit)
        warn = self._text(budget.warn, f"{pointer}/warn", parse_limit)
        if limit and warn and (limit.op[0] != warn.op[0] or limit.unit != warn.unit):
            self._complain(f"{pointer}/warn", f'"{warn.text}" and the limit "{limit.text}" do not point the same way')
        elif limit and warn and not limit.holds(warn.amount) and limit.amount != warn.amount:
            why = f'"{warn.text}" lies beyond the limit "{limit.text}": it could never warn first'
            self._complain(f"{pointer}/warn", why)
        if limit is None:
            return None
        return Budget(
            origin=f"budget {_quoted(budget.name) or index + 1} ({self.origin})",
            benchmark=budget.benchmark or "",
            metric=canonical_name(budget.metric),
            statistic=budget.statistic,
            limit=limit,
            warn=warn,
            level=budget.level or "fail",
            name=budget.name or "",
            series=budget.series or "",
        )

    def _floor(self, stated: str | FloorTable | None, pointer: str) -> Floor | None:
        if stated is None or stated == "auto":
            return Floor(auto=True) if stated else None
        if isinstance(stated, str):
            amount = self._text(stated, pointer, _amount)
            return Floor(auto=False, amounts=((amount.unit, amount.amount),)) if amount else None
        amounts = []
        for kind, unit in _KINDS.items():
            amount = self._text(getattr(stated, kind), f"{pointer}/{kind}", _amount)
            if amount and amount.unit != unit:
                self._complain(f"{pointer}/{kind}", f'"{amount.text}" is not an amount of {kind}')
            elif amount:
                amounts.append((amount.unit, amount.amount))
        return Floor(auto=False, amounts=tuple(sorted(amounts)))

    def _text(self, stated: str | None, pointer: str, read: Callable[[str], _T]) -> _T | None:
        """Return what a text means, or None when it is absent or cannot be read."""
        if stated is None:
            return None
        try:
            return read(stated)
        except ValueError as caught:
            self._complain(pointer, str(caught))
            return None

    def _complain(self, pointer: str, message: str) -> None:
        self.problems.append(_fault(self.origin, pointer, message))


def _tied(budget: Budget, homes: Mapping[str, str]) -> Budget:
    """Return a budget with the ratio that it limits: its `series` names one, or its metric is one of that series.

    Args:
        budget: as it stands in the file.
        homes: name of each ratio -> its benchmark.
    """
    if budget.series in homes:
        return replace(budget, series=homes[budget.series], ratio=budget.series)
    is_of_home = budget.series != "" and homes.get(budget.metric) == budget.series
    return replace(budget, ratio=budget.metric) if is_of_home else budget


def _quoted(name: str | None) -> str:
    return f'"{name}"' if name else ""


def _amount(text: str) -> Change:
    """Read a floor such as ``+1ms``: absolute, never a share."""
    change = parse_change(text)
    if change.is_relative or change.sign == "-":
        raise ValueError(f'"{text}" is not an absolute amount; write it like "+1ms" or "+1MB"')
    return change


def _worsening(text: str) -> Change:
    """Read a relative worsening such as ``+15%``."""
    change = parse_change(text)
    if not change.is_relative or change.sign == "-":
        raise ValueError(f'"{text}" is not a relative worsening; write it like "+15%", or "off"')
    return change


def _limit_of_share(text: str) -> Limit:
    """Read the limit of a share such as ``< 2%``."""
    limit = parse_limit(text)
    if limit.unit != "1" or not limit.op.startswith("<") or not 0 < limit.amount < 1:
        raise ValueError(f'"{text}" is not the largest share of some requests; write it like "< 2%", or "off"')
    return limit


def _resolution(text: str) -> Change:
    """Read a worsening that must not go unnoticed, such as ``+25%``."""
    change = parse_change(text)
    if not change.is_relative or change.sign == "-" or change.amount <= 0.0:
        raise ValueError(f'"{text}" is not a share of more; write it like "+25%"')
    return change


def _share(text: str) -> float:
    """Read an accepted chance such as ``1%``."""
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / 100 if text.strip().endswith("%") else None
    except ValueError:
        share = None
    least, most = 0.0001, 0.2
    if share is None or not least <= share <= most:
        raise ValueError(f'"{text}" is not a chance between 0.01% and 20%; write it like "1%"')
    return share
