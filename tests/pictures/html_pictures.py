"""Pictures of the HTML report, to be looked at: `python tests/pictures/html_pictures.py FOLDER [SITUATION]...`.

Each situation is drawn 840 and 375 px wide, light and dark, and as it is printed. It needs Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "builders"), str(ROOT)]

from browser import Browser  # noqa: E402 - the path has to be set before
from situations import SITUATIONS  # noqa: E402 - see above

from perfgate.render import render  # noqa: E402 - see above
from perfgate.report.compose import compose  # noqa: E402 - see above

WIDTHS = (840, 375)


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        for name in sys.argv[2:] or SITUATIONS:
            page = folder / f"{name}.html"
            page.write_text(render(compose(SITUATIONS[name]()), "html"), encoding="utf-8")
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    browser.open(page, width=width, dark=theme == "dark")
                    (folder / f"html-{name}-{width}-{theme}.png").write_bytes(browser.picture())
            (folder / f"html-{name}.pdf").write_bytes(browser.pdf())


if __name__ == "__main__":
    main()
