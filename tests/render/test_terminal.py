"""Plain text for a terminal: no control character gets through, and it fits 80 columns."""

from __future__ import annotations

import itertools
import re

import pytest
import situations
from gate_cases import finding, profile, verdict
from verdicts import HOSTILE, RANDOM, RICH

from perfgate.core.errors import error, note
from perfgate.core.finding import Status
from perfgate.core.text.columns import columns_of
from perfgate.render import render
from perfgate.render.terminal.report import render as draw
from perfgate.render.terminal.style import MARKS, Style, can_show, has_color
from perfgate.report.compose import compose
from perfgate.report.document import (
    BENCHMARK,
    Bullets,
    Column,
    Document,
    Entry,
    Fold,
    Heading,
    Paragraph,
    Table,
    name,
    text,
)
from perfgate.report.profiles import compose_profiles

COLUMNS = (BENCHMARK, Column(title="n", kind="count"))


def drawn(*blocks):
    return render(Document(data={}, blocks=blocks), "text")


# Each hostile name gets each status; the many random ones have one status each, in turn.
EVERY = [(n, s) for n in HOSTILE for s in Status]
ONE_EACH = list(zip(RANDOM, itertools.cycle(Status)))


@pytest.mark.slow
@pytest.mark.parametrize("pairs", [EVERY, ONE_EACH], ids=["hostile", "random"])
def test_no_control_character_gets_through(pairs):
    findings = [finding(s, benchmark=n, metric=n, unit=n, message=n, limit_text=n) for n, s in pairs]
    names = dict.fromkeys(n for n, _ in pairs)
    notes = [note(n or "-", n, place=n, hint=n) for n in names]
    words = render(compose(verdict(*findings, notes=notes, problems=notes)), "text")
    assert {c for c in words if not c.isprintable()} == {"\n"}


def bare(words):
    """Return a text without the codes that colour it."""
    return re.sub("\x1b\\[[0-9;]*m", "", words)


def too_wide(words, width):
    """Return the lines that are wider than a terminal; a command is never broken."""
    lines = bare(words).splitlines()
    return [line for line in lines if columns_of(line) > width and "perfgate " not in line and "git log" not in line]


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    ("metric", "unit", "value"),
    [("peak_memory", "B", 999_949.9), ("elapsed", "s", 123_456.7), ("rate", "1/s", 1.0004e9), ("calls", "1", 9e8)],
)  # fmt: skip
def test_names_of_twenty_characters_fit_eighty_columns(status, metric, unit, value):
    found = finding(
        status, benchmark="x" * 20, metric=metric, unit=unit, baseline=value, current=value * 1.0001, change=12.3456,
        decision_interval=(11.0, 13.0), allowed=0.05, detectable=0.1234, n_baseline=1000, n_current=1000,
        message="a " * 60, limit_text="+123.45%", rule="rule 1 (perfgate.toml)",
    )  # fmt: skip
    words = render(compose(verdict(found)), "text")
    assert not too_wide(words, 80)
    assert "x" * 20 in words


@pytest.mark.parametrize("width", [20, 24, 33, 40, 60, 72, 80, 100, 120, 219])
@pytest.mark.parametrize("name", [*situations.SITUATIONS, "rich"])
def test_no_line_is_wider_than_the_terminal(name, width):
    small = {"many": lambda: situations.many(60, 5), "rich": lambda: RICH}
    document = compose({**situations.SITUATIONS, **small}[name]())
    for in_color in (False, True):
        for is_ascii in (False, True):
            words = draw(document, Style(width=width, has_color=in_color, is_ascii=is_ascii, is_verbose=in_color))
            assert not too_wide(words, width)
            assert words.isascii() or not is_ascii


WIDE = ["測" * 30, "e\u0301" * 60, "🐌" * 40, "אבג/" * 12, "x" * 10_000, "\x1b[31mred\x1b[0m", "a\nb"]


@pytest.mark.parametrize("width", [20, 80, 240])
def test_names_of_any_kind_keep_the_lines_within_the_terminal(width):
    found = [finding(Status.REGRESSED, benchmark=n, decision_interval=(0.1, 0.3), allowed=0.05) for n in WIDE]
    words = draw(compose(verdict(*found)), Style(width=width))
    assert not too_wide(words, width)
    assert "\x1b" not in words


