"""Progress of long work on a terminal and in a log, with a clock that stands still unless a test moves it."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

import click
import pytest
from gate_cases import finding
from msgspec.structs import replace
from support import ROOT, clean_environment

from perfgate.__main__ import run
from perfgate.cli import _watch, program, progress
from perfgate.cli.progress import AbLine, Outlet, RunLine, WorkLine, describe_estimate, find_outlet
from perfgate.core.text.columns import columns_of, cut_apart, cut_end, cut_middle, pad
from perfgate.core.text.steps import Work, note_read, watch_work, watched
from perfgate.formats import discovery
from perfgate.pipeline.ab.standing import Standing

CLEAR = "\r\033[K"


class Screen:
    """A terminal or a log, its clock, and what was written."""

    def __init__(self, columns=80, *, is_terminal=True):
        self.texts = []
        self.seconds = 1000.0
        self.alarm = None
        self.columns = columns
        self.outlet = Outlet(
            write=self.texts.append,
            is_terminal=is_terminal,
            columns=lambda: self.columns,
            now=lambda: self.seconds,
            time_of_day=lambda left: f"{self.seconds + left:.0f}",
            wake=self._wake,
        )

    def _wake(self, seconds, call):
        self.alarm = (self.seconds + seconds, call) if seconds else None

    def wait(self, seconds):
        """Let time pass."""
        self.seconds += seconds
        if self.alarm is not None and self.alarm[0] <= self.seconds:
            self.alarm, (_, call) = None, self.alarm
            call()

    @property
    def shown(self):
        """What stands on the line of the terminal."""
        return "".join(self.texts).rpartition(CLEAR)[2]

    @property
    def lines(self):
        """The lines of the log."""
        return "".join(self.texts).splitlines()


def measured(screen, times, *, name="train", runs=20, warmup=1, seconds=1.0):
    """Return the progress of `perfgate run` when so many times were measured, each after some seconds."""
    line = RunLine(screen.outlet, name, runs=runs, warmup=warmup)
    for done in range(warmup + len(times) + 1):
        if done > warmup:
            line.times.setdefault(name, []).append(times[done - warmup - 1])
        line.show(done, runs + warmup)
        screen.wait(seconds)
    return line


def standing(done, **changes):
    """Return how far a comparison of ten rounds of two is when so many runs of both sides are done."""
    fields = {
        "names": ("4558492", "working tree"), "done": done, "total": 42, "warmup": 1, "most": 20, "a_round": 2,
        "runs": (max(0, done - 2) // 2, max(0, done - 1) // 2), "may_stop_early": True, "is_over": False,
        "is_decided": None, "estimate": lambda: None,
    }  # fmt: skip
    return Standing(**{**fields, **changes})


FINDING = finding(change=0.183, decision_interval=(-0.052, 0.241))


def test_a_run_of_lists_names_the_combination_that_is_next():
    screen = Screen()
    line = RunLine(screen.outlet, "train", runs=20, warmup=2)
    line.show(0, 22, "size=big")
    screen.wait(3)
    line.show(3, 22, "size=small")
    assert screen.shown.startswith("train  1 of 20 runs  size=small  ends about")


def test_a_comparison_of_lists_names_the_combination_that_is_next_and_that_of_the_estimate():
    screen = Screen(columns=120)
    line = AbLine(screen.outlet)
    more = {"combinations": 2, "total": 84, "runs": (8, 8), "estimate": lambda: replace(FINDING, labels=(("k", "1"),))}
    line.show(standing(0, combination="k=1", **{**more, "runs": (0, 0)}))
    screen.wait(30)
    line.show(standing(20, combination="k=2", **more))
    assert "round 3 of 10  8+8 runs  k=2  elapsed[k=1] +18.3%" in screen.shown


def test_a_run_shows_how_many_runs_are_done_their_median_and_spread_and_when_it_ends():
    screen = Screen()
    measured(screen, [0.09, 0.0901, 0.0902, 0.088])
    assert screen.shown == "train  4 of 20 runs  median 90.05 ms  spread 0.2%  ends about 1021"


def test_the_line_is_drawn_between_runs_and_nothing_wakes_up_during_a_measured_one():
    screen = Screen()
    line = RunLine(screen.outlet, "train", runs=3, warmup=1)
    line.show(0, 4)
    assert screen.alarm is not None  # the warm-up run is not measured
    screen.wait(5)
    assert screen.shown == "train  warm-up run 1 of 1"
    line.show(1, 4)
    assert screen.shown == "train  0 of 3 runs  ends about 1020"
    drawn = list(screen.texts)
    assert screen.alarm is None
    screen.wait(5)
    assert screen.texts == drawn


def test_a_warm_up_run_that_is_short_shows_nothing():
    screen = Screen()
    line = RunLine(screen.outlet, "train", runs=1, warmup=2)
    line.show(0, 3)
    screen.wait(0.1)
    line.show(1, 3)
    assert screen.alarm is not None
    screen.wait(0.1)
    line.show(2, 3)
    assert screen.alarm is None  # nothing wakes up beside the measured run
    screen.wait(60)
    assert screen.texts == []


@pytest.mark.parametrize(
    ("seconds", "is_shown"), [(0.095, False), (0.1, True)], ids=["below two seconds", "two seconds"]
)
def test_work_of_less_than_two_seconds_shows_nothing_on_a_terminal(seconds, is_shown):
    screen = Screen()
    line = RunLine(screen.outlet, "train", runs=20, warmup=0)
    for done in range(20):
        line.show(done, 20)
        screen.wait(seconds)
    assert bool(screen.texts) is is_shown
    line.show(20, 20)
    assert screen.shown == ""


def test_the_line_is_cleared_once_and_only_when_it_was_drawn():
    screen = Screen()
    line = measured(screen, [0.1, 0.1])
    before = len(screen.texts)
    line.clear()
    line.clear()
    assert screen.texts[before:] == [CLEAR]


def test_several_benchmarks_of_one_program_have_no_common_median():
    screen = Screen()
    line = measured(screen, [0.1, 0.1])
    line.times["other"] = [5.0]
    line.show(4, 21)
    assert screen.shown.startswith("train  3 of 20 runs  ends about ")


@pytest.mark.parametrize("columns", [1, 2, 10, 20, 40, 60, 80, 120, 400])
@pytest.mark.parametrize("name", ["train", "t" * 10_000, "試験" * 300, "e\u0301" * 90])
def test_no_line_is_as_wide_as_the_terminal(columns, name):
    screen = Screen(columns)
    measured(screen, [0.1, 0.2, 0.3], name=name)
    line = AbLine(screen.outlet)
    for done in range(20):
        line.show(standing(done, estimate=lambda: FINDING, is_decided=False))
        screen.wait(1)
    assert max(columns_of(text.removeprefix(CLEAR)) for text in screen.texts) <= max(1, columns - 1)


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (120, "ab  round 5 of 10  9+9 runs  elapsed +18.3% (−5 to +24)  not decided  ends about 1042, may stop early"),
        (100, "ab  round 5 of 10  9+9 runs  elapsed +18.3% (−5 to +24)  not decided  ends about 1042"),
        (80, "ab  round 5 of 10  elapsed +18.3% (−5 to +24)  not decided  ends about 1042"),
        (70, "ab  round 5 of 10  elapsed +18.3% (−5 to +24)  ends about 1042"),
        (50, "ab  round 5 of 10  ends about 1042"),
        (20, "ab  round 5 of 10 …"),
    ],
)
def test_a_narrow_terminal_keeps_what_matters_most(columns, shown):
    screen = Screen(columns)
    line = AbLine(screen.outlet)
    for done in range(21):
        line.show(standing(done, runs=(9, 9), estimate=lambda: FINDING, is_decided=False))
        screen.wait(1)
    assert screen.shown == shown


def test_names_that_hold_escapes_reach_no_terminal_and_no_log():
    for is_terminal in (True, False):
        screen = Screen(is_terminal=is_terminal)
        measured(screen, [9.0, 9.0], name="\033[2J\rtrain\n", seconds=9)
        line = AbLine(screen.outlet)
        for done in (0, 1, 2):
            line.show(standing(done, names=("\033[31mx", "y\n")))
            screen.wait(9)
        text = "".join(screen.texts).replace(CLEAR, "")
        assert text.replace("\n", "").isprintable()
        assert is_terminal or len(screen.lines) == 2


def test_a_log_has_a_first_line_and_then_at_most_one_a_minute():
    screen = Screen(is_terminal=False)
    measured(screen, [9.0, 9.0, 9.1, 9.0, 9.0, 9.2, 9.0, 9.0], runs=20, seconds=30)
    assert screen.lines == [
        "perfgate run: train, 20 runs, 1 warm-up, about 10 min left",
        "perfgate run: train, 2 of 20 runs, median 9 s, spread 0.0%, about 9 min left",
        "perfgate run: train, 4 of 20 runs, median 9 s, spread 0.0%, about 8 min left",
        "perfgate run: train, 6 of 20 runs, median 9 s, spread 0.0%, about 7 min left",
        "perfgate run: train, 8 of 20 runs, median 9 s, spread 0.0%, about 6 min left",
    ]


def test_a_log_of_less_than_a_minute_has_no_line_and_none_has_an_escape():
    screen = Screen(is_terminal=False)
    measured(screen, [2.0] * 20, seconds=2.8).clear()
    assert screen.texts == []
    measured(screen, [2.0] * 20, seconds=2.9).clear()
    assert screen.texts
    assert "\r" not in "".join(screen.texts)
    assert "\033" not in "".join(screen.texts)


def compared(screen, until, *, seconds=6.0, **changes):
    """Return the progress of a comparison that ends after so many runs of both sides."""
    line = AbLine(screen.outlet)
    for done in range(until):
        line.show(standing(done, estimate=lambda: FINDING, **changes))
        screen.wait(seconds)
    line.show(standing(until, is_over=True, **changes))
    return line


def test_a_log_of_a_comparison_says_what_is_compared_how_it_stands_and_that_it_stopped_early():
    screen = Screen(is_terminal=False)
    compared(screen, 18, runs=(8, 8), is_decided=False)
    assert screen.lines == [
        "perfgate ab: base 4558492, head working tree, at most 10 rounds of 2+2 runs, about 4 min left",
        "perfgate ab: round 5 of 10, elapsed +18.3% (−5 to +24), about 3 min left",
        "perfgate ab: stopped early after round 4: decided (2 min saved)",
    ]


def test_a_comparison_that_made_all_runs_or_was_short_has_no_last_line():
    screen = Screen(is_terminal=False)
    compared(screen, 42)
    assert not any("stopped" in line for line in screen.lines)
    assert len(screen.lines) == 5
    screen = Screen(is_terminal=False)
    compared(screen, 18, seconds=1.0)
    assert screen.lines == []


def test_a_terminal_shows_a_comparison_and_its_warm_up_and_clears_it_at_the_end():
    screen = Screen(120)
    line = AbLine(screen.outlet)
    line.clear()
    line.show(standing(0))
    screen.wait(3)
    assert screen.shown == "ab  warm-up run 1 of 2"
    line.show(standing(1, is_decided=True))
    assert screen.shown == "ab  round 1 of 10  0+0 runs  decided  ends about 1126, may stop early"
    line.show(standing(1, may_stop_early=False))
    assert screen.shown == "ab  round 1 of 10  0+0 runs  ends about 1126"
    line.show(standing(18, is_over=True))
    assert screen.shown == ""
    line.clear()
    assert screen.texts[-2:] != [CLEAR, CLEAR]


@pytest.mark.parametrize(
    ("runs", "most", "is_over", "at", "rounds"),
    [
        pytest.param((0, 0), 20, False, 1, 10, id="none"),
        pytest.param((1, 2), 20, False, 1, 10, id="within the first"),
        pytest.param((2, 2), 20, False, 2, 10, id="between two"),
        pytest.param((8, 8), 20, True, 4, 10, id="stopped"),
        pytest.param((20, 20), 20, True, 10, 10, id="all"),
        pytest.param((20, 20), 20, False, 10, 10, id="all, not said yet"),
        pytest.param((3, 3), 3, True, 2, 2, id="half a round"),
        pytest.param((0, 3), 3, True, 1, 2, id="the head alone"),
    ],
)
def test_rounds_are_counted_from_one(runs, most, is_over, at, rounds):
    found = standing(0, runs=runs, most=most, is_over=is_over)
    assert (found.round, found.rounds) == (at, rounds)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "elapsed +18.3% (−5 to +24)"),
        ({"change": -0.05, "decision_interval": (-0.3, -0.01)}, "elapsed −5.0% (−30 to −1)"),
        ({"statistic": "p95", "decision_interval": None}, "elapsed p95 +18.3%"),
        ({"metric": "a-b (-c)", "change": 0.0}, "a-b (-c) 0.0% (−5 to +24)"),
    ],
)
def test_an_estimate_names_the_value_its_change_and_its_interval(changes, text):
    assert describe_estimate(replace(FINDING, **changes)) == text


def test_reading_many_files_shows_how_many_are_read_how_fast_and_how_long_it_takes_a_few_times_a_second():
    screen = Screen()
    line = WorkLine(screen.outlet, screen.seconds)
    line.clear()
    for done in range(100, 40_001, 100):
        screen.wait(0.125)
        line.watch("reading runs", "files", done, 100_000, done * 5000)
    assert screen.shown == "reading runs  39,900 of 100,000 files  4.0 MB/s  about 75 s left"
    assert len(screen.texts) == 200
    line.watch("reading runs", "files", 100_000, 100_000, 500_000_000)
    assert screen.shown == ""


def test_a_part_of_one_large_file_is_shown_as_a_share_and_a_narrow_terminal_leaves_out_the_speed():
    screen = Screen()
    line = WorkLine(screen.outlet, screen.seconds)
    screen.wait(10)
    line.watch("reading runs", "files", 0.25, 1, 2_500_000_000)
    assert screen.shown == "reading runs  25%  250 MB/s  about 30 s left"
    screen.columns = 40
    screen.wait(10)
    line.watch("reading runs", "files", 0.5, 1, 5_000_000_000)
    assert screen.shown == "reading runs  50%  about 20 s left"


@pytest.mark.parametrize("seconds", [0.5, 1.9])
def test_work_on_files_of_less_than_two_seconds_shows_nothing(seconds):
    screen = Screen()
    line = WorkLine(screen.outlet, screen.seconds)
    for done in range(1, 10):
        screen.wait(seconds / 10)
        line.watch("reading runs", "files", done, 10, 0)
    assert screen.texts == []


def test_a_log_shows_nothing_of_work_on_files():
    screen = Screen(is_terminal=False)
    line = WorkLine(screen.outlet, screen.seconds)
    for done in range(1, 5):
        screen.wait(400)
        line.watch("refresh", "baselines compared", done, 5, 0)
    line.clear()
    assert screen.texts == []


def test_whoever_watches_hears_of_each_item_and_nobody_else_is_called():
    heard = []
    items = ["a", "b", "c"]
    assert watched(items, "reading", "files") is items
    watch_work(lambda: lambda *said: heard.append(said))
    try:
        assert list(watched(items, "reading", "files")) == items
        assert watched(items[:1], "reading", "files") == ["a"]
    finally:
        watch_work(None)
    assert heard == [("reading", "files", done, 3, 0) for done in range(1, 4)]
    assert watched(items, "reading", "files") is items


def test_bytes_of_a_large_file_count_as_a_part_of_it():
    heard = []
    note_read(5)  # nobody watches
    watch_work(lambda: lambda *said: heard.append(said[2:]))
    try:
        work = Work("reading", "files", 2)
        note_read(25, 100)
        note_read(25, 100)
        work.add()
        note_read(10)
        work.add(size=4)
    finally:
        watch_work(None)
    assert heard == [(0.25, 2, 25), (0.5, 2, 50), (1, 2, 50), (1, 2, 60), (2, 2, 64)]


@pytest.mark.parametrize(
    ("text", "columns", "end", "middle"),
    [
        pytest.param("tests/test_a", 12, "tests/test_a", "tests/test_a", id="fits"),
        pytest.param("tests/test_a", 10, "tests/tes…", "tes…test_a", id="cut"),
        pytest.param("tests", 1, "…", "…", id="no room"),
        pytest.param("試験試験", 5, "試験…", "…験", id="two columns a letter"),
        pytest.param("e\u0301a\u0301o\u0301", 3, "e\u0301a\u0301o\u0301", "e\u0301a\u0301o\u0301", id="accents"),
    ],
)
def test_a_text_is_cut_to_columns_at_its_end_or_in_the_middle(text, columns, end, middle):
    assert (cut_end(text, columns), cut_middle(text, columns)) == (end, middle)
    assert columns_of(cut_end(text, columns)) <= columns
    assert columns_of(pad(text, 20)) == 20


def test_texts_that_would_read_alike_when_they_are_cut_get_a_number():
    alike = [f"tests/{'x' * 30}{i}{'y' * 30}" for i in range(11)]
    cut = cut_apart(["short", "short", *alike], 20)
    assert cut[:4] == ["short", "short", "tests/…yyyyyyyyyyyyy", "tests…yyyyyyyyyyy #2"]
    assert len(set(cut[2:])) == 11
    assert max(map(columns_of, cut)) == 20


class Stream(io.StringIO):
    """A stream that is a terminal, in an encoding."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "is_quiet", "is_terminal"),
    [
        pytest.param({"TERM": "xterm"}, False, True, id="terminal"),
        pytest.param({}, False, True, id="no TERM"),
        pytest.param({"TERM": "dumb"}, False, False, id="dumb"),
        pytest.param({"TERM": "xterm", "CI": "true"}, False, False, id="CI"),
        pytest.param({"TERM": "xterm", "GITHUB_ACTIONS": "true"}, False, False, id="GitHub"),
        pytest.param({"TERM": "xterm"}, True, False, id="quiet"),
    ],
)
def test_a_dumb_terminal_and_one_of_a_ci_job_are_logs(environ, is_quiet, is_terminal, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream())
    assert find_outlet(environ, is_quiet=is_quiet).is_terminal is is_terminal
    monkeypatch.setattr(sys, "stderr", None)
    outlet = find_outlet(environ)
    assert outlet.is_terminal is False
    outlet.write("nobody reads it")


