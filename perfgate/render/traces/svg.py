"""Traces as a flame graph: one SVG without scripts, in which the width of a box is its share of the time."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

from msgspec import Struct, field

from perfgate.core.errors import plain
from perfgate.core.traces.spans import is_overlapping, own_times
from perfgate.report.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.traces.spans import Trace

_WIDTH = 1200.0
_MARGIN = 10.0
_ROW = 18.0
_HEAD = 48.0
_NARROWEST = 0.3
"""Pixels: a box that is narrower is not drawn, nor is what is on it."""
_TEXT_FROM = 24.0
"""Pixels: a narrower box has its name in the tooltip only."""
_DEEPEST = 100
_NOTE = "Width is own time, added up. Spans are on top of what called them, side by side if at the same time."
_STYLE = """\
text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1b1b1b }
.page { fill: #ffffff } .title { font-size: 16px } .note { fill: #555555 }
rect.box { stroke: #ffffff; stroke-width: 0.5 }
@media (prefers-color-scheme: dark) {
  .page { fill: #1e1e1e } .title { fill: #eeeeee } .note { fill: #bbbbbb } rect.box { stroke: #1e1e1e }
}"""


class _Node(Struct):
    """The spans of one path in all traces."""

    name: str
    parent: int
    calls: int = 0
    time: int = 0
    """What its calls took, added up."""
    own: int = 0
    total: int = 0
    """Own time, and that of all on it: the width. Parts that ran at the same time are side by side."""
    children: list[int] = field(default_factory=list)


class _Box(Struct, frozen=True, kw_only=True):
    node: _Node
    depth: int
    left: float
    width: float


def render(traces: Sequence[Trace]) -> str:
    """Return the flame graph of all traces, merged by path; roots are at the bottom."""
    nodes = _merge(traces)
    boxes = list(_boxes(nodes))
    rows = max((box.depth for box in boxes), default=-1) + 1
    height = _HEAD + rows * _ROW + _MARGIN
    total = sum(node.total for node in nodes if node.parent < 0)
    traced = count(len(traces), "trace")
    size = f'viewBox="0 0 {_WIDTH:g} {height:g}" width="{_WIDTH:g}" height="{height:g}"'
    took = sum(trace.duration or 0 for trace in traces)
    title = f"Flame graph of {traced}, {amount(took / 1e9, 's')}"
    if is_overlapping(total, took):
        title += f"; work of spans that ran at the same time {amount(total / 1e9, 's')}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{_escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="{_MARGIN:g}" y="20">{_escape(title)}</text>',
        f'<text class="note" x="{_MARGIN:g}" y="38">{_NOTE}</text>',
    ]
    lines += (_draw(box, total, height) for box in boxes)
    return "\n".join((*lines, "</svg>")) + "\n"


def _merge(traces: Sequence[Trace]) -> list[_Node]:
    """Return the paths of all traces, a parent always before its children."""
    nodes: list[_Node] = []
    places: dict[tuple[int, str], int] = {}
    for trace in traces:
        of_span: list[int] = []
        for span, own in zip(trace.spans, own_times(trace), strict=True):
            above = of_span[span.parent] if span.parent >= 0 else -1
            place = places.setdefault((above, span.name), len(nodes))
            if place == len(nodes):
                nodes.append(_Node(name=span.name, parent=above))
                if above >= 0:
                    nodes[above].children.append(place)
            nodes[place].calls += 1
            nodes[place].time += span.duration or 0
            nodes[place].own += own or 0
            of_span.append(place)
    for node in reversed(nodes):
        node.total += node.own
        if node.parent >= 0:
            nodes[node.parent].total += node.total
    return nodes


def _boxes(nodes: Sequence[_Node]) -> Iterator[_Box]:
    """Yield what is wide enough to be seen; siblings by name."""
    roots = sorted((i for i, node in enumerate(nodes) if node.parent < 0), key=lambda i: nodes[i].name)
    total = sum(nodes[i].total for i in roots)
    if not total:
        return
    scale = (_WIDTH - 2 * _MARGIN) / total
    waiting = [(roots, 0, _MARGIN)]
    while waiting:
        places, depth, left = waiting.pop()
        for place in places:
            node = nodes[place]
            width = node.total * scale
            if width >= _NARROWEST:
                yield _Box(node=node, depth=depth, left=left, width=width)
                if depth + 1 < _DEEPEST:
                    waiting.append((sorted(node.children, key=lambda i: nodes[i].name), depth + 1, left))
            left += width


def _draw(box: _Box, total: int, height: float) -> str:
    node = box.node
    name = plain(node.name) or "(no name)"
    top = height - _MARGIN - (box.depth + 1) * _ROW
    share = f"{node.total / total * 100:.1f} %"
    hint = f"{name}: {amount(node.time / 1e9, 's')}, {share}, {count(node.calls, 'call')}"
    seed = crc32(node.name.encode())
    color = f"hsl({10 + seed % 45} {70 + seed // 45 % 20}% {62 + seed // 900 % 12}%)"
    # An inner `svg` cuts its text off at its own edge, however wide the letters are.
    text = f'<text x="4" y="13">{_escape(name[:200])}</text>' if box.width >= _TEXT_FROM else ""
    place = f'x="{box.left:.2f}" y="{top:.2f}" width="{box.width:.2f}" height="{_ROW:g}"'
    fill = f'<rect class="box" width="100%" height="100%" fill="{color}"/>'
    return f"<svg {place}><title>{_escape(hint)}</title>{fill}{text}</svg>"


def _escape(text: str) -> str:
    return escape(text, quote=True)