def test_a_value_beside_a_name_from_right_to_left_has_a_line_of_its_own():
    lines = draw(compose(verdict(finding(Status.REGRESSED, benchmark="אבג"))), Style(width=120)).splitlines()
    assert "  אבג" in lines


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_two_names_read_alike(width):
    long = "tests/test_a.py::" + "x" * 300
    names = [f"{long}[{i}]" for i in range(3)] + [long + "\x00", long + "\x01", "a" * 9_000 + "b", "a" * 9_000 + "c"]
    found = [finding(Status.REGRESSED, benchmark=n, change=0.5 - i / 100) for i, n in enumerate(names)]
    text = draw(compose(verdict(*found)), Style(width=width, rows=0))
    rows = re.split(r"\n  ✗ .*", text)[:-1]
    shown = [re.sub(r"\s", "", part.rpartition("current")[2] if i == 0 else part) for i, part in enumerate(rows)]
    assert len(set(shown)) == len(names)


def test_the_whole_name_of_a_test_is_shown():
    words = draw(compose(situations.long_names()), Style(width=80))
    for size in (1, 10, 100):
        assert f"tests/benchmarks/test_very_long_module_name.py::TestSuite::test_case[size={size}]" in words


def test_every_block_has_its_form():
    assert drawn(Heading(line=(text("Head"),)), Paragraph(line=(text("one"), name(" two")))) == "Head\none two\n"
    assert drawn(Bullets(lines=((text("x " * 50),),))) == "- " + " ".join("x" * 39) + "\n  " + " ".join("x" * 11) + "\n"
    table = Table(columns=COLUMNS, entries=(Entry(cells=(name("a"), text("10"))),), remarks=False)
    assert drawn(Fold(summary=(text("More"),), blocks=(table,))) == "More\nBenchmark   n\na          10\n"


@pytest.mark.parametrize(
    ("rows", "last"),
    [(40, "b39"), (41, "… and 1 more rows"), (100, "… and 60 more rows")],
)
def test_a_long_table_is_cut_and_says_so(rows, last):
    entries = tuple(Entry(cells=(name(f"b{i:02}"), text("1"))) for i in range(rows))
    words = drawn(Table(columns=COLUMNS, entries=entries, remarks=False))
    assert words.splitlines()[-1].startswith(last)
    assert len(words.splitlines()) == min(rows, 40) + 1 + (rows > 40)


def worst(number, **more):
    """Return a verdict of so many values that got worse."""
    return verdict(
        *(finding(Status.REGRESSED, benchmark=f"b{i:03}", change=0.9 - i / 1000, **more) for i in range(number))
    )


@pytest.mark.parametrize(("rows", "shown"), [(20, 20), (3, 3), (0, 50), (100, 50)])
def test_of_many_values_the_worst_are_shown_with_the_command_that_lists_the_others(rows, shown):
    words = draw(compose(worst(50)), Style(rows=rows, more="perfgate check --top all"))
    assert words.count("  ✗ b") == shown
    assert "b000" in words
    assert (f"… and {50 - shown} more: perfgate check --top all" in words) is (shown < 50)


@pytest.mark.parametrize(("holding", "is_listed"), [(3, True), (18, True), (19, False)])
def test_what_is_too_noisy_is_listed_beside_what_failed_unless_there_are_many_values(holding, is_listed):
    found = [finding(Status.REGRESSED, benchmark="red"), finding(Status.TOO_NOISY, benchmark="wild")]
    found += [finding(benchmark=f"b{i}") for i in range(holding)]
    words = draw(compose(verdict(*found)), Style())
    assert ("Too noisy to judge (does not fail) (1)" in words) is is_listed
    assert "1 too noisy to judge" in words


def test_more_than_thirty_values_are_summed_up_by_group():
    lines = draw(compose(situations.many(60, 5)), Style()).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("Group"))
    assert lines[place].split() == ["Group", "Values", "Regressed", "Suspected", "Too", "noisy", "Mean", "change"]
    assert lines[place + 1].split()[:3] == ["tests/bench/test_parser.py", "10", "5"]
    assert "Group" not in draw(compose(worst(30)), Style())