def test_quiet_writes_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream())
    find_outlet({}, is_quiet=True).write("x")
    assert sys.stderr.getvalue() == ""


def test_what_a_terminal_cannot_show_is_written_in_ascii_and_a_closed_one_ends_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream("ascii"))
    outlet = find_outlet({"TERM": "xterm"})
    outlet.write("a…b −5")
    assert sys.stderr.getvalue() == "a~b -5"
    assert outlet.columns() == 80
    sys.stderr.close()
    outlet.write("x")


def test_the_time_of_day_is_local_and_has_a_day_when_it_is_far(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream())
    outlet = find_outlet({})
    assert time.strptime(outlet.time_of_day(5), "%H:%M:%S")
    assert time.strptime(f"2026 {outlet.time_of_day(90_000)}", "%Y %d %b %H:%M")
    assert outlet.time_of_day(1e300)
    assert outlet.now() <= outlet.now()


def test_the_alarm_of_a_warm_up_calls_once_and_can_be_called_off(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Stream())
    called = []
    before = signal.getsignal(signal.SIGALRM)
    try:
        outlet = find_outlet({})
        outlet.wake(0.001, lambda: called.append(1))
        while not called:
            time.sleep(0.001)
        outlet.wake(60, lambda: called.append(2))
        outlet.wake(0.0, lambda: called.append(3))
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert called == [1]


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    """Return an empty project that is the working directory, outside CI, on a terminal."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "PERFGATE_SESSION", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("perfgate.measure.machine.facts._session", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_terminal(monkeypatch):
    """Return a terminal that shows both streams from now on; no work is too short for it."""
    screen = Stream()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "SHORT", 0.0)
    monkeypatch.setattr("perfgate.cli._SHORT", 0.0)
    return screen


def left_on(screen):
    """Return the lines that a terminal shows at the end."""
    return [line.rpartition(CLEAR)[2] for line in screen.getvalue().split("\n")]


def test_on_a_terminal_each_summary_has_a_line_of_its_own_beside_the_progress(workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    assert run(["run", "-n", "3", "--format", "json", "--benchmark", "noop", "--", "true"]) == 0
    lines = [line for line in left_on(terminal) if line]
    assert [json.loads(line)["benchmark"] for line in lines] == ["noop"] * 3
    assert "noop  2 of 3 runs  median " in terminal.getvalue()


@pytest.mark.parametrize("words", [("run", "-n", "2"), ("ab", "-n", "2", "--seed", "1")], ids=["run", "ab"])
def test_quiet_shows_no_progress(words, workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    command = ["--", "true"] if words[0] == "run" else ["--base-cmd", "true", "--head-cmd", "true"]
    assert run([*words, *command]) in {0, 2}
    assert "\r" in terminal.getvalue()
    terminal.truncate(0)
    assert run([*words, "--quiet", *command]) in {0, 2}
    own = [text for text in terminal.getvalue().split("\r") if "reading" not in text]
    assert not any("runs  " in text or "ab  round" in text for text in own)


def test_a_comparison_shows_an_estimate_before_its_first_analysis(workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(progress, "_USUAL", 200)
    run(["ab", "-n", "6", "--base-cmd", "sleep 0.01", "--head-cmd", "sleep 0.03"])
    assert "ab  round 1 of 3" in terminal.getvalue()
    assert re.search(r"ab  round 3 of 3  [45]\+[45] runs  elapsed \+\d+", terminal.getvalue())
    assert not any("ab  round" in line for line in left_on(terminal))


INTERRUPTING = """
import os, pathlib, signal, sys, time
times = pathlib.Path(sys.argv[1])
times.write_text(times.read_text() + "x" if times.exists() else "x")
if len(times.read_text()) > int(sys.argv[2]):
    os.kill(int(os.environ["TESTED"]), signal.SIGINT)
    time.sleep(30)
