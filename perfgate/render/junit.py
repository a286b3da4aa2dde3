"""Verdict -> JUnit XML: one test case for each row, valid against the schema of Jenkins' xUnit plugin.

A row that got worse is a failure. What could not be judged is an error, and so is each
fault of the whole check, so that no reader shows green where the check exits 2. A new row
is skipped; other rows with a message pass, and have it in ``system-out``.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.core.finding import ExitCode, Status
from perfgate.render.places import Files
from perfgate.report.document import opening_lines, verdict_in
from perfgate.report.rows import diagnostic_line, lines_of, name_benchmark, row_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Finding, Verdict
    from perfgate.report.document import Document

_SUITE = "perfgate"
_LONGEST = 1e12  # seconds; beyond it sums would lose their decimals


def render(document: Document) -> str:
    """Return the verdict in a document as JUnit XML, valid for Jenkins."""
    return _render(document, None)


def render_gitlab(document: Document) -> str:
    """Return the same for GitLab, which shows the file of each row; Jenkins' schema knows no such attribute."""
    return _render(document, Files(verdict_in(document)))


def _render(document: Document, files: Files | None) -> str:
    """Return JUnit XML; each test case names its file when `files` knows them."""
    verdict, opening = verdict_in(document), opening_lines(document)
    several = len({f.machine_class for f in verdict.findings}) > 1
    names = _Names()
    cases = [_Case(_SUITE, names.unique(_SUITE, d.slug), "error", (diagnostic_line(d),)) for d in verdict.problems]
    if verdict.is_skipped:
        cases.append(_Case(_SUITE, "not-measured", "skipped", opening[:1]))
    for finding in verdict.findings:
        name = row_name(finding) + (f" on {finding.machine_class}" if several else "")
        cases.append(_row(verdict, finding, names.unique(name_benchmark(finding), name), files))
    if verdict.exit_code is ExitCode.CANNOT_DECIDE and not any(c.outcome == "error" for c in cases):
        cases.append(_Case(_SUITE, "nothing-judged", "error", opening[:1]))
    notes = [n for n in verdict.notes if not any(n.message in line for line in opening)]
    output = [plain(line) for line in opening] + [diagnostic_line(n) for n in notes]
    return _document(verdict, cases, output)


class _Names:
    """Gives each test case a name of its own: GitLab leaves out a second one of the same name."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def unique(self, suite: str, name: str) -> str:
        """Return the name, numbered from the second on."""
        number = self._seen[suite, name] = self._seen.get((suite, name), 0) + 1
        return name if number == 1 else self.unique(suite, f"{name} ({number})")


class _Case:
    """One test case."""

    def __init__(
        self,
        suite: str,
        name: str,
        outcome: str,
        lines: Sequence[str],
        *,
        seconds: float = 0.0,
        kind: str = "",
        file: str = "",
    ) -> None:
        self.suite, self.name, self.outcome, self.lines = suite, name, outcome, lines
        self.seconds, self.kind, self.file = seconds, kind or name, file

    def draw(self) -> str:
        """Return the element."""
        head = f"<testcase classname={_attribute(self.suite)} name={_attribute(self.name)}"
        head += f" time={_attribute(_seconds(self.seconds))}"
        head += f" file={_attribute(self.file)}" if self.file else ""
        if not self.lines:
            return f"    {head}/>"
        inner = escape("\n".join(self.lines))
        if self.outcome == "passed":
            body = f"<system-out>{inner}</system-out>"
        else:
            attributes = f"type={_attribute(self.kind)} message={_attribute(self.lines[0])}"
            body = f"<{self.outcome} {attributes}>{inner}</{self.outcome}>"
        return f"    {head}>\n      {body}\n    </testcase>"


def _row(verdict: Verdict, finding: Finding, name: str, files: Files | None) -> _Case:
    """Return the test case of a finding."""
    outcome = "passed"
    if verdict.fails(finding):
        outcome = "failure"
    elif verdict.is_undecided(finding):
        outcome = "error"
    elif finding.status in {Status.NEW, Status.REMOVED}:
        outcome = "skipped"
    is_time = (finding.metric, finding.statistic, finding.unit) == ("elapsed", "p50", "s")
    is_time = is_time and finding.method != "budget"
    quiet = finding.status in {Status.UNCHANGED, Status.WITHIN_NOISE} and outcome == "passed"
    return _Case(
        name_benchmark(finding),
        name,
        outcome,
        () if quiet else (*lines_of(finding), f"Status: {finding.status}"),
        seconds=max(finding.current or 0.0, 0.0) if is_time else 0.0,
        kind=finding.reason or finding.status,
        file=files.of(finding) if files else "",
    )


def _document(verdict: Verdict, cases: Sequence[_Case], output: Sequence[str]) -> str:
    counts = {o: sum(c.outcome == o for c in cases) for o in ("failure", "error", "skipped")}
    totals = f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}"'
    seconds = _attribute(_seconds(sum(c.seconds for c in cases)))
    facts = {"verdict": verdict.name, "exit_code": str(int(verdict.exit_code)), "tool": verdict.compared.tool}
    properties = [f"      <property name={_attribute(n)} value={_attribute(v)}/>" for n, v in facts.items()]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="{_SUITE}" {totals} time={seconds}>',
            f'  <testsuite name="{_SUITE}" {totals} skipped="{counts["skipped"]}" time={seconds}>',
            "    <properties>",
            *properties,
            "    </properties>",
            *(c.draw() for c in cases),
            f"    <system-out>{escape(chr(10).join(output))}</system-out>",
            "  </testsuite>",
            "</testsuites>\n",
        ]
    )


def _attribute(words: str) -> str:
    """Return a text as an attribute's value; names come from data, and XML cannot carry each character."""
    return f'"{escape(plain(words))}"'


def _seconds(value: float) -> str:
    """Return a time as Jenkins' schema wants it: three decimals at most, no exponent."""
    return f"{min(value, _LONGEST):.3f}"
