"""Verdict <-> JSON data of ``report.json`` (schema ``perfgate/report/2``; version 1 is still read)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from perfgate import schema
from perfgate.core.errors import CannotDecideError, Diagnostic, at, error
from perfgate.core.finding import (
    RESOLUTION,
    WHOLE_SUITE,
    Compared,
    EnvironmentChange,
    Evidence,
    Finding,
    Skipped,
    Status,
    Suite,
    Verdict,
)
from perfgate.report.agreement import Samples, find_disagreements
from perfgate.report.gate_changes import change_from_data, change_to_data
from perfgate.report.samples import find_contradictions, profile_from_data, profile_to_data
from perfgate.report.tracing.stages import attributions_to_data
from perfgate.report.verdict.rounding import round_number, round_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "perfgate/report/2"
_FIRST = "perfgate/report/1"
FORMAT_HINT = "perfgate schema report prints the format"
_AGAIN = "let perfgate check write the report again; no check writes such a finding"
_MOST_SHOWN = 10
"""Findings that contradict themselves, in one error."""
_AS_IS = (
    "benchmark",
    "machine_class",
    "metric",
    "unit",
    "better",
    "statistic",
    "level",
    "method",
    "limit_text",
    "reason",
    "message",
    "rule",
)
_COUNTS = ("n_baseline", "n_current", "sessions_baseline")
_NUMBERS = ("baseline", "current", "change", "limit", "allowed", "detectable")
_INTERVALS = ("interval", "decision_interval")
_RENAMED = {"level": "alpha"}  # names of evidence in reports of 0.1.0
_OF_FIRST = {
    **dict.fromkeys(("many-rows", "one-session", "too-noisy", "too-noisy-in-turns", "few-runs"), Status.TOO_NOISY),
    "within-noise": Status.WITHIN_NOISE,
}
"""Reason -> status of a value that version 1 calls unchanged, whatever the reason."""
_LISTS = ("baseline_commits", "current_commits", "machine_classes", "sessions")


def to_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON data; numbers keep 12 digits, so that no last bit of a machine shows."""
    return encode_rounded(round_numbers(verdict))


