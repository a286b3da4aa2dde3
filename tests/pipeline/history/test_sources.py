"""Two sources of one history: what a baseline states of a session counts, and the ledger adds the others."""

from __future__ import annotations

from perfgate.core.errors import note
from perfgate.core.history.past import BenchmarkHistory, History, Past, Reading
from perfgate.core.metrics import ELAPSED
from perfgate.pipeline.history.sources import merge


def past(session: str, hour: int, value: float) -> Past:
    reading = Reading(metric=ELAPSED, sources=(), n=5, p50=value, p95=None)
    return Past(
        session=session, started_at=f"2026-01-01T{hour:02d}:00:00Z", recorded_at="", machine="", commit="",
        rows_used=(), environment=(), restart=None, readings={"elapsed": reading},
    )  # fmt: skip


def benchmark(
    *sessions: Past, name: str = "train", machine_class: str = "ci", present: bool = True
) -> BenchmarkHistory:
    return BenchmarkHistory(
        machine_class=machine_class, benchmark=name, labels=(), is_present=present, sessions=sessions
    )


def history(source: str, *benchmarks: BenchmarkHistory) -> History:
    return History(source=source, benchmarks=benchmarks, notes=(note("history-shallow", source),))


def test_the_baselines_statement_of_a_session_counts_whichever_batch_it_is_of() -> None:
    baselines = history("versions", benchmark(past("a/1", 1, 1.0), past("c", 3, 3.0), present=False))
    ledger = history("records", benchmark(past("a", 1, 9.0), past("b", 2, 2.0), past("d", 4, 4.0)))
    found = merge(baselines, ledger)
    (one,) = found.benchmarks
    assert [(s.session, s.readings["elapsed"].p50) for s in one.sessions] == [
        ("a/1", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0),
    ]  # fmt: skip
    assert (one.is_present, found.source) == (False, "versions and records")
    assert [n.message for n in found.notes] == ["versions", "records"]


def test_classes_and_benchmarks_that_one_source_lacks_stay_as_they_are_in_order() -> None:
    baselines = history("versions", benchmark(past("a", 1, 1.0), name="score"))
    ledger = history("records", benchmark(past("a", 1, 2.0)), benchmark(past("a", 1, 3.0), machine_class="laptop"))
    found = merge(baselines, ledger)
    assert [(b.machine_class, b.benchmark) for b in found.benchmarks] == [
        ("ci", "score"), ("ci", "train"), ("laptop", "train"),
    ]  # fmt: skip


def test_a_source_that_holds_nothing_is_not_named() -> None:
    some = history("records", benchmark(past("a", 1, 1.0)))
    assert merge(history("versions"), some).source == "records"
    assert merge(history("versions"), history("")).source == "versions"
