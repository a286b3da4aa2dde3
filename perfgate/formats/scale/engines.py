"""Where kernels run: processes of this machine, or the workers of a Dask cluster. The only door to distributed.

An engine is one function: ``map(kernel, parts, *shared)`` gives for each part its place and what the kernel returns, in
any order. Nothing depends on the order.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import warnings
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Protocol

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.steps import Work
from perfgate.formats.scale.database import MOST_LINKED, keep_database
from perfgate.formats.scale.parts import masked, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.formats.scale.parts import Part

ENGINES = ("local", "dask")
"""Names of the engines."""
MOST_PROCESSES = 16
"""Of one machine: each has a database of up to `kernel.MEMORY`."""
PATIENCE = 10
"""Seconds within which a scheduler answers."""
_ALONE = 60
"""Seconds after which a cluster without a worker is given up."""
_ASKED_AGAIN = 2
"""Seconds between two questions whether there is a worker."""
_AHEAD = 2
"""Parts that wait at each process, so that none is idle."""
_LONGEST_CAUSE = 200


class Engine(Protocol):
    """Runs a kernel on many parts."""

    def map(self, kernel: Callable[..., Any], parts: Sequence[Part], *shared: object) -> Iterator[tuple[int, Any]]:
        """Yield the place of each part, and what the kernel returns for it.

        Args:
            kernel: a function of a module.
            parts: its first argument, one after the other.
            shared: its other arguments, the same for all.

        Raises:
            CannotDecideError: the machines do not do it.
        """


class InProcess:
    """Runs kernels in this process, one part after the other."""

    def map(self, kernel: Callable[..., Any], parts: Sequence[Part], *shared: object) -> Iterator[tuple[int, Any]]:
        """Yield the place of each part, and what the kernel returns for it."""
        for i, part in enumerate(parts):
            yield i, kernel(part, *shared)


class Processes:
    """Runs kernels in processes of this machine; the parts of one that dies are done once more, by others."""

    def __init__(self, count: int, parts: Sequence[Part] = ()) -> None:
        """Start without a process; they are started by the first part.

        Args:
            count: how many processes, >= 1.
            parts: what they will read.
        """
        self._count = count
        self._urls = [p.url for p in parts if p.is_local][:MOST_LINKED]
        self._folder = tempfile.TemporaryDirectory(prefix="perfgate-", ignore_cleanup_errors=True)
        self._pool: futures.ProcessPoolExecutor | None = None
        self._is_warned = False

    def map(self, kernel: Callable[..., Any], parts: Sequence[Part], *shared: object) -> Iterator[tuple[int, Any]]:
        """Yield the place of each part, and what the kernel returns for it.

        Raises:
            CannotDecideError: a process died twice.
        """
        waiting = list(range(len(parts)))[::-1]
        running: dict[futures.Future[Any], int] = {}
        while waiting or running:
            try:
                while waiting and len(running) < _AHEAD * self._count:
                    running[self._started().submit(kernel, parts[waiting[-1]], *shared)] = waiting[-1]
                    waiting.pop()
                done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
                for each in done:
                    answer = each.result()
                    yield running.pop(each), answer
            except BrokenProcessPool:
                lost = sorted(running.values(), reverse=True)
                self._give_up_second_time([parts[i] for i in lost])
                waiting += lost
                running.clear()

    def _started(self) -> futures.ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
            with _hang_up_ignored():
                resource_tracker.ensure_running()
            self._pool = futures.ProcessPoolExecutor(
                self._count, mp_context=context, initializer=_begin, initargs=(self._folder.name, self._urls)
            )
        return self._pool

    def _give_up_second_time(self, lost: Sequence[Part]) -> None:
        self._end()
        if self._is_warned:
            message = "a process that reads was ended twice, by the system or by somebody"
            hint = "free memory: each process needs about 1 GB; or write smaller files"
            raise cannot_decide("engine-failed", message, place=lost[-1].name if lost else "", hint=hint)
        self._is_warned = True

    def close(self) -> None:
        """End the processes, and remove what they wrote."""
        self._end()
        self._folder.cleanup()

    def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _hang_up_ignored() -> Iterator[None]:
    """Let what is started meanwhile ignore that a terminal hangs up, which this process answers by ending in order.

    It is for the process in which Python notes what is to be removed: Python prints warnings if that one ends first.
    """
    number = getattr(signal, "SIGHUP", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL if before is None else before)


def _begin(folder: str, urls: Sequence[str]) -> None:
    """Prepare a process for some files: what it writes goes to a folder of the one that started it, and ends with it.

    Ctrl-C ends it without a word: the one that started it says it.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    tempfile.tempdir = folder
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    keep_database(urls)


