"""Verdict -> the comment on a pull request: the report within the size that GitHub takes, always well-formed."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.render.markdown.report import VERDICTS, Page, draw_report
from perfgate.render.standing import find_red, find_red_section, mark_as_earlier, shows_suite
from perfgate.report.compose import blocks_of
from perfgate.report.document import Context, Headline
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.finding import Name, Verdict

    _Kept = dict[str, tuple[Name, str]]

CHARACTERS = 60_000
"""Longest comment in characters; GitHub's own message names 65,536."""
BYTES = 64_000
"""Longest comment in bytes of UTF-8."""
_ATTRIBUTED = 3
"""Benchmarks of which the stages are shown."""
_UNNAMED = "default"
_MOST_SUITES = (50, 20, 5, 1)
"""Suites whose verdicts are shown, the worst first, when no more fits."""
_WORST_FIRST: tuple[Name, ...] = ("regression", "error", "pass", "skipped")
_LINES_OF_VERDICT = 5
"""Of a section that stays: heading, the line that it is of an earlier commit, the sentence, and what is between."""
_ROWS = (20, 10, 5, 2, 0)
"""Values of a part that are shown: the most that fit into `BYTES`."""


def comment(
    suites: Sequence[tuple[str, Verdict]],
    *,
    ident: str,
    run_page: str,
    html_page: str = "",
    standing: str = "",
    skipped: Mapping[str, Verdict | None] | None = None,
) -> str:
    """Return the comment; its first line is the marker by which the gate finds it again.

    Of each part the worst values are shown; how many more there are, and where, is said below them.

    Args:
        suites: names and verdicts, at least one; of one alone the name does not matter. The verdicts are as a
            ``report.json`` states them, or `round_numbers` leaves them; their words may come from anybody.
        ident: name of the gate, different for each gate of a repository, of a-z, 0-9 and dashes.
        run_page: address of the run that measured, from a source that can be trusted; empty: none.
        html_page: address of the HTML report, likewise.
        standing: the comment that stands there; empty: none. Of a suite that was not measured this time, what it says
            stays where it is no pass.
        skipped: suite -> a check of it that was not measured, whatever its others found; None: ask the verdicts.
    """
    unmeasured = _unmeasured(suites, skipped or {})
    kept = _kept(unmeasured, standing)
    if hidden := _hidden_red(suites, unmeasured, kept, standing):
        return mark_as_earlier(standing, hidden, line=1)
    first = f"<!-- perfgate:v1 id={ident} -->"
    gate = "" if ident == _UNNAMED else ident
    links = Page(is_open=False, run_page=run_page, html_page=html_page)
    whole = (_draw(suites, kept, gate, replace(links, rows=rows, bullets=max(rows, 2))) for rows in _ROWS)
    # Where the lines about the gate itself are too long, or the suites too many, the worst verdicts have to do.
    worst = sorted(suites, key=lambda suite: _WORST_FIRST.index(_name(suite, kept)))
    verdicts = (_draw(worst, kept, gate, replace(links, rows=0), most=most) for most in _MOST_SUITES)
    body = first
    for drawn in chain(whole, verdicts):
        body = f"{first}\n{drawn}"
        if _fits(body):
            break
    return body


def _unmeasured(suites: Sequence[tuple[str, Verdict]], skipped: Mapping[str, Verdict | None]) -> dict[str, Verdict]:
    """Return the suites of which a check was not measured, each with that check; without those that fail anyway."""
    found = ((name, verdict if verdict.is_skipped else skipped.get(name), verdict) for name, verdict in suites)
    return {name: check for name, check, verdict in found if check is not None and not verdict.exit_code}


def _kept(unmeasured: Mapping[str, Verdict], standing: str) -> _Kept:
    """Return suite -> its earlier verdict and section, where that is no pass and a check was not measured now."""
    kept = {}
    for name, verdict in unmeasured.items():
        if found := find_red_section(standing, name):
            kept[name] = found[0], mark_as_earlier(found[1], verdict, line=0)
    return kept


def _hidden_red(
    suites: Sequence[tuple[str, Verdict]], unmeasured: Mapping[str, Verdict], kept: _Kept, standing: str
) -> Verdict | None:
    """Return a check that was not measured and may be what the comment is red for; None: there is none.

    A comment shows the worst of many suites only, and names none where there was one: what it does not show to be
    green may be red.
    """
    is_red = any(_name(suite, kept) in {"regression", "error"} for suite in suites)
    if len(suites) == len(unmeasured) and find_red(standing):
        return next(iter(unmeasured.values()))
    if not find_red(standing) or is_red:
        return None
    return next((v for name, v in unmeasured.items() if not shows_suite(standing, name)), None)


def _name(suite: tuple[str, Verdict], kept: _Kept) -> Name:
    """Return the verdict of a suite: the earlier one where that stays."""
    return kept[suite[0]][0] if suite[0] in kept else suite[1].name


def _draw(suites: Sequence[tuple[str, Verdict]], kept: _Kept, gate: str, links: Page, *, most: int = 0) -> str:
    """Return the reports of all suites, below a heading that sums them up when there are several.

    Args:
        suites: names and verdicts.
        kept: suites whose earlier section stays.
        gate: name of the gate.
        links: how much is shown, and where the rest is.
        most: suites whose verdicts alone are shown; the heading counts the others too. 0: all, whole.
    """
    drawn = [] if len(suites) == 1 else [_sum_up([_name(suite, kept) for suite in suites], gate)]
    for name, verdict in suites[: most or None]:
        if name in kept:
            section = kept[name][1]
            drawn.append("\n".join([*section.split("\n")[:_LINES_OF_VERDICT], ""]) if most else section)
            continue
        blocks = blocks_of(verdict, attributed=0 if most else min(links.rows, _ATTRIBUTED))
        if most:
            blocks = tuple(b for b in blocks if isinstance(b, Headline | Context))
        level, suite = (2, gate) if len(suites) == 1 else (3, name)
        page = replace(links, level=level, suite=suite, tool=verdict.compared.tool)
        drawn.append(draw_report(blocks, page))
    if most and len(suites) > most:
        drawn.append(f"… and {count(len(suites) - most, 'suite')} more, none of them worse.\n")
    return "\n".join(drawn)


def _sum_up(names: Sequence[Name], gate: str) -> str:
    """Return the heading above several suites: how many of them regressed, or could not be decided."""
    measured = len(names) - names.count("skipped")
    worst = next(name for name in _WORST_FIRST if name in names)
    words = {
        "regression": f"{names.count('regression')} of {len(names)} suites regressed",
        "error": f"{names.count('error')} of {len(names)} suites cannot be decided",
        "pass": f"no performance regressions in {count(measured, 'suite')}"
        + (f", {names.count('skipped')} not measured" if measured < len(names) else ""),
        "skipped": f"{len(names)} suites were not measured",
    }[worst]
    return f"## {VERDICTS[worst]} perfgate{f' ({gate})' if gate else ''}: {words}\n"


def _fits(body: str) -> bool:
    return len(body) <= CHARACTERS and len(body.encode()) <= BYTES
