"""The site of the documentation: built strictly, whole, and of nothing but its own files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from doc_blocks import DOCS, PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
FOREIGN = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//""")
COUNTED = ("li", "ol", "ul", "pre", "table", "tr", "h1", "h2", "h3", "blockquote", "img")


def pages_of(nav: list[Any] | dict[str, Any] | str) -> Iterator[str]:
    """Yield the pages below a part of the navigation."""
    if isinstance(nav, str):
        yield nav
    for part in nav if isinstance(nav, list) else nav.values() if isinstance(nav, dict) else ():
        yield from pages_of(part)


def build(folder: Path) -> tuple[int, str]:
    """Build the site of a folder, and return the exit code and what was printed."""
    program = shutil.which("zensical")
    if program is None:
        pytest.skip("zensical is not installed (the extra `docs`)")
    done = subprocess.run(
        [program, "build", "--strict", "--clean"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)


def copy_to(folder: Path) -> Path:
    """Copy what the site is built from."""
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as a reader gets it."""
    folder = copy_to(tmp_path_factory.mktemp("site"))
    code, printed = build(folder)
    assert (code, "Warning" in printed) == (0, False), printed
    return folder / SETTINGS["site_dir"]


def article(html: str) -> str:
    """Return what a page of the site holds between its navigation and its foot."""
    found = re.search(r"<article[^>]*>(.*?)</article>", html, re.DOTALL)
    assert found
    return found[1]


def count(html: str) -> Counter[str]:
    shown = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    return Counter(tag for tag in re.findall(r"<(\w+)", shown) if tag in COUNTED)


def built(site: Path, page: Path) -> str:
    path = page.relative_to(DOCS).with_suffix("")
    folder = path.parent if path.name == "README" else path
    return article((site / folder / "index.html").read_text(encoding="utf-8"))


def test_the_site_asks_no_other_server_for_anything(site: Path) -> None:
    for file in (f for f in site.rglob("*") if f.suffix in {".html", ".css"}):
        assert not FOREIGN.search(file.read_text(encoding="utf-8")), file.name
    assert SETTINGS["theme"]["font"] is False
    assert "repo_url" not in SETTINGS


@pytest.mark.tools
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_has_the_same_parts_on_the_site_as_on_github(site: Path, page: Path) -> None:
    program = shutil.which("cmark-gfm")
    if program is None:
        pytest.skip("cmark-gfm is not installed")
    done = subprocess.run([program, "-e", "table", "--unsafe", page], capture_output=True, text=True, check=True)
    # A list needs an empty line before it, and four spaces before all that belongs to one of its items.
    assert count(built(site, page)) == count(done.stdout)


def test_every_page_can_be_searched_and_copied_from_in_light_and_dark(site: Path) -> None:
    found = {item["location"].partition("#")[0] for item in json.loads((site / "search.json").read_text())["items"]}
    assert len(found) >= len(PAGES)
    assert "content.code.copy" in SETTINGS["theme"]["features"]
    assert {p.get("scheme") for p in SETTINGS["theme"]["palette"]} == {None, "default", "slate"}


@pytest.mark.parametrize("link", ["gone.md", "getting-started.md#gone"])
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, link: str) -> None:
    page = copy_to(tmp_path) / "docs" / "glossary.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n[There]({link})\n", encoding="utf-8")
    code, printed = build(tmp_path)
    assert (code, "1 issue found" in printed) == (1, True), printed


def test_the_navigation_has_three_levels_and_every_page_once() -> None:
    assert [next(iter(part)) for part in SETTINGS["nav"]] == ["Start here", "Guides", "Reference", "Project"]
    listed = [page for page in pages_of(SETTINGS["nav"]) if not page.startswith("examples/")]
    assert sorted(listed) == sorted(p.relative_to(DOCS).as_posix() for p in PAGES)
    assert len(SETTINGS["nav"][0]["Start here"]) == 5


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_fence_has_a_language_and_nothing_else(page: Path) -> None:
    fences = re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert [f for f in fences if not re.fullmatch(r"\w*", f)] == []
