"""Two pictures for docs/method.md, as SVG that reads on light and on dark ground."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from experiment import EFFECTS, IN_TURNS, UNCHANGED, Setting
from peers import PEERS
from tables import BENCHMARKS, decimals_of

if TYPE_CHECKING:
    from experiment import Gate, Results

_WIDTH = 720
_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.small { font-size: 11px }
.grid { stroke: #afb8c1; stroke-width: 0.5 }
.bad { fill: #cf222e } .good { fill: #0969da }
.c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #1a7f37; fill: #1a7f37 }
.c2 { stroke: #9a6700; fill: #9a6700 } .c3 { stroke: #8250df; fill: #8250df }
path.c0, path.c1, path.c2, path.c3 { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 }
.bad { fill: #f85149 } .good { fill: #4493f8 }
.c0 { stroke: #4493f8; fill: #4493f8 } .c1 { stroke: #3fb950; fill: #3fb950 }
.c2 { stroke: #d29922; fill: #d29922 } .c3 { stroke: #ab7df8; fill: #ab7df8 }
}
</style>"""
_SESSIONS = 5
_SHOWN = "+25 %"
_LABELS, _BAR, _ROW, _TOP = 260, 380, 34, 40  # px: room for names, length of 100 %, height of a rule, room above
_PLOT_LEFT, _PLOT_TOP, _STEP, _HEIGHT = 60, 30, 150, 220  # px
_LINES: dict[str, tuple[int, Gate]] = {
    "both sides interleaved, in one job": (IN_TURNS, ("perfgate", 0)),
    "5 sessions, confirmed by a second": (5, ("perfgate", 1)),
    "1 session, confirmed by a second": (1, ("perfgate", 1)),
    "1 session": (1, ("perfgate", 0)),
}


def pictures(results: Results) -> dict[str, str]:
    """Return the pictures by file name."""
    return {"method-rules.svg": _rules(results), "method-modes.svg": _modes(results)}


def _rules(results: Results) -> str:
    """Draw for each rule how many unchanged pull requests fail, and how many slow ones."""
    setting = Setting(_SESSIONS, BENCHMARKS)
    gates: dict[str, Gate] = {name.replace("`", ""): (name, 0) for name in PEERS}
    gates |= {"perfgate": ("perfgate", 0), "perfgate, confirmed by a second": ("perfgate", 1)}
    height = _TOP + _ROW * len(gates) + 10
    parts = [
        f'<rect class="bad" x="{_LABELS}" y="12" width="12" height="12"/>',
        _text(_LABELS + 18, 23, "unchanged, and fails"),
        f'<rect class="good" x="{_LABELS + 190}" y="12" width="12" height="12"/>',
        _text(_LABELS + 208, 23, f"one of {BENCHMARKS} benchmarks {_SHOWN}, and fails"),
    ]
    for place, (said, gate) in enumerate(gates.items()):
        y = _TOP + _ROW * place
        parts.append(_text(_LABELS - 10, y + 19, said, anchor="end"))
        for kind, what, top in (("bad", UNCHANGED, y + 3), ("good", _SHOWN, y + 15)):
            percent = _percent(results, setting, gate, what)
            length = max(1.0, percent * _BAR / 100)
            parts.append(f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{length:.1f}" height="10"/>')
            said_percent = f"{percent:.{decimals_of(percent)}f} %"
            parts.append(_text(_LABELS + length + 5, top + 9, said_percent, kind="small"))
    return _svg(height, f"False alarms and finds of {len(gates)} rules, in percent of the pull requests", parts)


def _modes(results: Results) -> str:
    """Draw for each way to measure how much is found, by the size of the change."""
    bottom = _PLOT_TOP + _HEIGHT
    parts = []
    for percent in (0, 25, 50, 75, 100):
        y = bottom - _HEIGHT * percent / 100
        right = _PLOT_LEFT + _STEP * (len(EFFECTS) - 1) + 20
        parts.append(f'<line class="grid" x1="{_PLOT_LEFT - 10}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(_text(_PLOT_LEFT - 16, y + 4, f"{percent} %", anchor="end"))
    for place, effect in enumerate(EFFECTS):
        parts.append(_text(_PLOT_LEFT + _STEP * place, bottom + 22, effect, anchor="middle"))
    for number, (said, (sessions, gate)) in enumerate(_LINES.items()):
        shares = [_percent(results, Setting(sessions, BENCHMARKS), gate, effect) for effect in EFFECTS]
        points = [(_PLOT_LEFT + _STEP * i, round(bottom - _HEIGHT * p / 100, 1)) for i, p in enumerate(shares)]
        parts.append(f'<path class="c{number}" d="M {" L ".join(f"{x} {y}" for x, y in points)}"/>')
        parts += [f'<circle class="c{number}" cx="{x}" cy="{y}" r="3.5"/>' for x, y in points]
        below = bottom + 50 + 20 * number
        parts.append(f'<circle class="c{number}" cx="{_PLOT_LEFT}" cy="{below - 4}" r="4"/>')
        parts.append(_text(_PLOT_LEFT + 12, below, said))
    return _svg(bottom + 120, "How many changes are found, by their size and by how was measured", parts)


def _percent(results: Results, setting: Setting, gate: Gate, what: str) -> float:
    share = results.of(setting, gate, what)
    if share is None:
        raise ValueError(f"nothing was scored for {setting}")
    return share.percent


def _text(x: float, y: float, said: str, *, anchor: str = "start", kind: str = "usual") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def _svg(height: int, title: str, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", _STYLE, *parts, "</svg>"]) + "\n"
