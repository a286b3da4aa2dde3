"""`perfgate run --profile`: one more repetition under a profiler, whose calls and functions the last run keeps."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perfgate.collect.uncounted import calls_raced
from perfgate.core.errors import CannotDecideError, note, warning
from perfgate.core.profile import title
from perfgate.core.text.strict_json import load_json
from perfgate.formats.discovery import LARGEST_RUN
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.command.run import run_command
from perfgate.measure.profiling.report import MOST_FUNCTIONS
from perfgate.measure.profiling.settings import switched_on, switched_on_by
from perfgate.measure.summary import encode_summary, write_summary
from perfgate.measure.tracing.settings import FILE as TRACE_FILE
from perfgate.measure.tracing.settings import GOLDEN
from perfgate.pipeline.measuring.parameters import join_labels
from perfgate.pipeline.measuring.refusals import failed
from perfgate.pipeline.measuring.run import build_environ, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.pipeline.measuring.run import MeasuringJob

_LARGEST_RECORDS = 1 << 24
_LARGEST_PROFILE = 1 << 18
_TIMES_SLOWER = 10
"""How much more time than a run a profiled one may take: code that does nothing but call takes five times as long."""
_OTHER_PROFILER = "leave --profile out: a program that uses a profiler of its own has no function_calls"
_SECOND_PROFILER = "Another profiling tool is already active"
"""What a second profiler raises in the measured program, from Python 3.12 on."""
_HINT = 'put what matters into "with perfgate.profile():" in a Python program, or leave --profile out'

Named = tuple[str, tuple[tuple[str, str], ...]]
"""Name of a benchmark and its labels."""


def measure_and_profile(
    jobs: Sequence[MeasuringJob],
    *,
    runs: int,
    warmup: int,
    on_summary: Callable[[str], None],
    on_progress: Callable[[int, int, str], None],
) -> tuple[list[str], list[Diagnostic]]:
    """Measure a command as `measure` does, then run it once more under a profiler, whose time is thrown away.

    The arguments are those of `measure`. The last summary of each benchmark is given to `on_summary`
    at the end, with its profile.

    Returns:
        The files of the summaries, and a warning for each benchmark that left no profile, or one without a count.

    Raises:
        CannotDecideError: a run failed, the profiled one included: then the runs before it stand.
    """
    waiting: dict[Named, str] = {}

    def hold(line: str) -> None:
        name = _name_of(json.loads(line))
        if name in waiting:
            on_summary(waiting.pop(name))
        waiting[name] = line

    warnings: list[Diagnostic] = []
    try:
        written = measure(jobs, runs=runs, warmup=warmup, on_summary=hold, on_progress=on_progress)
        last = _last_of(written)
        for job in jobs:
            own = {name: path for name, path in last.items() if set(job.labels) <= set(name[1])}
            profiles, is_spoilt = _profile(job)
            for name, path in own.items():
                found = profiles.get(name) or (profiles.get(None) if len(own) == 1 else None)
                place = title(name[0] or job.benchmark, job.labels)
                if found is None:
                    warnings.append(_missing(place, is_spoilt=is_spoilt))
                    continue
                if found.get("function_calls") is None:
                    warnings.append(calls_raced(place))
                waiting[name] = json.dumps(_with_profile(path, found), ensure_ascii=False)
    finally:
        for line in waiting.values():
            on_summary(line)
    return written, warnings


def profiling_off() -> list[Diagnostic]:
    """Return a note when this process's environment asks for profiling, which the measured command does not get."""
    name = switched_on_by()
    if not name:
        return []
    message = f"{name} is switched off for the measured command: a profiled run takes longer"
    return [note("profiling-off", message, hint="perfgate run --profile counts calls in one more repetition")]


def _missing(benchmark: str, *, is_spoilt: bool) -> Diagnostic:
    """Return the warning that a benchmark has no profile; `is_spoilt`: the program used a profiler of its own."""
    if is_spoilt:
        message = "the program started a profiler of its own in what was profiled, so that its calls were not counted"
        return warning("profile-missing", message, place=benchmark, hint=_OTHER_PROFILER)
    return warning("profile-missing", "the profiled repetition left no profile", place=benchmark, hint=_HINT)


def _name_of(summary: dict[str, Any]) -> Named:
    labels = summary.get("labels") or {}
    return str(summary.get("benchmark") or ""), tuple(sorted(labels.items()))


def _read(path: str) -> dict[str, Any]:
    content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
    summary: dict[str, Any] = load_json(content, path, "run-invalid", "measure again")
    return summary