def _end_with_parent(folder: str) -> None:
    """End this process as soon as the one that started it has ended, even if it was killed; remove what it left."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


class Cluster:
    """Runs kernels on the workers of a Dask cluster; what a worker that dies had is done by others, as Dask decides."""

    def __init__(self, client: Any, address: str) -> None:
        """Take a connection.

        Args:
            client: of `distributed`.
            address: of the scheduler, without secrets.
        """
        self._client = client
        self._address = address

    def map(self, kernel: Callable[..., Any], parts: Sequence[Part], *shared: object) -> Iterator[tuple[int, Any]]:
        """Yield the place of each part, and what the kernel returns for it.

        Raises:
            CannotDecideError: there is no worker, none can run the kernel, or the scheduler is gone.
        """
        import distributed

        wait: Callable[..., Any] = distributed.wait  # it has no types
        width = _AHEAD * max(1, sum(self._client.nthreads().values()))
        waiting = list(range(len(parts)))[::-1]
        running: dict[Any, int] = {}
        waited = _Waiting()
        while waiting or running:
            while waiting and len(running) < width:
                i = waiting.pop()
                running[self._client.submit(kernel, parts[i], *shared, pure=False)] = i
            try:
                with self._client.as_current():
                    done = wait(list(running), timeout=_ASKED_AGAIN, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                self._check_alive(waited)
                continue
            waited.end()
            for each in done:
                answer = self._answer_of(each)
                i = running.pop(each)
                each.release()
                yield i, answer

    def _check_alive(self, waited: _Waiting) -> None:
        """Return when somebody works, or may soon.

        Raises:
            CannotDecideError: the scheduler is gone, or there has been no worker for too long.
        """
        if self._client.status != "running":
            raise self._failed("the connection to the scheduler is lost")
        if self._client.nthreads():
            waited.end()
        elif waited.add(_ASKED_AGAIN) >= _ALONE:
            message = f"the cluster has had no worker for {_ALONE} seconds"
            raise self._failed(message, f"start workers: dask worker {self._address}")

    def _answer_of(self, done: Any) -> Any:
        """Return what the kernel returned.

        Raises:
            CannotDecideError: it returned nothing.
        """
        if done.status == "finished":
            return done.result()
        caught = done.exception() if done.status == "error" else None
        if isinstance(caught, ImportError):
            cause = masked(str(caught))[:_LONGEST_CAUSE]
            hint = "install the same perfgate[scale] on every worker"
            message = f"a worker cannot import what counts: {cause}"
            raise cannot_decide("engine-failed", message, place=self._address, hint=hint)
        if caught is None or type(caught).__name__ == "KilledWorker":
            raise self._failed("workers died again and again while they read a part")
        raise self._failed(f"a worker failed: {masked(f'{type(caught).__name__}: {caught}')[:_LONGEST_CAUSE]}")

    def _failed(self, message: str, hint: str = "") -> CannotDecideError:
        hint = hint or "read the workers' logs, give them memory, and run the command again"
        return cannot_decide("engine-failed", message, place=self._address, hint=hint)


class _Waiting:
    """For how long a cluster has had no worker, shown to whoever watches."""

    def __init__(self) -> None:
        self._seconds = 0
        self._work: Work | None = None

    def add(self, seconds: int) -> int:
        """Count some seconds; return how many there are."""
        self._work = self._work or Work("waiting for a worker of the cluster", "seconds", _ALONE)
        self._work.add(seconds)
        self._seconds += seconds
        return self._seconds

    def end(self) -> None:
        """Start anew: there is one."""
        if self._work is not None:
            self._work.add(_ALONE - self._seconds)
            self._seconds, self._work = 0, None


@contextmanager
def started(engine: str, scheduler: str, parts: Sequence[Part]) -> Iterator[Engine]:
    """Yield the engine that was asked for; what it started ends with the block.

    Args:
        engine: one of `ENGINES`.
        scheduler: address of Dask's; empty for the processes of this machine.
        parts: what it is for.

    Raises:
        CannotDecideError: a library is missing, or the scheduler does not answer.
    """
    if engine == "dask":
        with _connected(scheduler) as cluster:
            yield cluster
        return
    count = min(len(parts), os.cpu_count() or 1, MOST_PROCESSES)
    if count == 1 or any(p.is_of_this_process for p in parts):
        yield InProcess()
        return
    processes = Processes(count, parts)
    try:
        yield processes
    finally:
        processes.close()


@contextmanager
def _connected(scheduler: str) -> Iterator[Cluster]:
    try:
        import distributed
    except ImportError:
        raise missing("distributed", "dask") from None
    import asyncio  # of the cluster alone: it takes 30 ms in each process

    address = masked(scheduler)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it retries for minutes, line by line
    connect: Callable[..., Any] = distributed.Client  # it has no types
    try:
        asyncio.run(_greet(scheduler))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions, which the answers of the workers state
            client = connect(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as caught:
        cause = " ".join(masked(f"{type(caught).__name__}: {caught}").split())[:_LONGEST_CAUSE]
        message = f"no scheduler of Dask answers within {PATIENCE} seconds ({cause})"
        hint = "correct --scheduler, such as tcp://HOST:8786; or start one: dask scheduler"
        raise cannot_decide("engine-failed", message, place=address, hint=hint) from None
    with client:
        yield Cluster(client, address)


async def _greet(scheduler: str) -> None:
    """Return when a scheduler answers: a client that meets none takes another 20 seconds to give up."""
    from distributed import Security, comm

    untyped: Any = comm
    settings: Any = Security
    found = await untyped.connect(scheduler, timeout=PATIENCE, **settings().get_connection_args("client"))
    await found.close()
