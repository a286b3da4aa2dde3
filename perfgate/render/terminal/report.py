"""Document -> plain text: of a check the values first and the verdict last, where the eye is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import plain
from perfgate.core.text.columns import columns_of, cut_middle
from perfgate.render.terminal.lines import wrap
from perfgate.render.terminal.style import MOST_ROWS, PLAIN, VERDICTS
from perfgate.render.terminal.values import Layout, draw_values
from perfgate.report.document import (
    Bullets,
    Context,
    Faults,
    Fold,
    Heading,
    Headline,
    Paragraph,
    Steps,
    Table,
    Values,
)
from perfgate.report.verdict.parts import PARTS, title_of
from perfgate.report.verdict.value import value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.render.terminal.style import Style, Token
    from perfgate.report.document import Block, Column, Document, Line, Step
    from perfgate.report.verdict.parts import Part
    from perfgate.report.verdict.value import Value

_LONGEST_NAME = 36
_GAP = 2
_MOST_TABLE_ROWS = 40
_MOST_BULLETS = 5
_MOST_STEPS = 2
_NARROW = 48
"""Columns below which the verdict's word has a line of its own."""
_PRIORITY = 1  # of columns that fit into a table of 80 columns
_FEW = MOST_ROWS
"""Values of a check up to which those that hold are shown as well."""
_NOISY = "noisy"
_PARTS = {part.name: part for part in PARTS}
_TOKENS: dict[str, Token] = {
    "failed": "bad", "undecided": "bad", "suspected": "warn", "noisy": "noisy", "improved": "good", "unchanged": "good",
}  # fmt: skip
"""Part -> colour of its heading."""


def render(document: Document, style: Style = PLAIN) -> str:
    """Return a document as plain text."""
    if isinstance(document.blocks[0] if document.blocks else None, Headline):
        return _report(document.blocks, style)
    return _join([(b, style.spell(_block(b, style))) for b in document.blocks if _is_shown(b, style)]) + "\n"


def _join(drawn: Sequence[tuple[Block, str]]) -> str:
    """Return what was drawn of some blocks, an empty line between them, but none below a heading."""
    text = ""
    for number, (_, words) in enumerate(drawn):
        text += "" if not number else "\n" if isinstance(drawn[number - 1][0], Heading) else "\n\n"
        text += words
    return text


class _Shown(Struct, frozen=True):
    """What is shown of one part."""

    part: Part
    title: str
    values: list[Value]
    hidden: int
    """How many of its values are not shown."""


def _report(blocks: Sequence[Block], style: Style) -> str:
    """Return the report of a check."""
    (verdict,) = (b for b in blocks if isinstance(b, Headline))
    steps = [step for b in blocks if isinstance(b, Steps) for step in b.steps]
    ending = [*_verdict(verdict, style), *(_steps(steps[:_MOST_STEPS], style) if style.shows_faults else [])]
    if style.is_quiet:
        return "\n".join(_verdict(verdict, style)) + "\n"
    shown = _choose(blocks, verdict, style)
    values = [v for s in shown.values() for v in s.values]
    layout = Layout.of(values, _sides(blocks), style.width) if values else None
    drawn: list[tuple[Block, str]] = []
    for block in blocks:
        if isinstance(block, Values) and layout and block.part in shown:
            head = (
                [style.paint("dim", style.spell(layout.head())[: style.width])]
                if block.part == next(iter(shown))
                else []
            )
            drawn.append((block, "\n".join(_part(shown[block.part], head, layout, style))))
        elif not isinstance(block, Headline | Steps | Values) and _is_shown(block, style):
            text = style.spell(_block(block, style))
            drawn.append((block, style.paint("dim", text) if isinstance(block, Context) else text))
    return _join([*drawn, (verdict, "\n".join(ending))]) + "\n"


def _sides(blocks: Sequence[Block]) -> tuple[str, str]:
    """Return what both sides are called: git's words for two versions that were measured together."""
    context = next((b for b in blocks if isinstance(b, Context)), None)
    is_of_versions = context is not None and context.line[0].text.startswith("base ")
    return ("base", "head") if is_of_versions else ("baseline", "current")


def _is_shown(block: Block, style: Style) -> bool:
    if isinstance(block, Fold):
        return not block.is_background or style.is_verbose
    return style.shows_faults if isinstance(block, Faults) else True