def _last_of(written: Iterable[str]) -> dict[Named, str]:
    """Return the file of the last run of each benchmark."""
    return {_name_of(_read(path)): path for path in written}


def _with_profile(path: str, profile: dict[str, Any]) -> dict[str, Any]:
    """Put a profile into a run summary, written whole, and return the summary."""
    summary = {**_read(path), "profile": profile}
    write_summary(summary, os.path.dirname(path))
    return summary


def _profile(job: MeasuringJob) -> tuple[dict[Named | None, dict[str, Any]], bool]:
    """Run the command once under a profiler; return what `_merge` does.

    Raises:
        CannotDecideError: it failed.
    """
    with tempfile.TemporaryDirectory(prefix="perfgate-") as scratch:
        path = os.path.join(scratch, "profiles")
        profiled = replace(
            job,
            variables=(
                *job.variables,
                *switched_on(path),
                *_nowhere(scratch),
            ),
            timeout=None if job.timeout is None else job.timeout * _TIMES_SLOWER,
        )
        env = build_environ(profiled, os.path.join(scratch, "receipt"), is_warmup=True)
        result = run_command(profiled.argv, env=env, timeout=profiled.timeout, cwd=profiled.folder, keep_output=False)
        if not result.is_ok():
            hint = _OTHER_PROFILER if _SECOND_PROFILER in result.stderr_tail else ""
            what = f"the profiled repetition{profiled.with_values}"
            raise failed(profiled.argv, profiled.title, result, what, hint=hint)
        if not os.path.exists(path):
            return {}, False
        profiles, is_spoilt = _merge(read_bounded(path, limit=_LARGEST_RECORDS, slug="run-unreadable"))
    return {_labelled(name, job): profile for name, profile in profiles.items()}, is_spoilt


def _labelled(name: Named | None, job: MeasuringJob) -> Named | None:
    """Return the name of a benchmark with the combination of parameters, as its summaries have it."""
    return None if name is None else (name[0], tuple(sorted(join_labels(name[0], dict(name[1]), job.labels).items())))


def _nowhere(scratch: str) -> tuple[tuple[str, str | None], ...]:
    """Return variables that keep what the profiled program measures away from what others judge."""
    return (("PERFGATE_OUT", scratch), (TRACE_FILE, None), (GOLDEN, None))


def _merge(content: bytes) -> tuple[dict[Named | None, dict[str, Any]], bool]:
    """Return the profiles that the processes of a program left, and whether some are spoilt.

    Of a benchmark the last profile counts; of blocks in no run the sum, under None, when it is whole.
    """
    found: dict[Named | None, dict[str, Any]] = {}
    is_spoilt = False
    for line in content.splitlines():
        # A process was killed while it wrote, or writes what is no profile.
        with suppress(ValueError, RecursionError, KeyError, TypeError, AttributeError, CannotDecideError):
            record = json.loads(line)
            is_spoilt = is_spoilt or bool(record.get("is_spoilt"))
            run, profile = record["run"], record["profile"]
            name = None if run is None else _name_of(run)
            hash(name)
            _check(profile)
            if name is None and None in found:
                profile = _add(found[None], profile)
            found[name] = profile
    if is_spoilt:
        found.pop(None, None)
    return found, is_spoilt


def _check(profile: dict[str, Any]) -> None:
    """Raise what a summary with such a profile would raise when it is read."""
    summary = {"run_id": "r", "elapsed_sec": 0.0, "rows_used": 0, "peak_memory_mb": 0.0, "profile": profile}
    content = encode_summary(summary).encode()
    if len(content) > _LARGEST_PROFILE:
        raise ValueError("too large")
    SummaryReader().parse(content, "profile", "")


def _add(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the sum of two processes' profiles; of another interpreter the first one stands."""
    if one["fingerprint"] != other["fingerprint"]:
        return one
    functions: dict[tuple[str, str, int], dict[str, Any]] = {}
    for f in (*one["functions"], *other["functions"]):
        key = (f["function"], f["file"], f["line"])
        known = functions.get(key)
        sums = {} if known is None else {name: known[name] + f[name] for name in ("calls", "own_ns", "cumulative_ns")}
        functions[key] = {**f, **sums}
    dearest = sorted(functions.values(), key=lambda f: -f["cumulative_ns"])[:MOST_FUNCTIONS]
    counts = [p.get("function_calls") for p in (one, other)]
    return {
        **one,
        "function_calls": None if None in counts else sum(counts),
        "skipped": one["skipped"] + other["skipped"],
        "functions": dearest,
    }
