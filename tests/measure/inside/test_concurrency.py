from __future__ import annotations

import asyncio
import threading

import pytest
from measured_programs import summaries

from perfgate.measure import measure_run_context


def test_async_tasks_that_take_turns_are_measured_apart():
    async def work(rows, turns):
        with measure_run_context(benchmark=f"task{rows}", rows_used=rows) as run:
            for _ in range(turns):
                await asyncio.sleep(0.002)
        return run.to_dict()

    async def main():
        return await asyncio.gather(work(1, 10), work(2, 1))

    long, short = asyncio.run(main())
    assert (long["rows_used"], short["rows_used"]) == (1, 2)
    assert long["elapsed_ns"] > short["elapsed_ns"]
    assert len(summaries()) == 2


def test_a_cancelled_task_is_failed():
    async def main():
        async def work():
            with measure_run_context():
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert summaries()[0]["status"] == "failed"


def test_many_threads_write_a_file_each():
    def work():
        for _ in range(20):
            with measure_run_context():
                pass

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(summaries()) == 100


def test_a_forked_child_leaves_its_parents_run_alone(python, tmp_path):
    python(
        """
        import os, sys
        from perfgate.measure import measure_run_context
        with measure_run_context(benchmark="parent"):
            child = os.fork()
            if child == 0:
                with measure_run_context(benchmark="child"):
                    pass
                sys.exit(3)  # runs out of the parent's block, too
            os.waitpid(child, 0)
        """,
        PERFGATE_RECEIPT=str(tmp_path / "receipt"),
    )
    assert len((tmp_path / "receipt").read_text().splitlines()) == 2
    assert {s["benchmark"]: s["status"] for s in summaries()} == {"parent": "ok", "child": "ok"}


def test_default_run_ids_of_forked_children_differ(python):
    done = python(
        """
        import os
        from perfgate.measure import measure_run_context
        for _ in range(3):
            if os.fork() == 0:
                with measure_run_context(write=False) as run:
                    os.write(1, run.run_id.encode() + b"\\n")
                os._exit(0)
        for _ in range(3):
            os.wait()
        """
    )
    assert len(set(done.stdout.split())) == 3


def test_a_context_may_be_left_in_another_thread():
    context = measure_run_context()
    context.__enter__()
    thread = threading.Thread(target=context.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    assert len(summaries()) == 1
