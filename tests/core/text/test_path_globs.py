"""Globs of files in a repository: what each part matches, what is refused, and that no name takes long."""

from __future__ import annotations

import re

import pytest

from perfgate.core.text.path_globs import PathGlobs, compile_glob


@pytest.mark.parametrize(
    ("glob", "matched", "others"),
    [
        ("src/**", ["src/a.py", "src/a/b.py", "src/.hidden", "src/a\nb"], ["src", "lib/src/a.py", "srcs/a.py"]),
        ("*.py", ["a.py", ".py", "a b.py", "\n.py"], ["src/a.py", "a.pyc"]),
        ("src/*", ["src/a", "src/.a"], ["src/a/b", "src/"]),
        ("**/*.py", ["a.py", "src/a.py", "src/a/b.py"], ["a.pyc"]),
        ("src/**/test_*.py", ["src/test_a.py", "src/a/b/test_c.py"], ["src/a_test_b.py", "test_a.py"]),
        ("**/a/**/b", ["a/b", "x/a/y/b", "a/a/b/b"], ["a", "b", "ab", "xa/b"]),
        ("**/**/b", ["b", "a/b", "a/a/b"], ["ab"]),
        ("a/**/**", ["a/b", "a/b/c"], ["a"]),
        ("**", ["a", "a/b"], [""]),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[ab]/[!a]", ["a/b", "b/!"], ["c/b", "a/a", "a//"]),
        ("[^a]x", ["bx"], ["ax", "/x"]),
        ("[]a]x", ["]x", "ax"], ["bx"]),
        ("[+-9]x", ["+x", "5x"], ["/x"]),
        ("[a", ["[a"], ["a"]),
        (r"\*\!x", ["*!x"], ["a!x"]),
        ("*a*b*", ["ab", "xaxbx"], ["ba", "a/b"]),
        ("*ab*b", ["abb", "xabxb"], ["ab"]),
        ("a.b+(c)", ["a.b+(c)"], ["axb+(c)"]),
        ("ä/*", ["ä/\udcff"], ["a/x"]),
        ("a/*/c", ["a/b/c"], ["a//c", "a/b/b/c"]),
    ],
)
def test_a_glob_matches_whole_paths_from_the_top(glob, matched, others):
    pattern = compile_glob(glob)
    assert [path for path in matched if not pattern.match(path)] == []
    assert [path for path in others if pattern.match(path)] == []


@pytest.mark.parametrize(
    ("glob", "words"),
    [
        ("", "1 to 1,000 printable characters"),
        ("a\nb", "printable"),
        ("\udcff", "printable"),
        ("x" * 1001, "1 to 1,000"),
        ("/src/**", '"src/**"'),
        ("src/", '"src/**"'),
        ("./src", "from the top"),
        ("../src", "from the top"),
        ("a//b", "from the top"),
        ("**.py", '"**/*.py"'),
        ("a\\", "backslash"),
        ("[z-a]", "[z-a]"),
    ],
)
def test_what_can_match_nothing_is_refused_with_what_to_write(glob, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        compile_glob(glob)


@pytest.mark.parametrize(
    ("globs", "path", "is_meant"),
    [
        (["src/**"], "src/a", True),
        (["src/**"], "docs/a", False),
        (["src/**", "!src/docs/**"], "src/docs/a", False),
        (["!src/docs/**", "src/**"], "src/docs/a", True),
        (["src/**", "!src/docs/**", "src/docs/conf.py"], "src/docs/conf.py", True),
        (["!docs/**"], "docs/a", False),
        (["!docs/**"], "src/a", True),
    ],
)
def test_the_last_glob_that_matches_decides_and_exclusions_alone_mean_the_rest(globs, path, is_meant):
    assert PathGlobs(globs).match(path) is is_meant


def test_only_globs_that_match_no_file_of_any_listing_are_named_and_no_listing_is_read_in_vain():
    globs = PathGlobs(["a", "b", "!c", "d"])
    assert globs.find_unmatched([["a"], ["b", "x"]]) == ["d"]

    def listings():
        yield ["a", "b", "d"]
        raise AssertionError("no further listing is needed")

    assert globs.find_unmatched(listings()) == []
    assert PathGlobs(["!c"]).find_unmatched(listings()) == []


def test_too_many_globs_are_refused():
    with pytest.raises(ValueError, match="1,000"):
        PathGlobs(["a"] * 1001)


@pytest.mark.parametrize("glob", ["**/*a*a*a*a*a*b", "**/a/**/a/**/a/**/a/**/a/**/b", "*a*a*a*a*a*a*a*b/c"])
def test_a_long_name_is_matched_in_steps_that_grow_with_its_length(glob):
    pattern = compile_glob(glob)
    assert not pattern.match("a" * 4_000)
    assert not pattern.match("a/" * 2_000 + "a")