def _choose(blocks: Sequence[Block], verdict: Headline, style: Style) -> dict[str, _Shown]:
    """Return part -> what is shown of it: all that matters, and of a short report that passes what holds as well.

    What is too noisy to judge is left out where many values are judged and some of them failed.
    """
    parts = [b for b in blocks if isinstance(b, Values)]
    is_pass = verdict.verdict == "pass"
    is_short = sum(len(b.findings) for b in parts) <= _FEW
    needs = {"verdict", "attention"} | ({"other"} if is_short and is_pass else set())
    shown = {}
    for b in parts:
        part = _PARTS[b.part]
        is_aside = part.name == _NOISY and not is_pass and not is_short
        if style.is_verbose or (part.need in needs and not is_aside):
            values = _together([value_of(f) for f in b.findings[: style.most]])
            shown[b.part] = _Shown(part, title_of(part, b.findings), values, len(b.findings) - len(values))
    return shown


def _together(values: list[Value]) -> list[Value]:
    """Return values with those of one benchmark together, in the order of the first of each."""
    places: dict[tuple[object, ...], int] = {}
    for place, value in enumerate(values):
        places.setdefault(value.key[:3], place)
    return sorted(values, key=lambda v: places[v.key[:3]])


def _part(shown: _Shown, head: list[str], layout: Layout, style: Style) -> list[str]:
    """Return the lines of a part: its heading, the titles of the columns if these are the first, its values."""
    title = f"{shown.title} ({len(shown.values) + shown.hidden:,})"
    title += f", worst {len(shown.values)} shown" if shown.hidden else ""
    lines = [style.paint(_TOKENS.get(shown.part.name, "strong"), line) for line in wrap(title, style.width)]
    lines += head
    lines += draw_values(shown.values, layout, style)
    if shown.hidden:
        words = f"    … and {shown.hidden:,} more"
        more = f": {style.paint('command', style.more)}" if style.more else ""
        lines.append(style.paint("dim", style.spell(words)) + more)
    return lines


def _verdict(verdict: Headline, style: Style) -> list[str]:
    """Return the verdict in a word, its sentence, and what else was counted."""
    word, token = VERDICTS[verdict.verdict]
    sentence = _words(verdict.line)
    counted = "; ".join(f"{number:,} {_PARTS[part].noun}" for part, number in verdict.counts)
    sentence += f" {counted[:1].upper()}{counted[1:]}." if counted else ""
    if style.width < _NARROW:
        return [style.paint(token, word), *(style.spell(line) for line in wrap(sentence, style.width))]
    indent = " " * (len(word) + 2)
    lines = wrap(sentence, style.width, first=indent, rest=indent)
    lines[0] = style.paint(token, word) + lines[0][len(word) :]
    return [style.spell(line) for line in lines]


def _steps(steps: Sequence[Step], style: Style) -> list[str]:
    """Return what to do next: the words, and the command behind them or on a line of its own."""
    lines: list[str] = []
    for number, step in enumerate(steps):
        lead = "    or: " if number else "  next: "
        words, command = _words(step.words), plain(step.command)
        if command and columns_of(f"{lead}{words}: {command}") <= style.width:
            lines.append(style.paint("dim", lead) + style.spell(f"{words}: ") + style.paint("command", command))
            continue
        wrapped = wrap(words + (":" if command else ""), style.width, first=lead, rest=" " * len(lead))
        lines += [style.spell(line) for line in wrapped]
        if command:
            lines.append(" " * len(lead) + style.paint("command", command))
    return lines


def _block(block: Block, style: Style) -> str:
    if isinstance(block, Heading):
        return _title(block.line, style)
    if isinstance(block, Paragraph | Context):
        return "\n".join(wrap(_words(block.line), style.width))
    if isinstance(block, Bullets):
        return _bullets(block.lines, style)
    if isinstance(block, Faults):
        return "\n".join([style.paint("bad", "Errors"), _bullets(block.lines, style)])
    if isinstance(block, Table):
        return _stacked(block, style) if block.remarks else _table(block, style)
    if isinstance(block, Fold):
        inner = "\n".join(_block(b, style) for b in block.blocks)
        return f"{_title(block.summary, style)}\n{inner}"
    return ""


def _title(line: Line, style: Style) -> str:
    return "\n".join(style.paint("strong", words) for words in wrap(_words(line), style.width))


def _bullets(lines: Sequence[Line], style: Style) -> str:
    shown = lines if style.is_verbose else lines[: max(_MOST_BULLETS, style.rows)]
    drawn = ["\n".join(wrap(_words(line), style.width, first="- ", rest="  ")) for line in shown]
    more = len(lines) - len(shown)
    return "\n".join([*drawn, *([f"… and {more:,} more"] if more else [])])