"""


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        pytest.param(0, "interrupted after 0 of 20 runs; nothing was recorded", id="warm-up"),
        pytest.param(2, "interrupted after 1 of 20 runs; 1 run file is kept in outputs/model_runs", id="one"),
        pytest.param(4, "interrupted after 3 of 20 runs; 3 run files are kept in outputs/model_runs", id="three"),
    ],
)
def test_an_interrupted_run_says_how_many_runs_were_done_and_what_is_kept(runs, said, workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("TESTED", str(os.getpid()))
    (workdir / "job.py").write_text(INTERRUPTING)
    assert run(["run", "-n", "20", "--", sys.executable, "job.py", "times", str(runs)]) == 2
    (first, *_) = [line for line in left_on(terminal) if line]
    assert first.startswith(f"cannot decide: {said}")
    assert len(list(workdir.glob("outputs/model_runs/*.json"))) == max(0, runs - 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "interrupted after 1+1 runs of base and head; nothing is kept"),
        (("--out", "kept"), "interrupted after 1+1 runs of base and head; run files are kept in kept/base and kept/h"),
    ],
)
def test_an_interrupted_comparison_says_how_many_runs_were_done(words, said, workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("TESTED", str(os.getpid()))
    (workdir / "job.py").write_text(INTERRUPTING)
    command = f"{sys.executable} {workdir / 'job.py'} {workdir / 'times'} 4"
    assert run(["ab", *words, "--base-cmd", command, "--head-cmd", command]) == 2
    (first, *_) = [line for line in left_on(terminal) if line]
    assert first.startswith(f"cannot decide: {said}")


def test_a_comparison_that_is_interrupted_in_its_set_up_says_so(workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("TESTED", str(os.getpid()))
    (workdir / "job.py").write_text(INTERRUPTING)
    setup = f"{sys.executable} {workdir / 'job.py'} {workdir / 'times'} 0"
    assert run(["ab", "--setup", setup, "--base-cmd", "true", "--head-cmd", "true"]) == 2
    assert left_on(terminal)[0].startswith("cannot decide: interrupted in the set-up; nothing is kept")


def test_reading_files_is_shown_on_a_terminal_and_cleared_before_a_fault_is(workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(discovery, "BATCH", 1)
    for at in range(5):
        summary = {"run_id": f"r{at}", "elapsed_sec": 1.0, "rows_used": 1, "peak_memory_mb": 1.0}
        (workdir / f"r{at}.json").write_text(json.dumps(summary))
    for words in (["collect", "."], ["runs", "list", "."], ["import", ".", "--dry-run"], ["baseline", "refresh", "."]):
        assert run(words) == 0
        assert "reading runs  1 of 5 files  " in terminal.getvalue()
        assert [line for line in left_on(terminal) if "reading runs" in line] == [], words
        terminal.truncate(0)
    (workdir / "r3.json").write_text("{")
    assert run(["collect", "."]) == 2
    assert left_on(terminal)[0].startswith("cannot decide: ./r3.json")


@pytest.mark.parametrize(
    "words", [["collect"], ["import", "--dry-run"], ["baseline", "refresh"], ["check", "--baseline", "base.json"]]
)
def test_quiet_shows_nothing_of_the_reading(words, workdir, monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.setattr(discovery, "BATCH", 1)
    (workdir / "base.json").write_text('{"benchmarks": {"train": {"elapsed_sec": {"p50": 1, "p95": 1}}}}')
    (workdir / "runs").mkdir()
    for at in range(3):
        summary = {"run_id": f"r{at}", "elapsed_sec": 1.0, "rows_used": 1, "peak_memory_mb": 1.0, "benchmark": "train"}
        (workdir / "runs" / f"r{at}.json").write_text(json.dumps(summary))
    run([*words, "runs", "-q"])
    assert "reading runs" not in terminal.getvalue()
    run([*words, "runs"])
    assert "reading runs  1 of 3 files" in terminal.getvalue()


NO_WORK_IS_TOO_SHORT = """
import sys
from perfgate import cli
from perfgate.__main__ import run
from perfgate.cli import progress
progress.SHORT = progress._REDRAWN = cli._SHORT = 0.0
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(("where", "words"), [("terminal", []), ("terminal", ["-q"]), ("file", [])])
def test_collecting_in_a_real_terminal_rewrites_one_line_that_is_gone_at_the_end(where, words, tmp_path):
    (tmp_path / "runs").mkdir()
    for at in range(3000):
        summary = {"run_id": f"r{at}", "elapsed_sec": 1.0, "rows_used": 1, "peak_memory_mb": 1.0, "session": "s"}
        (tmp_path / "runs" / f"{at:04}.json").write_text(json.dumps(summary))
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environ = clean_environment(tmp_path, TERM="xterm", PYTHONPATH=str(ROOT))
    with open(tmp_path / "stderr", "w+b") as file:
        done = subprocess.run(
            [sys.executable, "-c", NO_WORK_IS_TOO_SHORT, "collect", "runs", *words],
            cwd=tmp_path, env=environ, stdin=follower, stdout=subprocess.PIPE,
            stderr=follower if where == "terminal" else file, check=False,
        )  # fmt: skip
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal ends that nobody holds any more
            while part := os.read(leader, 4096):
                shown += part
        os.close(leader)
        file.seek(0)
        assert file.read() == b""
    assert done.returncode == 0
    assert b"3,000" in done.stdout
    if where == "file" or words:
        assert shown == b""
        return
    begin, *drawn = shown.decode().split(CLEAR)
    assert (begin, drawn[-1]) == ("", "")
    line = r"reading runs  [12],\d{3} of 3,000 files  [\d.,]+ MB/s  about \d+ s left"
    assert all(re.fullmatch(line, d) for d in drawn[:-1])
    assert drawn[:-1]
    assert all(columns_of(d) < 80 for d in drawn)


