"""The comment that stands on a pull request: what of it stays where newer commits were not measured.

A failure that was measured is not undone by a commit for which nothing was. So the words of a
verdict that does not pass stay, with a line that they are of an earlier commit.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from perfgate.render.markdown.report import VERDICTS, name_suite
from perfgate.render.markdown.spans import draw_line
from perfgate.report.verdict.headline import why_skipped

if TYPE_CHECKING:
    from perfgate.core.finding import Name, Verdict

_RED: tuple[Name, ...] = ("error", "regression")
_NOTE = f"> {VERDICTS['skipped']} "
_SECTION = re.compile(rf"^### (?:{'|'.join(VERDICTS.values())}|⚠️) ", re.MULTILINE)


def find_red(body: str) -> Name | None:
    """Return the verdict of a comment that does not pass; None: it passes, or is none of ours."""
    lines = body.replace("\r\n", "\n").split("\n", 2)
    heading = lines[1] if len(lines) > 1 else ""
    return next((name for name in _RED if heading.startswith(f"## {VERDICTS[name]} ")), None)


def find_red_section(body: str, suite: str) -> tuple[Name, str] | None:
    """Return the verdict and the section of a suite in a comment of several; None: it passes, or is not there."""
    body = body.replace("\r\n", "\n")
    starts = [found.start() for found in _SECTION.finditer(body)]
    for start, end in pairwise([*starts, len(body)]):
        section = body[start:end].rstrip("\n") + "\n"
        for name in _RED:
            if section.startswith(f"### {VERDICTS[name]} {name_suite(suite)}: "):
                return name, section
    return None


def shows_suite(body: str, suite: str) -> bool:
    """Has a comment of several suites a section of a suite?"""
    body = body.replace("\r\n", "\n")
    named = rf"^### (?:{'|'.join(VERDICTS.values())}|⚠️) {re.escape(name_suite(suite))}: "
    return re.search(named, body, re.MULTILINE) is not None


def mark_as_earlier(text: str, verdict: Verdict, *, line: int) -> str:
    """Return a comment, or a section of one, with the line that newer commits were not measured, once.

    Args:
        text: as it stands.
        verdict: of the newest commit.
        line: number of its heading's line, from 0 on.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    rest = lines[line + 1 :]
    if rest[1:2] and rest[1].startswith(_NOTE):
        rest = rest[2:]
    why = draw_line(why_skipped(verdict.skipped))
    note = f"{_NOTE}This report is of an earlier commit. The newest one: {why[:1].lower()}{why[1:]}"
    return "\n".join([*lines[: line + 1], "", note, *rest])
