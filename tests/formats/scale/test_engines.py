"""Where kernels run: what a process, a worker or a scheduler that is not there costs."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scale_kernels
from scale_kernels import die_always, die_once, name_of

from perfgate.core.errors import CannotDecideError
from perfgate.core.text.steps import watch_work
from perfgate.formats.scale import engines
from perfgate.formats.scale.kernel import versions_here
from perfgate.formats.scale.parts import Part

PARTS = [Part(name=name, url=f"/{name}", size=1) for name in "abc"]


@pytest.fixture
def processes():
    found = engines.Processes(2)
    yield found
    found.close()


def test_every_part_is_answered_with_its_place(processes):
    expected = [(i, (part.name, "x")) for i, part in enumerate(PARTS)]
    assert sorted(processes.map(name_of, PARTS, "x")) == expected
    assert sorted(engines.InProcess().map(name_of, PARTS, "x")) == expected


def test_the_parts_of_a_process_that_dies_are_done_once_more(processes, tmp_path):
    assert sorted(processes.map(die_once, PARTS, str(tmp_path / "marker"))) == [(0, "a"), (1, "b"), (2, "c")]


def test_a_process_that_dies_twice_is_one_error(processes):
    with pytest.raises(CannotDecideError) as caught:
        list(processes.map(die_always, PARTS))
    (found,) = caught.value.diagnostics
    assert found.slug == "engine-failed"
    assert "was ended twice" in found.message


_STARTED = """
import signal, sys
from perfgate.formats.scale.engines import Processes
from perfgate.formats.scale.parts import Part
from scale_kernels import stay

def stop(*_):
    raise KeyboardInterrupt

if __name__ == "__main__":
    signal.signal(signal.SIGHUP, stop)
    processes = Processes(2)
    try:
        list(processes.map(stay, [Part(name=name, url=name, size=1) for name in "ab"], sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(2)
    finally:
        processes.close()
"""


@pytest.fixture
def working(tmp_path):
    """A process whose two processes work: it, and what each of them says of itself."""
    script = tmp_path / "started.py"
    script.write_text(_STARTED)
    path = os.pathsep.join([str(Path(scale_kernels.__file__).parent), *sys.path])
    with open(tmp_path / "stderr", "w") as stderr:
        running = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path)],
            stderr=stderr,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": path},
        )
    try:
        wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
        found = [path.read_text().split() for path in tmp_path.glob("*.pid")]
        yield running, [int(pid) for pid, _ in found], [Path(folder) for _, folder in found]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def wait_for(is_so):
    """Return when something is so; fail after half a minute."""
    until = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")


@needs_proc
def test_the_processes_of_one_that_is_killed_end_and_leave_no_file(working):
    running, pids, folders = working
    assert all(map(is_running, pids))
    assert all(folder.exists() for folder in folders)
    running.kill()
    wait_for(lambda: not any(map(is_running, pids)))
    assert not any(folder.parent.exists() for folder in folders)


@needs_proc
def test_a_terminal_that_hangs_up_ends_all_without_a_word(working, tmp_path):
    running, pids, folders = working
    os.killpg(running.pid, signal.SIGHUP)
    assert running.wait(timeout=120) == 2
    assert (tmp_path / "stderr").read_text() == ""
    wait_for(lambda: not any(map(is_running, pids)))
    assert not any(folder.parent.exists() for folder in folders)


class Done:
    """A future of distributed."""

    def __init__(self, caught):
        self.caught = caught
        self.status = "error"

    def exception(self):
        return self.caught


KilledWorker = type("KilledWorker", (Exception,), {})  # named like the error of distributed


@pytest.mark.parametrize(
    ("caught", "words"),
    [
        (ModuleNotFoundError("No module named 'perfgate'"), "a worker cannot import what counts: No module named"),
        (KilledWorker("task", "tcp://1"), "workers died again and again"),
        (KeyError("s3://k:hunter2@b"), "a worker failed: KeyError"),
    ],
)
def test_what_a_worker_raises_is_one_error_without_secrets(caught, words):
    cluster = engines.Cluster(client=None, address="tcp://host:8786")
    with pytest.raises(CannotDecideError) as raised:
        cluster._answer_of(Done(caught))
    (found,) = raised.value.diagnostics
    assert (found.slug, found.place) == ("engine-failed", "tcp://host:8786")
    assert words in found.message
    assert "hunter2" not in found.message


@pytest.fixture
def quiet_distributed(monkeypatch):
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    monkeypatch.setattr(engines, "PATIENCE", 1)
    logger = logging.getLogger("distributed")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tcp://user:hunter2@127.0.0.1:9", "nonsense://x"])
def test_a_scheduler_that_is_not_there_is_one_error_after_a_short_time(quiet_distributed, address):
    with pytest.raises(CannotDecideError) as caught, engines.started("dask", address, PARTS):
        pass
    (found,) = caught.value.diagnostics
    assert found.slug == "engine-failed"
    assert found.message.startswith("no scheduler of Dask answers within 1 seconds")
    assert "hunter2" not in "\n".join(found.lines())


def test_a_cluster_without_a_worker_is_one_error_that_says_how_to_start_one_and_whoever_watches_is_shown_the_wait(
    quiet_distributed, monkeypatch
):
    from distributed import LocalCluster

    monkeypatch.setattr(engines, "_ALONE", 2)
    monkeypatch.setattr(engines, "_ASKED_AGAIN", 1)
    monkeypatch.setattr(engines, "PATIENCE", 10)
    shown = []
    watch_work(lambda: lambda *facts: shown.append(facts[:4]))
    try:
        with LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as cluster:
            address = cluster.scheduler_address
            with engines.started("dask", address, PARTS) as engine, pytest.raises(CannotDecideError) as caught:
                list(engine.map(name_of, PARTS))
    finally:
        watch_work(None)
    (found,) = caught.value.diagnostics
    assert found.message == "the cluster has had no worker for 2 seconds"
    assert found.hint == f"start workers: dask worker {address}"
    assert shown[0] == ("waiting for a worker of the cluster", "seconds", 1, 2)


@pytest.mark.parametrize("library", ["duckdb", "distributed"])
def test_a_library_that_is_not_installed_is_named_with_what_installs_it(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    ask = versions_here if library == "duckdb" else engines._connected("tcp://127.0.0.1:9").__enter__
    with pytest.raises(CannotDecideError) as caught:
        ask()
    (found,) = caught.value.diagnostics
    assert (found.slug, found.message) == ("extra-missing", f"{library} is not installed: --engine needs it")
    assert f"perfgate[{'scale' if library == 'duckdb' else 'dask'}]" in found.hint