def test_what_many_values_share_is_said_once():
    words = draw(compose(worst(10, message="beside 9 others that got worse", reason="worse")), Style())
    assert words.count("beside 9 others") == 1
    assert "all 10: beside 9 others that got worse" in words


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        pytest.param(Style(), False, id="usual"),
        pytest.param(Style(is_verbose=True), True, id="verbose"),
    ],
)
def test_what_holds_is_shown_beside_a_regression_to_those_who_ask(style, shown):
    found = verdict(finding(Status.REGRESSED), finding(benchmark="holds"), finding(benchmark="other", level="info"))
    words = draw(compose(found), style)
    assert ("holds" in words) is shown
    assert ("How this was measured" in words) is shown
    assert "train" in words


def test_a_short_check_that_passes_shows_its_values():
    assert "train" in draw(compose(verdict(finding())), Style())
    many = verdict(*(finding(benchmark=f"b{i}") for i in range(21)))
    assert "b1" not in draw(compose(many), Style())


def test_the_verdict_is_the_last_line_and_alone_where_little_is_asked_for():
    lines = draw(compose(situations.regression()), Style()).splitlines()
    (place,) = [i for i, line in enumerate(lines) if line.startswith("REGRESSION  3 of 6 gated values")]
    assert lines[place + 2].startswith("  next: ")
    quiet = draw(compose(situations.regression()), Style(is_quiet=True)).splitlines()
    assert quiet == lines[place : place + 2]


def test_where_stderr_names_the_faults_stdout_does_not():
    document = compose(verdict(problems=(error("no-runs", "no run files were found", hint="measure"),)))
    assert "no run files" in draw(document, Style())
    assert "no run files" not in draw(document, Style(shows_faults=False))


@pytest.mark.parametrize(
    ("when", "environ", "is_terminal", "expected"),
    [
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "xterm"}, False, False),
        ("auto", {}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0", "TERM": "xterm"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("auto", {"CI": "true", "TERM": "xterm"}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1", "TERM": "xterm"}, True, False),
    ],
)
def test_colour_follows_the_user_then_the_environment_then_the_terminal(when, environ, is_terminal, expected):
    assert has_color(when, environ, is_terminal=is_terminal) is expected


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", True), ("UTF8", True), ("ascii", False), ("cp1252", False), ("nonsense", False), (None, False)],
)
def test_an_encoding_without_the_symbols_gets_ascii(encoding, expected):
    assert can_show(encoding) is expected


def test_every_status_has_a_mark_of_one_column_that_ascii_has_as_well():
    assert set(MARKS) == set(Status)
    for mark in MARKS.values():
        assert columns_of(mark.symbol) == 1
        assert mark.ascii.isascii()


def test_profiles_are_a_line_for_each_session_and_one_for_all():
    side = profile({"elapsed": {"s1": [1.0, 3.0, 2.0], "a" * 40: [4.0]}, "score": [7.0]})
    words = render(compose_profiles([side]), "text").splitlines()
    assert [line.split() for line in words] == [
        ["Benchmark", "Metric", "Session", "n", "p50", "p95", "p99"],
        ["train", "elapsed", "s1", "3", "2", "s", "2.9", "s", "2.98", "s"],
        ["train", "elapsed", "a" * 8 + "…" + "a" * 8, "1", "4", "s", "4", "s", "4", "s"],
        ["train", "elapsed", "all", "4", "2.5", "s", "3.85", "s", "3.97", "s"],
        ["train", "score", "unknown-0123", "1", "7", "7", "7"],
    ]
    assert render(compose_profiles([]), "text") == "No runs.\n"


def test_the_ids_of_sessions_are_cut_where_a_table_does_not_fit_and_not_elsewhere():
    names = [f"files-{digits}" for digits in ("016a20edd3db", "ef131b0dbd8d")]
    side = profile({"peak_memory": {each: [0.1] * 400 for each in names}}, name="GET-/a/b/c/d/e")
    narrow, wide = (draw(compose_profiles([side]), Style(width=width)).splitlines() for width in (70, 100))
    assert [line.split()[2] for line in narrow[1:3]] == ["file…6a20edd3db", "file…131b0dbd8d"]
    assert [line.split()[2] for line in wide[1:3]] == names
    assert not too_wide("\n".join(narrow), 70)


def test_what_many_values_share_is_said_in_the_order_of_the_values():
    whys = [f"cause {i}" for i in range(12)]
    found = [finding(Status.MISSING, benchmark=f"b{i}", message=whys[i // 4], reason="x") for i in range(48)]
    lines = [line for line in draw(compose(verdict(*found)), Style(rows=0)).splitlines() if " all 4: " in line]
    assert [line.rpartition(": ")[2] for line in lines] == whys