def test_work_that_ends_in_the_middle_leaves_no_line(monkeypatch):
    terminal = a_terminal(monkeypatch)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TERM", raising=False)
    with click.Context(program) as ctx:
        watch = _watch(ctx)
        for done in range(3):
            watch("reading runs", "files", done, 5, 0)
        assert left_on(terminal)[0].startswith("reading runs  ")
    assert left_on(terminal) == [""]


def test_a_run_in_a_real_terminal_draws_one_line_and_ctrl_c_clears_it(tmp_path):
    leader, follower = pty.openpty()
    environ = clean_environment(tmp_path, TERM="xterm", PYTHONPATH=str(ROOT))
    process = subprocess.Popen(
        [sys.executable, "-m", "perfgate", "run", "-n", "90", "--", "sleep", "0.1"],
        cwd=tmp_path, env=environ, stdin=follower, stdout=subprocess.PIPE, stderr=follower, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    with process:
        shown = b""
        while b" of 90 runs  median " not in shown:
            shown += os.read(leader, 4096)
        process.send_signal(signal.SIGINT)
        while b"cannot decide" not in shown or not shown.endswith(b"\n"):
            shown += os.read(leader, 4096)
        process.stdout.read()
    os.close(leader)
    assert process.returncode == 2
    first = shown.decode().split("\r\n")[0]
    drawn = first.split(CLEAR)
    assert drawn[0] == ""
    assert max(map(len, drawn[:-1])) <= 79
    assert drawn[-1].startswith("cannot decide: interrupted after ")
    assert " of 90 runs; " in drawn[-1]
