"""The plugin of pytest: with ``--perfgate`` tests measure functions by the fixtures `perfgate` and `benchmark`.

pytest loads it in every run, so that nothing of perfgate is imported before it is asked to measure.
"""

from __future__ import annotations

import os
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from _pytest.terminal import TerminalReporter

    from perfgate.measure.calls.fixture import Benchmark
    from perfgate.measure.regions.functions import Regions

_FIXTURES = frozenset({"benchmark", "perfgate", "request"})
"""Those by which a test can measure: by `request` it, or a fixture of it, may ask for another one while it runs."""
_COUNTS = "PERFGATE_COUNTS"
"""As `perfgate.measure.variables.FOLDER_OF_COUNTS`, which is not imported before it is needed."""
_OURS = "perfgate-benchmark"
_THEIRS = ("pytest_benchmark.plugin", "pytest_codspeed.plugin")
"""Modules of plugins that have a fixture `benchmark` of their own; their names differ by how they are loaded."""
_SECONDS = 0.3
_MOST_LINES = 20
_KNOWN = frozenset(
    {
        "calibration_precision",
        "cprofile",
        "disable_gc",
        "extra_info",
        "group",
        "max_time",
        "min_rounds",
        "min_time",
        "timer",
        "warmup",
        "warmup_iterations",
    }
)
"""What the mark `benchmark` may say, as in pytest-benchmark; `group`, `max_time` and `extra_info` have an effect."""
_WEAVE = "the fixture benchmark_weave is not known to perfgate: call benchmark(function) in the test"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("perfgate")
    group.addoption("--perfgate", action="store_true", help="Measure what tests give to benchmark or perfgate.")
    words = "Count instructions in place of time: pytest runs under Valgrind."
    group.addoption("--perfgate-counts", action="store_true", help=words)
    group.addoption(
        "--perfgate-time",
        type=float,
        default=_SECONDS,
        metavar="SECONDS",
        help=f"Time of each benchmark (default: {_SECONDS}).",
    )
    group.addoption(
        "--perfgate-out",
        metavar="DIR",
        help="Folder of the run files (default: PERFGATE_OUT, else outputs/model_runs).",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run all of pytest under Valgrind where counts are asked for; None: go on in this process."""
    if not config.getoption("--perfgate-counts") or os.environ.get(_COUNTS):
        return None
    from perfgate.measure.calls.counted import run_under_counter
    from perfgate.measure.regions.requests import RegionError

    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)  # else the new program writes into files of this one
    try:
        return run_under_counter(["-m", "pytest", *map(str, config.invocation_params.args)])
    except RegionError as error:
        raise pytest.UsageError(f"--perfgate-counts: {error}") from None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take the place of another plugin's `benchmark` where measuring is asked for; else leave it alone."""
    line = "benchmark(group, max_time, extra_info, ...): how perfgate or pytest-benchmark measures a test"
    config.addinivalue_line("markers", line)
    plugins = config.pluginmanager
    is_measuring = config.getoption("--perfgate") or config.getoption("--perfgate-counts")
    others = [plugin for plugin in plugins.get_plugins() if getattr(plugin, "__name__", "") in _THEIRS]
    if not is_measuring:
        if not others:
            plugins.register(_Taken(), _OURS)
        return
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        raise pytest.UsageError("--perfgate measures in one process: leave -n out, or add -p no:xdist")
    if not 0.0 < config.getoption("--perfgate-time") < float("inf"):
        raise pytest.UsageError("--perfgate-time must be a number of seconds above 0")
    for plugin in others:
        plugins.unregister(plugin)
    plugins.register(_Taken(), _OURS)
    plugins.register(_Session(config), "perfgate-session")


class _Taken:
    """The fixture `benchmark`, where no other plugin has it."""

    @pytest.fixture
    def benchmark(self, perfgate: Benchmark) -> Benchmark:
        """Measure a function: ``benchmark(function, *args)``."""
        return perfgate

    @pytest.fixture
    def benchmark_weave(self) -> None:
        """Refuse: nothing would be measured."""
        pytest.fail(_WEAVE, pytrace=False)


@pytest.fixture
def perfgate(request: pytest.FixtureRequest) -> Benchmark:
    """Measure a function: ``perfgate(function, *args)`` returns its result. Without ``--perfgate`` it runs once."""
    from perfgate.measure.calls.fixture import Benchmark

    mark = request.node.get_closest_marker("benchmark")
    options: dict[str, Any] = dict(mark.kwargs) if mark else {}
    if unknown := sorted(options.keys() - _KNOWN):
        pytest.fail(f"the mark benchmark has no {unknown[0]}; known: {', '.join(sorted(_KNOWN))}", pytrace=False)
    session: _Session | None = request.config.pluginmanager.get_plugin("perfgate-session")
    is_measuring = session is not None and session.is_measuring
    seconds = request.config.getoption("--perfgate-time")
    try:
        is_time = options.get("max_time") is None or float(options["max_time"]) > 0
    except (TypeError, ValueError):
        is_time = False
    if not is_time:
        pytest.fail("max_time of the mark benchmark must be a number of seconds above 0", pytrace=False)
    fixture = Benchmark(
        request.node.nodeid,
        is_measuring=is_measuring,
        seconds=seconds,
        options=options,
        regions=session.regions if session is not None else None,
    )
    request.node.perfgate_benchmark = fixture
    return fixture


def _require_writable(folder: str) -> None:
    """Make the folder of the run files, if it is missing, and return when files can be written into it.

    Raises:
        UsageError: they cannot.
    """
    from tempfile import TemporaryFile

    try:
        os.makedirs(folder, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        message = f"--perfgate: run files cannot be written into {folder!a} ({getattr(error, 'strerror', error)})"
        raise pytest.UsageError(f"{message}: name another folder by --perfgate-out") from None


def _name_of(item: pytest.Item) -> str:
    """Return the node id from the top of the repository: the same wherever pytest is called, on both sides of ab."""
    path = item.path
    top = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    if top is None:
        return item.nodeid
    _, mark, inner = item.nodeid.partition("::")
    return f"{path.relative_to(top).as_posix()}{mark}{inner}"


def _misuse_in(error: BaseException) -> str:
    """Return what a test does wrong, which is shown without the way through our own files; empty: another error."""
    from perfgate.measure.calls.fixture import BenchmarkError
    from perfgate.measure.regions.requests import RegionError

    return str(error) if isinstance(error, BenchmarkError | RegionError) else ""


class _Session:
    """A run of pytest that measures: what it found, and where it is written."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        from perfgate.measure.variables import PROCESS

        is_warmup = not PROCESS.read_switch("PERFGATE_WRITE")
        self._out = config.getoption("--perfgate-out") or os.environ.get("PERFGATE_OUT") or "outputs/model_runs"
        self._id = ""
        self._found: dict[str, Benchmark] = {}
        self._is_empty = False
        folder = os.environ.get(_COUNTS, "") if config.getoption("--perfgate-counts") else ""
        self.regions: Regions | None = None
        """Counts instructions; None: time is measured."""
        self.is_measuring = not is_warmup or bool(folder)
        """Else functions run once: a warm-up run fills caches. One that counts does all that is done later, since what
        is compiled meanwhile changes where objects lie in memory, and by that the counts."""
        if folder and is_warmup:
            self._out = folder
        if folder:
            from perfgate.measure.regions.functions import Regions, is_for_functions
            from perfgate.measure.regions.requests import RegionError

            if not is_for_functions(folder):
                raise pytest.UsageError("--perfgate-counts starts Valgrind itself: leave --counts of perfgate out")
            try:
                self.regions = Regions(folder)
            except RegionError as error:
                raise pytest.UsageError(f"--perfgate-counts: {error}") from None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Refuse a run that would measure nothing, or could not write what it measures.

        Raises:
            UsageError: it would not.
        """
        if self._config.getoption("collectonly"):
            return
        if not any(_FIXTURES.intersection(getattr(item, "fixturenames", ())) for item in session.items):
            raise pytest.UsageError("--perfgate: no test that was collected uses the fixture benchmark or perfgate")
        if self.is_measuring:
            _require_writable(self._out)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Keep what a test measured; one that asked for the fixture and measured nothing fails."""
        outcome = yield
        fixture: Benchmark | None = getattr(item, "perfgate_benchmark", None)
        if fixture is None:
            return
        if outcome.excinfo is not None:
            if message := _misuse_in(outcome.excinfo[1]):
                outcome.force_exception(pytest.fail.Exception(message, pytrace=False))
            return
        if not fixture.is_used:
            message = "the test asks for benchmark or perfgate, and measured nothing: call it with a function"
            outcome.force_exception(pytest.fail.Exception(message, pytrace=False))
        elif fixture.timed is not None:
            try:
                self._keep(_name_of(item), fixture)
            except (OSError, ValueError) as error:
                outcome.force_exception(pytest.fail.Exception(f"cannot write its run file: {error}", pytrace=False))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Make a run that measured nothing no success: its tests were skipped, or another fixture took them."""
        if (
            self._found
            or exitstatus != pytest.ExitCode.OK
            or not self.is_measuring
            or self._config.getoption("collectonly")
        ):
            return
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
        self._is_empty = True

    def _keep(self, nodeid: str, fixture: Benchmark) -> None:
        from perfgate.core.measured import MEANS_OF_CALLS
        from perfgate.measure.calls.series import session_of_process, shorten_name, write_series

        if nodeid in self._found:
            raise ValueError("two tests have one name, and would be one benchmark")
        self._id = self._id or session_of_process()
        timed = fixture.timed
        if timed is None:  # pragma: no cover - asked before
            return
        write_series(
            shorten_name(nodeid),
            timed.values,
            metric="time" if self.regions is None else "instructions",
            unit="s" if self.regions is None else "1",
            source=(MEANS_OF_CALLS if timed.loops > 1 else "") if self.regions is None else self.regions.source,
            labels={"group": fixture.group} if fixture.group else {},
            session=self._id,
            out=self._out,
            began_ns=fixture.began_ns,
        )
        self._found[nodeid] = fixture

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Show what was measured, and what comes next."""
        if self._is_empty:
            words = "nothing was measured: the tests were skipped, or asked for no fixture benchmark of perfgate"
            terminalreporter.section("perfgate", red=True)
            terminalreporter.write_line(words)
        if not self._found:
            return
        from perfgate.measure.calls.table import draw_table

        terminalreporter.section("perfgate")
        rows = [(name, f.timed) for name, f in self._found.items() if f.timed is not None]
        table = draw_table(rows, most=_MOST_LINES, width=get_terminal_size().columns, counts=self.regions is not None)
        for line in table:
            terminalreporter.write_line(line)
        number = f"{len(rows)} benchmark{'s' if len(rows) != 1 else ''}"
        terminalreporter.write_line(f"{number} in {self._out}; next: perfgate check, or perfgate baseline refresh")
