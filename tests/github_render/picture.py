"""Pictures of the comment as GitHub shows it: a GFM renderer, its style sheet and a real browser.

Run it by hand: `python tests/github_render/picture.py STYLES FOLDER`; the style sheets are those of the npm package
`github-markdown-css`. It writes a picture of each case, light and dark.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "builders"), str(ROOT)]

from gate_cases import finding, verdict  # noqa: E402 - the path has to be set before

from perfgate.core.errors import warning  # noqa: E402 - see above
from perfgate.core.finding import Finding, Status, Verdict  # noqa: E402 - see above
from perfgate.core.gate_changes import GateChange, Move  # noqa: E402 - see above
from perfgate.core.reasons import sentence  # noqa: E402 - see above
from perfgate.render.comment import comment  # noqa: E402 - see above

PAGE = "https://github.com/example/shop/actions/runs/7"
EXTENSIONS = ("table", "autolink", "strikethrough", "tagfilter", "tasklist")
WIDTH = 1000


def row(status: Status, benchmark: str, base: float, by: float, **more: object) -> Finding:
    """Return a row of elapsed time."""
    keys = {
        "baseline": base, "current": base * (1 + by), "change": by, "limit": 0.05, "limit_text": "+5%",
        "interval": (by - 0.021, by + 0.023), "detectable": 0.068, "n_baseline": 50, "n_current": 10,
        "sessions_baseline": 5, "method": "across-sessions", "reason": "within-threshold", **more,
    }  # fmt: skip
    return finding(status, benchmark=benchmark, message=sentence(str(keys["reason"])), **keys)


def quiet(number: int) -> list[Finding]:
    """Return rows that hold."""
    names = ("cart.total", "cart.add", "login", "search.exact", "search.prefix", "report.daily", "export.csv")
    return [
        row(
            Status.UNCHANGED,
            f"{names[i % 7]}[n={10 ** (i % 4)}]" if i > 6 else names[i],
            0.01 * (i % 9 + 1),
            0.011 - i % 5 / 200,
        )
        for i in range(number)
    ]


def cases() -> dict[str, Verdict]:
    """Return the verdicts to look at."""
    slow = row(Status.REGRESSED, "search.fuzzy", 0.412, 0.183, reason="worse")
    suspect = row(Status.SUSPECTED, "checkout[cart=big]", 0.0831, 0.094, reason="not-proven")
    fast = row(Status.IMPROVED, "report.weekly", 1.92, -0.21, reason="better")
    lost = row(Status.MISSING, "export.pdf", 2.2, 0.0, current=None, change=None, interval=None, detectable=None,
               n_current=0, reason="no-runs")  # fmt: skip
    edit = warning(
        "gate-edited",
        "this change edits the gate itself: 1 baseline (search.fuzzy); judged by that of HEAD^1",
        hint="review the edits as you would review code",
    )  # fmt: skip
    moved = GateChange(
        kind="baseline", edit="changed", path="baselines/gha-ubuntu-24.04-x64-4cpu/search.fuzzy-1a2b3c4d.json",
        name="search.fuzzy", machine_class="gha-ubuntu-24.04-x64-4cpu",
        moves=(Move(what="elapsed p50", unit="s", before=0.412, after=0.487, change=0.182, laxer=True),),
    )  # fmt: skip
    many = [row(Status.REGRESSED, f"bench_{i:03}", 0.1, 0.5 - i / 1000, reason="worse") for i in range(60)]
    return {
        "pass": verdict(*quiet(7)),
        "regression": replace(verdict(slow, suspect, fast, *quiet(7), notes=(edit,)), gate_changes=(moved,)),
        "undecided": verdict(slow, lost, *quiet(5)),
        "five-hundred": verdict(*many, *quiet(440)),
    }


def main() -> None:
    """Write the pictures."""
    styles, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    words = ["cmark-gfm", "--unsafe", *(w for e in EXTENSIONS for w in ("-e", e))]
    for name, found in cases().items():
        body = comment(found, ident="default", run_page=PAGE)
        html = subprocess.run(words, input=body, capture_output=True, text=True, check=True).stdout
        for theme in ("light", "dark"):
            style = (styles / f"github-markdown-{theme}.css").read_text(encoding="utf-8")
            page = (
                f'<!doctype html><html data-theme="{theme}"><meta charset="utf-8">'
                f"<style>{style}\nbody{{margin:0;padding:16px;"
                f"background:{'#fff' if theme == 'light' else '#0d1117'}}}</style>"
                f'<article class="markdown-body" data-theme="{theme}">{html}</article>'
            )
            height = min(2200, 520 + 46 * body.count("\n| `"))
            shoot(page, folder / f"{name}-{theme}.png", height=height)


def shoot(page: str, path: Path, *, height: int) -> None:
    """Write the picture of a page."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "page.html")
        source.write_text(page, encoding="utf-8")
        browser = shutil.which("chromium") or "chromium"
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDTH},{height}"]
        subprocess.run([browser, *words, f"--screenshot={path}", f"file://{source}"], capture_output=True, check=True)


if __name__ == "__main__":
    main()