def _stacked(table: Table, style: Style) -> str:
    """Return rows that must be read: what it is and how it changed first, then the numbers, then why."""
    entries = []
    for entry in table.entries:
        row = [(c, plain(span.text)) for c, span in zip(table.columns, entry.cells, strict=True)]
        row = [(c, cell) for c, cell in row if cell]
        first = [_label(c, cut_middle(cell, _LONGEST_NAME) if c.kind == "name" else cell) for c, cell in row if c.leads]
        values = " -> ".join(cell for c, cell in row if c.kind == "value" and not c.leads)
        others = [_label(c, cell) for c, cell in row if c.kind != "value" and not c.leads]
        numbers = ", ".join([values, *others] if values else others)
        lines = [
            *wrap("  ".join(first), style.width, rest="    "),
            *(wrap(numbers, style.width, first="    ", rest="    ") if numbers else []),
            *(wrap(_words(entry.remark), style.width, first="    ", rest="    ") if _words(entry.remark) else []),
        ]
        entries.append("\n".join(lines))
    return "\n".join(entries)


def _label(column: Column, cell: str) -> str:
    return f"{column.label} {cell}" if column.label else cell


def _table(table: Table, style: Style) -> str:
    """Return rows under their titles; where these do not fit the width, each row as a line of its own."""
    from tabulate import tabulate  # 60 ms that only a table costs

    most = None if table.is_whole else _MOST_TABLE_ROWS
    wanted = [(i, c) for i, c in enumerate(table.columns) if c.priority <= _PRIORITY]
    shown = table.entries[:most]
    rows = [[_short(plain(e.cells[i].text), c) for i, c in wanted] for e in shown if not e.rule]
    head, align = [c.title for _, c in wanted], [c.align for _, c in wanted]
    fitted = _fit([head, *rows], [c.shortest if c.kind == "name" else 0 for _, c in wanted], style.width)
    if fitted is None:
        drawn = ["\n".join(_as_lines(head, row, style.width)) for row in rows]
    else:
        # The titles are a row like the others: as headers they would make each column two wider than it needs.
        drawn = tabulate(fitted, tablefmt="plain", disable_numparse=True, colalign=align).splitlines()
    left = iter(drawn)
    lines = [next(left)] if fitted else []
    lines += [_rule(e.rule, style) if e.rule else next(left) for e in shown]
    more = len(table.entries) - len(shown)
    return "\n".join(line.rstrip() for line in lines) + (f"\n… and {more} more rows" if more > 0 else "")


def _rule(line: Line, style: Style) -> str:
    return "\n".join(wrap(_words(line), style.width, first="── ", rest="   "))


def _fit(rows: list[list[str]], shortest: list[int], width: int) -> list[list[str]] | None:
    """Return rows whose names are cut so far that they fit a width; None where even short names do not.

    Args:
        rows: their cells.
        shortest: to how many columns each cell of a column may be cut; 0: it is no name.
        width: of the terminal.
    """
    widths = [max(columns_of(row[i]) for row in rows) for i in range(len(shortest))]
    least = [min(w, short or w) for w, short in zip(widths, shortest, strict=True)]
    spare = width - sum(least) - _GAP * (len(widths) - 1)
    if spare < 0:
        return None
    for i in (i for i, short in enumerate(shortest) if short):
        widths[i] = min(widths[i], least[i] + spare)
        spare -= widths[i] - least[i]
    return [[cut_middle(cell, w) for cell, w in zip(row, widths, strict=True)] for row in rows]


def _as_lines(titles: Sequence[str], row: Sequence[str], width: int) -> list[str]:
    """Return a row as its first cell, and below it the others with their titles."""
    stated = [(title, cell) for title, cell in zip(titles[1:], row[1:], strict=True) if cell]
    others = ", ".join(f"{title.lower()} {cell}".lstrip() for title, cell in stated)
    return [*wrap(row[0], width), *(wrap(others, width, first="  ", rest="  ") if others else [])]


def _short(cell: str, column: Column) -> str:
    """Return a cell that fits: a name cut, a number without its interval."""
    if column.kind in {"value", "change"}:
        return cell.split(" (", 1)[0]
    return cut_middle(cell, _LONGEST_NAME) if column.kind == "name" else cell


def _words(line: Line) -> str:
    return plain("".join(s.text for s in line)).strip()
