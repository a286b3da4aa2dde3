"""Plain text for a terminal: no control character gets through, and it fits 80 columns."""

from __future__ import annotations

import itertools

import pytest
from gate_cases import finding, profile, verdict
from verdicts import HOSTILE, RANDOM, RICH

from perfgate.core.errors import note
from perfgate.core.finding import Status
from perfgate.render import render, terminal
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


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    ("metric", "unit", "value"),
    [("peak_memory", "B", 999_949.9), ("elapsed", "s", 123_456.7), ("rate", "1/s", 1.0004e9), ("calls", "1", 9e8)],
)  # fmt: skip
def test_names_of_twenty_characters_fit_eighty_columns(status, metric, unit, value):
    found = finding(
        status, benchmark="x" * 20, metric=metric, unit=unit, baseline=value, current=value * 1.0001, change=12.3456,
        interval=(11.0, 13.0), detectable=0.1234, n_baseline=1000, n_current=1000,
        message="a " * 60, limit_text="+123.45%", rule="rule 1 (perfgate.toml)",
    )  # fmt: skip
    words = render(compose(verdict(found)), "text")
    assert max(map(len, words.splitlines())) <= terminal.WIDTH


def test_a_rich_report_fits_eighty_columns():
    assert max(map(len, render(compose(RICH), "text").splitlines())) <= terminal.WIDTH


def test_every_block_has_its_form():
    assert drawn(Heading(line=(text("Head"),)), Paragraph(line=(text("one"), name(" two")))) == (
        "Head\n----\n\none two\n"
    )
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


@pytest.mark.parametrize(("length", "shown"), [(36, "x" * 36), (37, "x" * 35 + "…")])
def test_a_long_name_is_cut(length, shown):
    found = finding(benchmark="x" * length)
    assert f"\n{shown}  elapsed p50" in render(compose(verdict(found)), "text")
    worse = finding(Status.REGRESSED, benchmark="x" * length)
    assert f"\n{shown}  elapsed p50" in render(compose(verdict(worse)), "text")


def test_a_row_that_must_be_read_says_all_and_a_folded_one_the_least():
    words = render(compose(verdict(finding(Status.REGRESSED, reason="worse"), finding())), "text")
    assert "train  elapsed p50  +1.0% (-2 … +4%)  limit +5%" in words
    assert "1 s -> 1.01 s, runs 30 / 10, detectable +12.0%" in words
    assert words.count("(-2 … +4%)") == 1


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
