"""Pictures of what people see, of every situation: terminal, comment, job summary, HTML page, and the README's.

`make pictures` runs it. It needs chromium, cmark-gfm and, for what GitHub shows, the style sheets of the npm package
`github-markdown-css`; the pictures are to be looked at, and those in docs/images are made here as well.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "builders"), str(ROOT / "tests" / "pictures"), str(ROOT)]

from ansi import as_page, as_svg  # noqa: E402 - the path has to be set before
from history_cases import three_changes, write  # noqa: E402 - see above
from situations import SITUATIONS  # noqa: E402 - see above

from perfgate.render import render  # noqa: E402 - see above
from perfgate.render.comment import comment  # noqa: E402 - see above
from perfgate.render.terminal.style import Style  # noqa: E402 - see above
from perfgate.report.compose import compose  # noqa: E402 - see above
from perfgate.report.verdict.rounding import round_numbers  # noqa: E402 - see above

RUN = "https://github.com/example/shop/actions/runs/7"
EXTENSIONS = ("table", "autolink", "strikethrough", "tagfilter", "tasklist")
IMAGES = ROOT / "docs" / "images"
KEPT = {
    "comment-regression-840-light.png": "comment.png",
    "comment-regression-840-dark.png": "comment-dark.png",
    "terminal-many-80-dark.png": "terminal-many.png",
    "html-regression-840-light.png": "report-html.png",
}
"""Picture -> its name in docs/images."""
BADGES = ("pass", "regression", "cannot-decide", "suspected")
"""Situations of which docs/images has the badge."""
JOB = """from perfgate.measure import measure_run_context

with measure_run_context(benchmark="squares") as run:
    total = sum(i * i for i in range({rows}))
    run.rows_used = 400_000
"""


def draw_terminals(folder: Path) -> None:
    """Write each situation as a terminal of 80 and of 120 columns shows it, light and dark."""
    for name, make in SITUATIONS.items():
        document = compose(make())
        for columns in (80, 120):
            style = Style(width=columns, has_color=True, more="perfgate check --top all")
            text = render(document, "text", style)
            for theme in ("light", "dark"):
                size = round(40 + columns * 8.43), round(40 + 19.1 * len(text.splitlines()))
                shoot(as_page(text, theme, columns), folder / f"terminal-{name}-{columns}-{theme}.png", size)


def draw_comments(folder: Path, styles: Path) -> None:
    """Write each situation as GitHub shows it, wide and narrow, light and dark: the comment, and the job summary."""
    for name, make in SITUATIONS.items():
        verdict = round_numbers(make())
        bodies = {
            "comment": comment([("", verdict)], ident="default", run_page=RUN, html_page=f"{RUN}/artifacts/1"),
            "summary": render(compose(verdict), "markdown"),
        }
        for kind, body in bodies.items():
            drawn = markdown(body)
            for theme in ("light", "dark"):
                sheet = (styles / f"github-markdown-{theme}.css").read_text(encoding="utf-8")
                for width in (840, 375):
                    ground = "#ffffff" if theme == "light" else "#0d1117"
                    page = (
                        f'<!doctype html><meta charset="utf-8"><style>{sheet}\nbody{{margin:0;padding:16px;'
                        f"background:{ground};font-size:14px}}.markdown-body{{font-size:14px}}</style>"
                        f'<article class="markdown-body">{drawn}</article>'
                    )
                    shoot(page, folder / f"{kind}-{name}-{width}-{theme}.png", (width + 32, 0))


def markdown(body: str) -> str:
    """Return markdown as GitHub's own renderer draws it."""
    words = ["cmark-gfm", "--unsafe", *(w for e in EXTENSIONS for w in ("-e", e))]
    return subprocess.run(words, input=body, capture_output=True, text=True, check=True).stdout


def shoot(page: str, path: Path, size: tuple[int, int]) -> None:
    """Write the picture of a page; a height of 0 is that of the page."""
    browser = shutil.which("chromium") or "chromium"
    width, height = size
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "page.html")
        source.write_text(page, encoding="utf-8")
        if not height:
            measured = page + "<script>document.title=document.documentElement.scrollHeight</script>"
            Path(scratch, "measured.html").write_text(measured, encoding="utf-8")
            dump = [*words, f"--window-size={width},600", "--dump-dom", f"file://{scratch}/measured.html"]
            found = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
            height = min(int(found.partition("<title>")[2].partition("<")[0] or 600), 6000)
        shot = [f"--window-size={width},{height}", f"--screenshot={path}", f"file://{source}"]
        subprocess.run([*words, *shot], capture_output=True, check=True)


def draw_history(path: Path) -> None:
    """Write the first screen of the page of a history with a step, a gain, a creep and another interpreter."""
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch, "made"), three_changes(), 200, tags={20: "v1.0"})
        words = [sys.executable, "-m", "perfgate", "history", "--format", "html"]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=f"{scratch}/made", env=environ, capture_output=True, text=True, check=True)
    shoot(done.stdout, path, (1000, 1500))


def draw_readme(path: Path) -> None:
    """Write the terminal of the README: a comparison of two versions, run here, so that its numbers are real."""
    with tempfile.TemporaryDirectory() as scratch:
        author = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environ = {**os.environ, **author, "PATH": programs, "COLUMNS": "86", "FORCE_COLOR": "1"}
        job = Path(scratch, "job.py")
        job.write_text(JOB.format(rows="400_000"), encoding="utf-8")
        for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Add a job"]):
            subprocess.run(["git", *words], cwd=scratch, env=environ, check=True)
        job.write_text(JOB.format(rows="2_400_000"), encoding="utf-8")
        words = [sys.executable, "-m", "perfgate", "ab", "--", "python", "job.py"]
        done = subprocess.run(words, cwd=scratch, env=environ, capture_output=True, text=True, check=False)
    shown = [line for line in done.stdout.splitlines() if not line.startswith("details:")]
    steps = [(0.2, "\x1b[2m$\x1b[0m \x1b[1mperfgate ab -- python job.py\x1b[0m"), (0.6, "")]
    steps += [(1.2 + 0.12 * number, line) for number, line in enumerate(shown)]
    path.write_text(as_svg(steps, "perfgate ab finds a regression and says what to do", 86), encoding="utf-8")


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--styles", type=Path, help="folder of github-markdown-light.css and its dark sister")
    parser.add_argument("--docs", action="store_true", help="write those of docs/images as well")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    draw_terminals(given.folder)
    subprocess.run([sys.executable, str(ROOT / "tests/pictures/html_pictures.py"), str(given.folder)], check=True)
    if given.styles:
        draw_comments(given.folder, given.styles)
    if given.docs:
        draw_readme(IMAGES / "terminal.svg")
        draw_history(IMAGES / "history.png")
        for name in BADGES:
            badge = render(compose(SITUATIONS[name]()), "badge")
            (IMAGES / f"badge-{name}.svg").write_text(badge, encoding="utf-8")
        for made, kept in KEPT.items():
            if (given.folder / made).exists():
                shutil.copyfile(given.folder / made, IMAGES / kept)


if __name__ == "__main__":
    main()
