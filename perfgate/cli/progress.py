"""How far long work is, on stderr: one live line on a terminal, at most one line a minute anywhere else.

It is drawn between two runs only, never during a measured one: nothing wakes up beside a measured program. So it
names the time of day at which the work will end, which stays true while nothing is drawn.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import plain
from perfgate.core.profile import title
from perfgate.core.text.columns import columns_of, cut_end, cut_middle
from perfgate.core.text.units import describe_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfgate.core.finding import Finding
    from perfgate.pipeline.ab.standing import Standing

SHORT = 2.0
"""Seconds of expected work below which a terminal shows nothing."""
PERIOD = 60.0
"""Seconds between two lines of a log, and of expected work below which a log shows nothing."""
_REDRAWN = 0.2  # seconds between two drawings of work that is not measured
_FAST = 10e6  # bytes a second from which on no decimal is shown
_LONG = 120.0  # seconds from which on minutes say enough
_DAY = 86_400.0  # seconds
_LONGEST_LOGGED = 60  # columns of a name in a log
_LARGEST_NAME = 3  # a name takes one part in so many of the line
_USUAL = 80  # columns of a terminal that does not say how many it has
_CLEAR = "\r\033[K"
_MINUS = "\u2212"


class Outlet(Struct, frozen=True, kw_only=True):
    """Where progress is shown, and the clock."""

    write: Callable[[str], None]
    """Writes a text at once."""
    is_terminal: bool
    """Can a line be drawn again? Else it is a log."""
    columns: Callable[[], int]
    """How wide the terminal is now."""
    now: Callable[[], float]
    """Seconds of a clock that is never set."""
    time_of_day: Callable[[float], str]
    """The local time so many seconds from now, in words."""
    wake: Callable[[float, Callable[[], None]], None]
    """Calls a function once, so many seconds from now, in this thread; 0: calls none, not even an earlier one."""


class Part(Struct, frozen=True, kw_only=True):
    """A part of the line."""

    text: str
    """What it says; behind a comma without a gap."""
    rank: int = 0
    """Of the parts that a narrow terminal has no room for, the highest go first; 0: stays."""
    is_logged: bool = True
    """Does a log show it, too?"""


class Line(Struct, kw_only=True):
    """The line of one piece of work."""

    outlet: Outlet
    name: str
    """What is done, first in the line of a terminal."""
    prefix: str
    """The same, first in each line of a log."""
    began: float
    """When the work began, by the outlet's clock."""
    shown_at: float | None = None
    """When it was last drawn or logged; None: never."""
    is_drawn: bool = False
    """Does it stand on the terminal now?"""
    is_waiting: bool = False
    """Will it be drawn by itself?"""
    counts_down: bool = False
    """Is it redrawn so often that it can say how much time is left, in place of when that ends?"""

    def __post_init__(self) -> None:
        """Make the names safe for a terminal."""
        self.name, self.prefix = plain(self.name), plain(self.prefix)

    def show(
        self, done: float, total: int, parts: Callable[[], Sequence[Part]], *, title: str = "", period: float = 0.0
    ) -> None:
        """Show how far it is, if it takes long enough to be worth it.

        Args:
            done: pieces done, >= 0.
            total: of how many, >= `done`.
            parts: what the line says, made when it is shown only.
            title: first line of a log; empty: the first one of the others.
            period: seconds between two drawings on a terminal, >= 0.
        """
        self._stop_waiting()
        now = self.outlet.now()
        spent = max(0.0, now - self.began)
        left = spent / done * (total - done) if done else None
        is_long = spent + (left or 0.0) >= (SHORT if self.outlet.is_terminal else PERIOD)
        wait = period if self.outlet.is_terminal else PERIOD
        if not done or not is_long or (self.shown_at is not None and now - self.shown_at < wait):
            return
        is_first, self.shown_at = self.shown_at is None, now
        if self.outlet.is_terminal:
            self._draw(parts(), left)
        elif is_first and title:
            self.log(f"{plain(title)}, {_left(left or 0.0)}")
        else:
            words = [p.text.lstrip(", ") for p in parts() if p.is_logged]
            self.log(", ".join((*map(plain, words), _left(left or 0.0))))

    def wait(self, words: str) -> None:
        """Let a terminal show words where a piece that is not measured, such as a warm-up run, takes long."""
        if self.outlet.is_terminal:
            self.is_waiting = True
            self.outlet.wake(SHORT, lambda: self._draw([Part(text=words)], None))

    def _stop_waiting(self) -> None:
        if self.is_waiting:
            self.is_waiting = False
            self.outlet.wake(0.0, self.clear)

    def log(self, words: str) -> None:
        """Write a line of a log."""
        self.outlet.write(f"{self.prefix}{words}\n")

    def clear(self) -> None:
        """Remove it from the terminal, so that others can write."""
        self._stop_waiting()
        if self.is_drawn:
            self.outlet.write(_CLEAR)
            self.is_drawn = False

    def _draw(self, parts: Sequence[Part], left: float | None) -> None:
        columns = max(1, self.outlet.columns() - 1)  # a terminal may begin a new line behind the last one
        name = Part(text=cut_middle(self.name, max(1, columns // _LARGEST_NAME)))
        end = "" if left is None else _left(left) if self.counts_down else f"ends about {self.outlet.time_of_day(left)}"
        ends = [Part(text=end)] if end else []
        kept = [name, *(p for p in parts if p.text[:1] != ","), *ends, *(p for p in parts if p.text[:1] == ",")]
        while columns_of(_join(kept)) > columns and any(p.rank for p in kept):
            kept.remove(max(kept, key=lambda p: p.rank))
        self.outlet.write(_CLEAR + cut_end(_join(kept), columns))
        self.is_drawn = True


def _join(parts: Sequence[Part]) -> str:
    texts = [plain(p.text) for p in parts]
    return texts[0] + "".join(t if t.startswith(",") else f"  {t}" for t in texts[1:])


def describe_seconds(seconds: float, *, decimals: int = 0) -> str:
    """Return a time in words; below two minutes in seconds, with so many decimals."""
    return f"{seconds:.{decimals}f} s" if seconds < _LONG else describe_time(seconds)


def _left(seconds: float) -> str:
    return f"about {describe_seconds(seconds)} left"


class RunLine:
    """Progress of `perfgate run`."""

    def __init__(self, outlet: Outlet, benchmark: str, *, runs: int, warmup: int) -> None:
        """Begin to measure.

        Args:
            outlet: where it is shown.
            benchmark: its name.
            runs: measured runs to come, >= 1.
            warmup: runs before them, >= 0.
        """
        prefix = f"perfgate run: {cut_middle(plain(benchmark), _LONGEST_LOGGED)}, "
        self._line = Line(outlet=outlet, name=benchmark, prefix=prefix, began=outlet.now())
        self._runs, self.warmup = runs, warmup
        self.done = 0
        """Measured runs done."""
        self._combination = ""
        self.times: dict[str, list[float]] = {}
        """Times of the runs by benchmark, in seconds."""

    def show(self, done: int, total: int, combination: str = "") -> None:
        """Show how many runs are done, of how many, warm-up included, and which combination of parameters is next."""
        self.done = max(0, done - self.warmup)
        self._combination = combination
        if done == total:
            self._line.clear()
            return
        warmup = f", {self.warmup} warm-up" if self.warmup else ""
        self._line.show(done, total, self._parts, title=f"{self._runs:,} run{'s' if self._runs > 1 else ''}{warmup}")
        if done < self.warmup:
            self._line.wait(f"warm-up run {done + 1:,} of {self.warmup:,}")

    def clear(self) -> None:
        """Remove the line."""
        self._line.clear()

    def _parts(self) -> list[Part]:
        parts = [Part(text=f"{self.done:,} of {self._runs:,} run{'s' if self._runs > 1 else ''}")]
        if self._combination:
            parts.append(Part(text=self._combination, rank=1, is_logged=False))
        if len(self.times) == 1:
            from perfgate.report.words import amount
            from perfgate.stats.quantiles import median
            from perfgate.stats.sessions import relative_spread

            times = next(iter(self.times.values()))
            parts.append(Part(text=f"median {amount(median(times), 's')}", rank=1))
            spread = relative_spread(times)
            if spread is not None and len(times) > 1:
                parts.append(Part(text=f"spread {spread:.1%}", rank=2))
        return parts


class AbLine:
    """Progress of a comparison."""

    def __init__(self, outlet: Outlet, verb: str = "ab") -> None:
        """Begin to compare, for a command of perfgate."""
        self._outlet, self._verb = outlet, verb
        self._line: Line | None = None
        self.last: Standing | None = None
        """How far it is; None: nothing was measured yet."""

    def show(self, standing: Standing) -> None:
        """Show how far it is."""
        self.last = standing
        if self._line is None:  # the set-up is over
            self._line = Line(
                outlet=self._outlet, name=self._verb, prefix=f"perfgate {self._verb}: ", began=self._outlet.now()
            )
        if standing.is_over:
            self._end(self._line, standing)
            return
        base, head = standing.names
        title = f"base {base}, head {head}, at most {_rounds(standing)}"
        self._line.show(standing.done, standing.total, lambda: _parts_of_ab(standing), title=title)
        warmup = 2 * standing.warmup * standing.combinations
        if standing.done < warmup:
            self._line.wait(f"warm-up run {standing.done + 1:,} of {warmup:,}")

    def clear(self) -> None:
        """Remove the line."""
        if self._line is not None:
            self._line.clear()

    def _end(self, line: Line, standing: Standing) -> None:
        """Remove the line; a log that has some says that the measuring stopped early, and what that saved."""
        line.clear()
        if not self._outlet.is_terminal and line.shown_at is not None and standing.done < standing.total:
            spent = self._outlet.now() - line.began
            saved = spent / standing.done * (standing.total - standing.done)
            line.log(f"stopped early after round {standing.round}: decided ({describe_seconds(saved)} saved)")


def _rounds(standing: Standing) -> str:
    size = min(standing.a_round, standing.most)
    each = f" of {standing.combinations} combinations" if standing.combinations > 1 else ""
    return f"{standing.rounds:,} round{'s' if standing.rounds > 1 else ''} of {size}+{size} runs{each}"


def _parts_of_ab(standing: Standing) -> list[Part]:
    base, head = standing.runs
    parts = [
        Part(text=f"round {standing.round:,} of {standing.rounds:,}"),
        Part(text=f"{base:,}+{head:,} runs", rank=3, is_logged=False),
    ]
    if standing.combination:
        parts.append(Part(text=standing.combination, rank=4, is_logged=False))
    finding = standing.estimate()
    if finding is not None:
        parts.append(Part(text=describe_estimate(finding, is_named=standing.combinations > 1), rank=1))
    if standing.is_decided is not None:
        parts.append(Part(text="decided" if standing.is_decided else "not decided", rank=2, is_logged=False))
    if standing.may_stop_early:
        parts.append(Part(text=", may stop early", rank=4, is_logged=False))
    return parts


def describe_estimate(finding: Finding, *, is_named: bool = False) -> str:
    """Return the change of a value with its interval, such as ``elapsed +18.3% (+5 to +24)``; named with its labels."""
    from perfgate.report.words import percent

    metric = title(finding.metric, finding.labels) if is_named else finding.metric
    what = metric if finding.statistic == "p50" else f"{metric} {finding.statistic}"
    numbers = percent(finding.change or 0.0)
    if finding.decision_interval is not None:
        low, high = (f"{100 * end:+,.0f}" for end in finding.decision_interval)
        numbers += f" ({low} to {high})"
    return f"{what} {numbers.replace('-', _MINUS)}"


class WorkLine:
    """Progress of one piece of work that is not measured, such as reading many files: on a terminal only."""

    def __init__(self, outlet: Outlet, began: float) -> None:
        """Show nothing yet.

        Args:
            outlet: where it is shown.
            began: when the work began, by the outlet's clock.
        """
        self._outlet, self._began = outlet, began
        self._line: Line | None = None

    def watch(self, doing: str, what: str, done: float, total: int, size: int) -> None:
        """Show how much is done, as `perfgate.core.text.steps.watch_work` says it."""
        if not self._outlet.is_terminal:
            return
        if self._line is None:
            self._line = Line(outlet=self._outlet, name=doing, prefix="", began=self._began, counts_down=True)
        if done >= total:
            self._line.clear()
            return
        self._line.show(done, total, lambda: self._parts(what, done, total, size), period=_REDRAWN)

    def clear(self) -> None:
        """Remove the line."""
        if self._line is not None:
            self._line.clear()

    def _parts(self, what: str, done: float, total: int, size: int) -> list[Part]:
        counted = f"{done:,.0f} of {total:,} {what}" if total > 1 else f"{done:.0%}"
        parts = [Part(text=counted)]
        if size:
            rate = size / max(self._outlet.now() - self._began, _REDRAWN)
            parts.append(Part(text=f"{rate / 1e6:,.{1 if rate < _FAST else 0}f} MB/s", rank=1))
        return parts


def find_outlet(environ: Mapping[str, str], *, is_quiet: bool = False) -> Outlet:
    """Return where this process shows progress: its stderr.

    Args:
        environ: ``CI`` and its like, and ``TERM=dumb``, make it a log also on a terminal.
        is_quiet: show nothing.
    """
    from perfgate.measure.machine.ci import name_ci

    stream = sys.stderr
    is_terminal = (
        stream is not None
        and not is_quiet
        and stream.isatty()
        and environ.get("TERM") != "dumb"
        and name_ci(environ) is None
    )
    return Outlet(
        write=_write_nothing if is_quiet or stream is None else _write,
        is_terminal=is_terminal,
        columns=_columns,
        now=time.monotonic,
        time_of_day=_time_of_day,
        wake=_wake,
    )


def _write_nothing(_text: str) -> None:
    """Write nothing."""


def _write(text: str) -> None:
    """Write to stderr; that it is gone, or cannot show a letter, must not change the outcome."""
    from perfgate.cli.output import echo

    try:
        text.encode(sys.stderr.encoding or "utf-8")
    except UnicodeError:
        text = text.replace(_MINUS, "-").replace("…", "~")
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        echo(text, err=True)
        sys.stderr.flush()


def _wake(seconds: float, call: Callable[[], None]) -> None:
    """Call a function once, in so many seconds; 0: none. By a signal: no thread is left beside measured runs."""
    with contextlib.suppress(ValueError, OSError, AttributeError):  # not in the main thread; no such signal on Windows
        if seconds:
            signal.signal(signal.SIGALRM, lambda *_: call())
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def _time_of_day(seconds: float) -> str:
    """Return the local time so many seconds from now; with the day where it is a day or more ahead."""
    form = "%H:%M:%S" if seconds < _DAY else "%d %b %H:%M"
    return time.strftime(form, time.localtime(time.time() + min(seconds, 1e9)))
