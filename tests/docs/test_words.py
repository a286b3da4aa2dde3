"""No retired word is left in what people read: documentation, messages, comments and names."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from doc_blocks import ROOT
from retired_words import EXCEPTIONS, WORDS, is_excepted, search_name, search_python, search_text

PROSE = sorted(
    [ROOT / "README.md"]
    + [p for p in (ROOT / "docs").rglob("*") if p.suffix in {".md", ".svg"}]
    + [p for p in (ROOT / ".github").rglob("*") if p.suffix in {".md", ".yml"}]
    + [p for p in (ROOT / "perfgate").rglob("*") if p.suffix in {".json", ".toml"}]
)
CODE = sorted((ROOT / "perfgate").rglob("*.py"))


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def found_in(paths):
    """Yield the text of each file with each retired word in it."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for hit in search_python(text) if path.suffix == ".py" else search_text(text):
            yield text, hit


@pytest.mark.parametrize("path", [*PROSE, *CODE], ids=name_of)
def test_a_file_has_no_retired_word(path):
    hits = [h for text, h in found_in([path]) if not is_excepted(name_of(path), text.splitlines()[h.line - 1])]
    assert [str(h) for h in hits] == []


@pytest.mark.parametrize("word", WORDS, ids=lambda w: w.example)
def test_every_retired_word_is_found_in_its_example_and_none_in_what_to_write(word):
    hits = search_text(word.example) if word.text else search_name(word.example, is_function=True)
    assert word.write in [hit.write for hit in hits]
    assert list(search_text(word.write)) == []


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("The run had failed before.", id="had with a participle"),
        pytest.param("It looks for a folder; look at the report.", id="looks for"),
        pytest.param("See what was seen.", id="see and seen"),
        pytest.param("`threshold-unseen` and `in-turns`, measured by time-in-turns", id="names of messages"),
        pytest.param("An amount such as +3 ms is procured.", id="parts of other words"),
    ],
)
def test_a_sentence_without_a_retired_word_is_let_through(sentence):
    assert list(search_text(sentence)) == []


def test_names_strings_comments_and_docstrings_of_a_module_are_searched():
    source = '''"Cures."
told_lines = f"mend {told_lines}"  # by luck
class LineTold:
    """All is
    beyond
    chance."""
    joined = 1
    def joined_lines(): ...
'''
    found = {(hit.line, hit.found) for hit in search_python(source)}
    assert found >= {(1, "Cures"), (2, "told_lines"), (2, "mend"), (2, "luck"), (3, "LineTold"), (5, "beyond chance")}
    assert (8, "joined_lines") in found
    assert not any(line == 7 for line, _ in found)


def test_every_exception_has_its_reason_and_is_still_needed():
    for exception in EXCEPTIONS:
        assert exception.reason
        files = [p for p in [*PROSE, *CODE] if fnmatchcase(name_of(p), exception.path)]
        lines = [text.splitlines()[hit.line - 1] for text, hit in found_in(files)]
        assert any(re.search(exception.line, line) for line in lines), exception
