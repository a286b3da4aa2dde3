"""The line of each key of a TOML text, which Python's parser does not say."""

from __future__ import annotations

import pytest
from toml_places import place_in

from perfgate.core.errors import error
from perfgate.core.text.toml_lines import find_lines, locate

TEXT = '''# a comment = 1
runs = [
  "a", # not = a key
  "b",
]
text = """
fake = 1
[no.table]
"""
[defaults]
floor = { time = "+1ms" }
a."b c".d = 1

[[rule]]
level = "fail"
[[ rule ]]
'quoted' = 1
[[map]]
name = "m"
[[map.values]]
value = "v"
[[map.values]]
value = "w"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("runs",), 2),
        (("text",), 6),
        (("defaults",), 10),
        (("defaults", "floor"), 11),
        (("defaults", "a"), 12),
        (("defaults", "a", "b c", "d"), 12),
        (("rule",), 14),
        (("rule", 0), 14),
        (("rule", 0, "level"), 15),
        (("rule", 1), 16),
        (("rule", 1, "quoted"), 17),
        (("map", 0, "values", 0, "value"), 21),
        (("map", 0, "values", 1), 22),
        (("map", 0, "values", 1, "value"), 23),
    ],
    ids=str,
)
def test_a_key_and_a_table_have_the_line_on_which_they_begin(path, line):
    assert find_lines(TEXT)[path] == line


def test_what_looks_like_a_key_in_a_text_a_list_or_a_comment_is_none():
    assert not {("fake",), ("no",), ("a comment",), ("not",)} & find_lines(TEXT).keys()


def test_a_text_without_an_end_of_line_has_its_last_key():
    assert find_lines("a = 1\nb = 2")[("b",)] == 2


def test_a_fault_inside_a_list_or_an_inline_table_has_the_line_of_its_key():
    assert place_in(TEXT, "/runs/1") == "perfgate.toml:2"
    assert place_in(TEXT, "/defaults/floor/time") == "perfgate.toml:11"


def test_faults_are_in_the_order_of_lines_with_the_key_in_their_words_unless_it_is_there_already():
    faults = [
        error("a-slug", "too long", place="p.toml: /rule/0/level"),
        error("a-slug", 'unknown key "runs"', place="p.toml: /runs"),
        error("a-slug", 'the key "x" is missing', place="p.toml: /rule/1"),
        error("a-slug", "about all", place="p.toml"),
    ]
    assert [(f.place, f.message) for f in locate(faults, TEXT, "p.toml")] == [
        ("p.toml", "about all"),
        ("p.toml:2", 'unknown key "runs"'),
        ("p.toml:15", "level: too long"),
        ("p.toml:16", '[[rule]]: the key "x" is missing'),
    ]


def test_the_table_of_a_shared_file_is_found_below_its_own_name():
    text = "[tool.other]\nruns = 1\n[tool.perfgate]\nruns = 2\n"
    (found,) = locate([error("a-slug", "m", place="x: /runs")], text, "x", above="/tool/perfgate")
    assert found.place == "x:4"
