"""Verdict -> GitLab's code quality report: JSON that its free tier shows beside a merge request.

What the target branch's report has, too, is not shown again: a fingerprint names the
row, never its values, so that one row is one entry however often it is measured.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import plain
from perfgate.core.finding import ExitCode, Status
from perfgate.core.text.canonical import dumps
from perfgate.render.places import Files
from perfgate.report.document import opening_lines, verdict_in
from perfgate.report.rows import diagnostic_line, lines_of, name_benchmark, row_name

if TYPE_CHECKING:
    from perfgate.core.finding import Finding, Verdict
    from perfgate.report.document import Document

_SEVERITIES = {
    Status.SUSPECTED: "major",
    Status.ADVISORY: "minor",
    Status.WAIVED: "info",
    Status.REMOVED: "info",
}
_NO_FILE = "perfgate.toml"  # the format wants a path; here a configuration would lie


def render(document: Document) -> str:
    """Return the report: an entry for each fault and for each row that needs a word, worst first."""
    verdict = verdict_in(document)
    files = Files(verdict)
    fallback = files.configuration or _NO_FILE
    entries = [
        _entry(f"perfgate-{d.slug}", diagnostic_line(d), "blocker", fallback, f"fault\0{d.slug}\0{d.place}")
        for d in verdict.problems
    ]
    for f in verdict.findings:
        if severity := _severity(f, verdict):
            words = f"{name_benchmark(f)} {row_name(f)}: {lines_of(f)[0]}"
            entries.append(_entry(f"perfgate-{f.status}", words, severity, files.of(f) or fallback, _identity(f)))
    if verdict.exit_code is ExitCode.CANNOT_DECIDE and not any(e["severity"] == "blocker" for e in entries):
        entries.append(
            _entry("perfgate-nothing-judged", opening_lines(document)[0], "blocker", fallback, "nothing-judged")
        )
    if verdict.is_skipped:
        entries.append(_entry("perfgate-skipped", opening_lines(document)[0], "info", fallback, "skipped"))
    _sign(entries)
    return dumps(entries)


def _severity(f: Finding, verdict: Verdict) -> str:
    """Return how bad GitLab shows a row as; empty: it is not listed."""
    if verdict.is_undecided(f):
        return "blocker"
    return "critical" if verdict.fails(f) else _SEVERITIES.get(f.status, "")


def _identity(f: Finding) -> str:
    """Return what makes a row the same row in every run."""
    return "\0".join((row_name(f), f.benchmark, *(word for pair in f.labels for word in pair), f.machine_class))


def _entry(check: str, words: str, severity: str, path: str, identity: str) -> dict[str, Any]:
    return {
        "description": plain(words),
        "check_name": check,
        "fingerprint": identity,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }


def _sign(entries: list[dict[str, Any]]) -> None:
    """Make digests of the identities; a second entry of one is numbered, since GitLab leaves out a doubled one."""
    seen: dict[str, int] = {}
    for entry in entries:
        name = entry["fingerprint"]
        number = seen[name] = seen.get(name, 0) + 1
        entry["fingerprint"] = hashlib.sha256(f"{number}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
