"""Where kernels run: what a process, a worker or a scheduler that is not there costs."""

import logging
import sys

import pytest
from scale_kernels import die_always, die_once, name_of

from perfgate.core.errors import CannotDecideError
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


@pytest.mark.parametrize("library", ["duckdb", "distributed"])
def test_a_library_that_is_not_installed_is_named_with_what_installs_it(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    ask = versions_here if library == "duckdb" else engines._connected("tcp://127.0.0.1:9").__enter__
    with pytest.raises(CannotDecideError) as caught:
        ask()
    (found,) = caught.value.diagnostics
    assert (found.slug, found.message) == ("extra-missing", f"{library} is not installed: --engine needs it")
    assert f"perfgate[{'scale' if library == 'duckdb' else 'dask'}]" in found.hint
