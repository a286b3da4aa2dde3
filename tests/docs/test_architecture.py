from __future__ import annotations

import re
import tomllib

from doc_blocks import DOCS, ROOT

PAGE = DOCS / "architecture.md"


def section(heading: str) -> str:
    """Return the text below a heading of the page."""
    return PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_every_folder_of_the_package_has_its_line_and_every_line_its_folder():
    real = {p.parent.relative_to(ROOT).as_posix() + "/" for p in (ROOT / "perfgate").rglob("*.py")}
    named = re.findall(r"^\| `(perfgate/[a-z_/]*)` \| \S", section("Folders"), re.MULTILINE)
    assert sorted(named) == sorted(real)


def test_the_floors_are_those_of_the_import_contract():
    rows = re.findall(r"^\| (\d) \| (.+) \|$", section("Floors"), re.MULTILINE)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in settings["contracts"] if c["type"] == "layers")
    assert [int(floor) for floor, _ in rows] == list(range(len(layers), 0, -1))
    assert [set(re.findall(r"`(\w+)`", named)) for _, named in rows] == [set(layer.split(" | ")) for layer in layers]


def test_every_module_that_the_page_names_exists():
    named = set(re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE.read_text(encoding="utf-8")))
    files = {p.relative_to(ROOT / "perfgate").as_posix() for p in (ROOT / "perfgate").rglob("*.py")}
    files |= {p.rpartition("/")[2] for p in files}
    assert named - files == set()


def test_every_path_that_a_recipe_names_exists():
    text = (DOCS / "contributing.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:perfgate|tests|docs)/[\w./-]+)`", text))
    assert named
    assert {p for p in named if "NAME" not in p and not (ROOT / p).exists()} == set()