def encode_rounded(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON data, its numbers as `round_numbers` leaves them."""
    suite, compared, skipped = verdict.suite, verdict.compared, verdict.skipped
    return {
        "schema": SCHEMA,
        "verdict": verdict.name,
        "exit_code": int(verdict.exit_code),
        **({"skipped": {"changed": skipped.changed, "paths": list(skipped.paths)}} if skipped else {}),
        "introduces": verdict.introduces,
        "fail_suspected": verdict.fail_suspected,
        "resolution": round_number(verdict.resolution),
        "refuse_too_noisy": verdict.refuse_too_noisy,
        "fail_improved": verdict.fail_improved,
        "gate_changes": [change_to_data(c) for c in verdict.gate_changes],
        "findings": [_finding(f) for f in verdict.findings],
        "problems": [_diagnostic(d) for d in verdict.problems],
        "notes": [_diagnostic(d) for d in verdict.notes],
        "suite": {
            "gated": suite.gated,
            "accepted": suite.accepted,
            "false_alarms": round_number(suite.false_alarms),
            "common_shift": [
                {
                    "machine_class": f.machine_class,
                    "metric": f.metric,
                    "statistic": f.statistic,
                    "change": round_number(f.change),
                }
                for f in verdict.findings
                if f.benchmark == WHOLE_SUITE
            ],
            "failed_runs": suite.failed_runs,
            "baseline_runs": suite.baseline_runs,
            "superseded_runs": suite.superseded_runs,
            "excluded": list(suite.excluded),
        },
        "provenance": {
            "tool": compared.tool,
            "policy": compared.policy,
            "baselines": compared.baselines,
            **{name: list(getattr(compared, name)) for name in _LISTS},
            "reproduce": compared.reproduce,
            "environment": [asdict(change) for change in compared.environment],
            **({"ci_run": compared.ci_run} if compared.ci_run else {}),
            **({"commands": list(compared.commands)} if compared.commands else {}),
        },
        "attribution": attributions_to_data(verdict),
        "samples": {
            "baseline": [profile_to_data(p) for p in verdict.baseline],
            "current": [profile_to_data(p) for p in verdict.current],
        },
    }


def _finding(f: Finding) -> dict[str, Any]:
    data: dict[str, Any] = {
        "benchmark": f.benchmark,
        "labels": dict(f.labels),
        "machine_class": f.machine_class,
        "metric": f.metric,
        "unit": f.unit,
        "better": f.better,
        "statistic": f.statistic,
        "status": f.status.value,
        "level": f.level,
        "method": f.method,
    }
    data.update({name: getattr(f, name) for name in ("baseline", "current", "change")})
    data.update({n: None if (ends := getattr(f, n)) is None else list(ends) for n in _INTERVALS})
    data.update({"limit": f.limit, "allowed": f.allowed, "limit_text": f.limit_text})
    data.update({name: getattr(f, name) for name in ("n_baseline", "n_current", "sessions_baseline")})
    data.update({"suspect_limit": f.suspect_limit, "detectable": f.detectable})
    data.update({"reason": f.reason, "message": f.message, "rule": f.rule})
    data["evidence"] = f.evidence.known()
    return data


def _diagnostic(d: Diagnostic) -> dict[str, Any]:
    data: dict[str, Any] = {"slug": d.slug, "level": d.level, "message": d.message, "place": d.place, "hint": d.hint}
    return {**data, "details": list(d.details)} if d.details else data


def _read_diagnostic(data: dict[str, Any]) -> Diagnostic:
    return Diagnostic(**{**data, "details": tuple(data.get("details", ()))})


def from_data(data: Any, origin: str) -> Verdict:  # noqa: ANN401 - a document of unknown origin
    """Return the verdict that a report's data states.

    The verdict is computed from the findings again, and each finding is held against its own
    numbers and the samples; a file that contradicts itself was tampered with. One that was
    forged as a whole does not.

    Raises:
        CannotDecideError: it is not valid; the error names every fault.
    """
    is_first = isinstance(data, dict) and data.get("schema") == _FIRST
    faults = [(f.message, f.pointer) for f in schema.explain("report", data, 1 if is_first else None)]
    faults = faults or [
        (m, f"/samples/{side}") for side in ("baseline", "current") for m in find_contradictions(data["samples"][side])
    ]
    if faults:
        raise CannotDecideError(
            [error("report-invalid", m, place=at(origin, where), hint=FORMAT_HINT) for m, where in faults]
        )
    suite = {k: v for k, v in data["suite"].items() if k != "common_shift"}
    verdict = Verdict(
        findings=tuple(_read_finding(_of_first(f) if is_first else f) for f in data["findings"]),
        problems=tuple(map(_read_diagnostic, data["problems"])),
        notes=tuple(map(_read_diagnostic, data["notes"])),
        suite=Suite(**{**suite, "excluded": tuple(suite["excluded"])}),
        compared=Compared(
            **{
                **data["provenance"],
                **{name: tuple(data["provenance"][name]) for name in _LISTS},
                **_environment(data),
                "commands": tuple(data["provenance"].get("commands", ())),
            },
        ),
        baseline=tuple(map(profile_from_data, data["samples"]["baseline"])),
        current=tuple(map(profile_from_data, data["samples"]["current"])),
        introduces=data["introduces"],
        gate_changes=tuple(map(change_from_data, data.get("gate_changes", ()))),
        fail_suspected=data["fail_suspected"],
        resolution=data.get("resolution", RESOLUTION),  # version 1 lacks both
        refuse_too_noisy=data.get("refuse_too_noisy", False),
        fail_improved=data.get("fail_improved", False),  # reports of 0.1.0 lack it
        skipped=_read_skipped(data.get("skipped")),
    )
    if (verdict.name, int(verdict.exit_code)) != (data["verdict"], data["exit_code"]):
        message = f'the verdict "{data["verdict"]}" does not follow from the findings'
        raise CannotDecideError([error("report-invalid", message, place=f"{origin}: /verdict", hint=FORMAT_HINT)])
    samples = Samples(verdict.baseline, verdict.current)
    if odd := list(find_disagreements(verdict.findings, samples, has_reasons="fail_improved" in data)):
        raise CannotDecideError(
            [
                error("report-invalid", m, place=at(origin, f"/findings/{index}"), hint=_AGAIN)
                for index, m in odd[:_MOST_SHOWN]
            ]
        )
    return verdict


def _read_skipped(data: Mapping[str, Any] | None) -> Skipped | None:
    return None if data is None else Skipped(changed=int(data["changed"]), paths=tuple(data["paths"]))


def _environment(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the differences of the environment; reports of 0.1.0 lack them."""
    changes = data["provenance"].get("environment", ())
    return {"environment": tuple(EnvironmentChange(**{**c, "benchmarks": int(c["benchmarks"])}) for c in changes)}


def _of_first(data: dict[str, Any]) -> dict[str, Any]:
    """Return a finding of version 1 as one of version 2: no interval that decides, and another word or two."""
    status = Status(data["status"])
    return {
        **data,
        "status": _OF_FIRST.get(data["reason"], status) if status is Status.UNCHANGED else status,
        "decision_interval": None,
        "allowed": data["limit"],
        "detectable": data.get("fail_limit", data["visible"]),
    }


def _read_finding(data: dict[str, Any]) -> Finding:
    counts: dict[str, Any] = {name: int(data[name]) for name in _COUNTS}  # 2.0 is a whole number in JSON
    return Finding(
        **{name: data[name] for name in (*_AS_IS, *_NUMBERS)},
        **counts,
        labels=tuple(sorted(data["labels"].items())),
        status=Status(data["status"]),
        interval=_read_interval(data["interval"]),
        decision_interval=_read_interval(data["decision_interval"]),
        suspect_limit=data.get("suspect_limit"),  # reports of 0.1.0 lack it
        evidence=_read_evidence(data["evidence"]),
    )


def _read_interval(ends: list[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


def _read_evidence(data: dict[str, float]) -> Evidence:
    """Return the numbers that this version knows; a later one may add others."""
    named = {_RENAMED.get(name, name): value for name, value in data.items()}
    return Evidence(**{name: named.get(name) for name in Evidence.__struct_fields__})
