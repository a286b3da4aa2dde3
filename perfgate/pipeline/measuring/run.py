"""`perfgate run`: measure a command several times and write one summary per run."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct, field
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.profile import title
from perfgate.core.session_id import SessionId
from perfgate.core.text.steps import log_step
from perfgate.formats.discovery import RunReader, find
from perfgate.formats.own.compacted import is_compacted
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.command.name import command_digest, default_benchmark_name
from perfgate.measure.command.run import CommandResult, Launcher
from perfgate.measure.identity import new_run_id
from perfgate.measure.machine import facts
from perfgate.measure.profiling.settings import switched_off
from perfgate.measure.summary import build_summary, encode_summary, format_utc
from perfgate.measure.tracing.finished import OUTSIDE
from perfgate.measure.tracing.settings import STAGES
from perfgate.measure.tracing.tally import OVERHEAD, StageTally
from perfgate.measure.variables import BEGINNING, PROCESS
from perfgate.pipeline import inputs
from perfgate.pipeline.measuring.fixed_time import FixedTimeWatch
from perfgate.pipeline.measuring.hooks import NUMBER, Hooks
from perfgate.pipeline.measuring.own_summaries import LARGEST_RECEIPT, read_own_summaries, take_back, write_into
from perfgate.pipeline.measuring.parameters import (
    add_labels,
    combine,
    describe,
    hooks_of,
    name_values,
    put_in,
    spread_hooks,
)
from perfgate.pipeline.measuring.refusals import failed, name_clash
from perfgate.pipeline.measuring.results import Taken, write_results
from perfgate.pipeline.measuring.tracing import GOLDEN_FOLDER, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.core.run import Labels, Run
    from perfgate.measure.summary import RunFacts
    from perfgate.pipeline.measuring.parameters import ParameterList

    Take = Callable[[Policy, tuple[str, ...], Labels], Taken]
    """Makes what is judged in place of time and memory of the configuration, a command with its values, and these."""


class MeasuringJob(Struct, frozen=True, kw_only=True):
    """A command to measure, and how."""

    argv: tuple[str, ...]
    """The command; no shell reads it."""
    benchmark: str
    """Name of the benchmark."""
    rows: int | None
    """Rows that the command works on; None: unknown."""
    out: str
    """Folder of the summaries."""
    timeout: float | None
    """Longest time of one run in seconds; None: no limit."""
    session: str
    """Session of the runs."""
    command: str
    """Digest of the command."""
    folder: str | None = None
    """Working folder of the command; None: this process's."""
    commit: str | None = None
    """Version of the measured code; None: the one found here."""
    variables: tuple[tuple[str, str | None], ...] = ()
    """Additional environment variables of the command; None removes one."""
    is_whole: bool = False
    """Is the whole command meant, even if it repeats for a fixed time?"""
    hooks: Hooks = field(default_factory=Hooks)
    """Commands beside the measured one; `measure_once` runs those of a run."""
    verb: str = "run"
    """The command of perfgate that measures, for hints: ``run`` or ``ab``."""
    taken: Taken | None = None
    """What is judged of the command in place of its time and memory; None: these are."""
    labels: Labels = ()
    """The combination of parameters that is in the command, which its runs get as labels."""
    template: tuple[str, ...] = ()
    """The command as it was typed, with placeholders for the values of parameters; empty: there are none."""
    options: tuple[str, ...] = ()
    """Options with which it is measured, but for its name: for hints."""
    on_message: Callable[[str], None] = lambda _: None
    """Called with each line that the measuring side in the command wrote to its stderr, which is shown nowhere."""

    @property
    def title(self) -> str:
        """The name of the benchmark, with the combination of parameters."""
        return title(self.benchmark, self.labels)

    @property
    def with_values(self) -> str:
        """The combination of parameters behind the name of a run, such as `` with size=big``; empty: there is none."""
        return f" with {describe(self.labels)}" if self.labels else ""

    def watch(self) -> FixedTimeWatch | None:
        """Return what watches its first runs for the signs of a fixed time, None when the whole command is meant.

        Raises:
            CannotDecideError: its arguments show that it repeats for a fixed time.
        """
        return None if self.is_whole or self.taken else FixedTimeWatch(self.argv, self.folder, self.verb)


def plan_jobs(
    argv: Sequence[str],
    *,
    benchmark: str | None,
    parameters: Sequence[ParameterList] = (),
    rows: int | None,
    out: str,
    timeout: float | None,
    is_whole: bool = False,
    hooks: Hooks | None = None,
    options: Sequence[str] = (),
    take: Take | None = None,
    on_message: Callable[[str], None] = lambda _: None,
) -> tuple[MeasuringJob, ...]:
    """Return a job for each combination of the parameters, with its benchmark's name and its session.

    Each call is a batch of its own within the session of the terminal or of the CI job,
    so that runs after a change are never mixed with the runs before it.

    Raises:
        CannotDecideError: another command was measured under the name in this session, or the configuration
            is not valid.
    """
    session = SessionId.parse(facts.session_id())
    if not session.batch:  # else this call is part of another measurement, which has its batch
        session = SessionId(session.session, new_run_id())
    settings = inputs.read_settings(None)
    job = MeasuringJob(
        argv=tuple(argv),
        benchmark=benchmark or default_benchmark_name(argv),
        rows=rows,
        out=out,
        timeout=timeout,
        session=str(session),
        command=command_digest(argv),
        variables=variables_of(settings.policy.trace, os.path.join(settings.root, GOLDEN_FOLDER)),
        is_whole=is_whole,
        hooks=spread_hooks(hooks or Hooks(), parameters),
        template=tuple(argv),
        options=tuple(options),
        on_message=on_message,
    )
    jobs = tuple(put_into(job, labels, settings.policy, take) for labels in combine(parameters))
    _refuse_clash(jobs)
    log_step("benchmark: %s, session: %s, run files to %s", job.benchmark, job.session, job.out)
    return jobs


def put_into(job: MeasuringJob, labels: Labels, policy: Policy, take: Take | None) -> MeasuringJob:
    """Return a job whose command has the values of a combination of parameters.

    Args:
        job: with placeholders.
        labels: the combination; empty: there are no parameters, and braces are left as they are.
        policy: the configuration.
        take: makes what is judged in place of time and memory; None: these are.
    """
    argv = put_in(job.argv, labels)
    taken = None if take is None else take(policy, argv, labels)
    return replace(job, argv=argv, labels=labels, hooks=hooks_of(job.hooks, labels), taken=taken)


_UNEVEN = 1_000_000_000
"""Nanoseconds by which a clock may be corrected unnoticed."""


def default_out() -> str:
    """Return the folder in which `check` looks for run summaries, from the configuration.

    Raises:
        CannotDecideError: the configuration is not valid, or names no single folder.
    """
    settings = inputs.read_settings(None)
    for pattern in settings.policy.runs:
        folder, _, name = pattern.rpartition("/")
        if not set(folder) & set("*?[") and fnmatch.fnmatch("20260101T000000Z-00000000.json", name):
            return os.path.join(settings.root, folder)
    hint = "name a folder: --out DIR; or add one to runs in the configuration"
    raise cannot_decide(
        "run-unwritable", "the configured `runs` name no folder of run files", place=settings.policy.source, hint=hint
    )


def _refuse_clash(jobs: Sequence[MeasuringJob]) -> None:
    """Refuse to measure a second command under a name that another command has in this session.

    And where the clock was set back: what is measured now would look older than what is there.
    """
    runs = list(_runs_of_session(jobs[0]))
    for job in jobs:
        other = _find_clash(job, runs, job.benchmark)
        if other is not None:
            raise CannotDecideError([_name_clash(job, job.benchmark, other, names_itself=False)])
    limit = format_utc(time.time_ns() + _UNEVEN)
    ahead = next((run for run in runs if run.started_at > limit), None)
    if ahead is not None:
        message = f"a run of this session began at {ahead.started_at}, which is later than now: the clock was set back"
        hint = "set the clock right, remove that file (perfgate runs remove FILE), and measure again"
        raise cannot_decide("started-ahead", message, place=ahead.origin, hint=hint)


def _refuse_own_clash(job: MeasuringJob, path: str, summary: dict[str, Any]) -> None:
    """Refuse a summary of a program that names itself as another command did in this session, and take it back.

    One that the program wrote into a folder of its own choice stays: it may be any file of the user.
    """
    name = str(summary.get("benchmark") or "")
    if not name or name == job.benchmark or summary.get("command") != job.command:
        return
    other = _find_clash(job, _runs_of_session(job), name, labels=summary.get("labels") or {})
    if other is not None:
        take_back(path, job.out)
        raise CannotDecideError([_name_clash(job, name, other, names_itself=True)])


def _name_clash(job: MeasuringJob, name: str, other: Run, *, names_itself: bool) -> Diagnostic:
    return name_clash(job.template, name, other.origin, names_itself=names_itself, options=job.options)


def _find_clash(
    job: MeasuringJob, runs: Iterable[Run], name: str, *, labels: Mapping[str, str] | None = None
) -> Run | None:
    """Return a run of another command among those of a session that has this name, and these labels if given.

    Without them it has at least the job's own: a program may add others. A failed run has no value that the two could
    mix: a command that is mistyped, and then corrected, keeps its name.
    """
    for run in runs:
        is_group = set(job.labels) <= set(run.labels) if labels is None else dict(run.labels) == labels
        same_name = run.benchmark == name and is_group
        if same_name and run.status == "ok" and run.command and run.command != job.command:
            return run
    return None


def _runs_of_session(job: MeasuringJob) -> Iterator[Run]:
    """Yield the runs in the job's folder that are of its session."""
    session = SessionId.parse(job.session).session
    files, _ = find([os.path.join(job.out, "*.json")]) if os.path.isdir(job.out) else ([], [])
    files = [path for path in files if not is_compacted(path)]  # those are of older sessions
    for run in RunReader().read(files):
        if SessionId.parse(run.session).session == session:
            yield run


def measure(
    jobs: Sequence[MeasuringJob],
    *,
    runs: int,
    warmup: int,
    max_time: float | None = None,
    on_summary: Callable[[str], None],
    on_progress: Callable[[int, int, str], None],
) -> list[str]:
    """Measure a command, round by round: in each round once for each combination of parameters.

    So that whatever changes on the machine meanwhile affects all of them alike, and each has as many runs when the
    time is up.

    Args:
        jobs: the command to measure, one for each combination.
        runs: how many measured runs of each, >= 1.
        warmup: how many runs of each before them are not stored, >= 0.
        max_time: seconds, > 0: no round begins that would not end within them, if it takes as long as the one before;
            one is made at least. None: no limit.
        on_summary: called with each summary as a line of JSON.
        on_progress: called with the number of runs done, warm-up included, of all, and the combination that is next in
            words.

    Returns:
        The files of the summaries.

    Raises:
        CannotDecideError: a run failed; its summary has the status ``failed``, and no run follows it.
    """
    written: list[str] = []
    known: set[Labels] = set()

    def keep(job: MeasuringJob, path: str, summary: dict[str, Any]) -> None:
        if path in written:
            raise same_id(summary, path)
        if job.labels not in known:
            _refuse_own_clash(job, path, summary)
        known.add(job.labels)
        written.append(path)
        on_summary(encode_summary(summary).rstrip("\n"))

    total, done = (warmup + runs) * len(jobs), 0
    watches = [job.watch() for job in jobs]
    with tempfile.TemporaryDirectory(prefix="perfgate-") as scratch, Launcher() as launcher:
        for index in _begin_rounds(warmup, warmup + runs, max_time):
            number = f"warm-up run {index + 1}" if index < warmup else f"run {index + 1 - warmup} of {runs}"
            for job, watch in zip(jobs, watches, strict=True):
                on_progress(done, total, describe(job.labels))
                is_watched = watch if index <= warmup else None
                run = max(0, index + 1 - warmup)
                measure_once(
                    job, launcher, scratch, number=number, index=run, keep=partial(keep, job), watch=is_watched
                )
                done += 1
        on_progress(done, total, "")
        for job in jobs:
            if job.taken is not None:
                job.taken.require_steady(job.with_values)
    return written


def _begin_rounds(warmup: int, total: int, max_time: float | None) -> Iterator[int]:
    """Yield the number of each round, from 0 on, as long as another one fits into the time.

    Args:
        warmup: rounds that are made in any case, and one after them.
        total: rounds at the most.
        max_time: seconds; None: no limit.
    """
    began = last = time.monotonic()
    for index in range(total):
        begins = time.monotonic()
        if max_time is not None and index > warmup and (begins - began) + (begins - last) > max_time:
            return
        last = begins
        yield index


def measure_once(
    job: MeasuringJob,
    launcher: Launcher,
    scratch: str,
    *,
    number: str,
    index: int,
    keep: Callable[[str, dict[str, Any]], None],
    watch: FixedTimeWatch | None = None,
) -> None:
    """Run a job's command once, between the commands that prepare and conclude it.

    Args:
        job: the command to measure.
        launcher: runs it.
        scratch: a folder for the receipt of this run.
        number: which run it is, for the message.
        index: its number, from 1 on; 0: a warm-up run, whose summary is kept only if it fails.
        keep: called with each summary that was written: its path and its content.
        watch: watches the first runs for the signs of a fixed time; None: it is known that there are none.

    Raises:
        CannotDecideError: the command repeats for a fixed time, and writes no summaries of its own; or the run failed:
            its summary has the status ``failed``. A command that could not be started leaves none. A command that
            prepares or concludes the run failed.
    """
    env = environ_with({**dict(job.variables), NUMBER: str(index)}) if job.hooks.prepare or job.hooks.conclude else {}
    number += job.with_values
    what = f" of {number}"
    job.hooks.run("prepare", what, slug="prepare-failed", folder=job.folder, env=env)
    try:
        _measure_between(job, launcher, scratch, number=number, is_warmup=index == 0, keep=keep, watch=watch)
    except CannotDecideError:
        with contextlib.suppress(CannotDecideError):  # the run failed first
            job.hooks.run("conclude", what, slug="conclude-failed", folder=job.folder, env=env)
        raise
    job.hooks.run("conclude", what, slug="conclude-failed", folder=job.folder, env=env)


def _measure_between(
    job: MeasuringJob,
    launcher: Launcher,
    scratch: str,
    *,
    number: str,
    is_warmup: bool,
    keep: Callable[[str, dict[str, Any]], None],
    watch: FixedTimeWatch | None,
) -> None:
    """Run a job's command once, as `measure_once` does."""
    if job.taken is not None:
        _measure_taken(job, job.taken, launcher, scratch, number=number, is_warmup=is_warmup, keep=keep)
        return
    receipt = os.path.join(scratch, f"receipt-{new_run_id()}")
    started_at = format_utc(time.time_ns())
    env = build_environ(job, receipt, is_warmup=is_warmup)
    result = _run(job, launcher, env, keep_output=watch is not None and not watch.has_output)
    if watch is not None:
        watch.note_output(result.output, result.stderr_tail)
    if not is_warmup or not result.is_ok():
        own = read_own_summaries(receipt, job.out, job.labels, failed=not result.is_ok())
        if watch is not None and result.is_ok() and not own:
            watch.refuse_by_traces()
        # A mistyped command is no run of any benchmark: a file would stand in the way of all others.
        outside = []
        if result.is_started() and not own:
            outside = [_write_outside_summary(job, result, started_at, _read_stages(f"{receipt}-stages"))]
        for path, summary in own or outside:
            keep(path, summary)
        _pass_on(job, result, own, f"{receipt}-stages")
    if not result.is_ok():
        raise _failed(job, result, number)


def _failed(job: MeasuringJob, result: CommandResult, number: str) -> CannotDecideError:
    where = "" if job.folder is None else " in that version"
    return failed(job.argv, job.title, result, number, where=where)


def _measure_taken(
    job: MeasuringJob,
    taken: Taken,
    launcher: Launcher,
    scratch: str,
    *,
    number: str,
    is_warmup: bool,
    keep: Callable[[str, dict[str, Any]], None],
) -> None:
    """Run a job's command once, as `measure_once` does, and keep what is taken of it; its own cost is no matter."""
    env = build_environ(job, os.path.join(scratch, "receipt"), is_warmup=True)
    taken.prepare(scratch)
    with open(os.path.join(scratch, "stdout"), "wb") as stdout:
        argv = job.argv if is_warmup else taken.command(job.argv)
        output = stdout if taken.has_output else None
        result = _run(job, launcher, {**env, **taken.variables()}, argv=argv, output=output)
    if not result.is_ok():
        raise taken.explain(result) or _failed(job, result, number)
    try:
        runs = [add_labels(run, job.labels) for run in taken.read(stdout.name, is_warmup=is_warmup)]
    except CannotDecideError as caught:
        raise name_values(caught, job.labels) from None
    if is_warmup:
        return
    commit = facts.commit() if job.commit is None else job.commit
    for path, summary in write_results(runs, job.out, session=job.session, commit=commit, command=job.command):
        keep(path, summary)


def _run(
    job: MeasuringJob,
    launcher: Launcher,
    env: Mapping[str, str],
    *,
    argv: Sequence[str] = (),
    keep_output: bool = False,
    output: BinaryIO | None = None,
) -> CommandResult:
    """Run a job's command, or another one in its place.

    Raises:
        CannotDecideError: it removed the folder in which it runs, or replaced that of the run files.
    """
    folder = os.path.realpath(job.out)
    words = argv or job.argv
    result = launcher.run(words, env=env, timeout=job.timeout, cwd=job.folder, keep_output=keep_output, output=output)
    if not _is_there(job.folder):
        message = "the command removed the folder in which it runs, so that no other run can follow"
        hint = "let it work in a folder of its own, which it makes and removes"
        raise cannot_decide("folder-removed", message, place=job.folder or job.title, hint=hint)
    if os.path.realpath(job.out) != folder:
        message = "leads to another place than before the command ran"
        raise cannot_decide("run-unwritable", message, place=job.out, hint="let the command leave that folder alone")
    return result


def _is_there(folder: str | None) -> bool:
    """Is a working folder still there? None: this process's, of which only its name is gone when it was removed."""
    try:
        return os.path.isdir(os.getcwd() if folder is None else folder)
    except OSError:
        return False


def _pass_on(job: MeasuringJob, result: CommandResult, own: Sequence[tuple[str, dict[str, Any]]], stages: str) -> None:
    """Pass on what the measuring side in the command said, and which traces are in none of its own summaries."""
    for line in result.stderr_tail.splitlines():
        if line.startswith(BEGINNING) and OVERHEAD not in line:  # a warning of its own says that once
            job.on_message(line)
    if own and not any("traces" in summary for _, summary in own):
        traces = _read_stages(stages).get("traces")
        if isinstance(traces, dict):
            job.on_message(f"{BEGINNING}{OUTSIDE.format(traces['count'])}; let them end inside it, in the same process")


def build_environ(job: MeasuringJob, receipt: str, *, is_warmup: bool) -> dict[str, str]:
    """Return the command's environment: a program that measures itself takes its labels from it.

    Profiling is off in it, whatever this process's environment says: a profiled run is never the timed one.
    """
    variables: dict[str, str | None] = {
        "PERFGATE_BENCHMARK": job.benchmark,
        "PERFGATE_OUT": os.path.abspath(job.out),
        "PERFGATE_SESSION": job.session,
        "PERFGATE_COMMAND": job.command,
        "PERFGATE_RECEIPT": receipt,
        STAGES: f"{receipt}-stages",
        **switched_off(),
    }
    if job.rows is not None:
        variables["PERFGATE_ROWS"] = str(job.rows)
    if job.commit is not None:
        variables["PERFGATE_COMMIT"] = job.commit
    if is_warmup:
        variables["PERFGATE_WRITE"] = "0"
    return environ_with({**variables, **dict(job.variables)})


def environ_with(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Return this process's environment with additional variables; None removes one."""
    return {name: text for name, text in {**os.environ, **variables}.items() if text is not None}


def same_id(summary: dict[str, Any], path: str) -> CannotDecideError:
    """Return the error for a summary that replaces an earlier one."""
    message = f'the command gives each of its runs the id "{summary.get("run_id")}", so that only the last one is left'
    return cannot_decide(
        "run-id-twice", message, place=path, hint="leave run_id out, or make it different in every run"
    )


def _read_stages(path: str) -> dict[str, object]:
    """Return time and calls by stage that the processes of a command left behind; empty: none of them traced."""
    tally = StageTally()
    if os.path.exists(path):
        content = read_bounded(path, limit=LARGEST_RECEIPT, slug="run-unreadable")
        for line in content.splitlines():
            with contextlib.suppress(ValueError, RecursionError):  # a process was killed while it wrote
                known = json.loads(line)
                if isinstance(known, dict):
                    tally.add(known)
    return tally.to_dict()


def _write_outside_summary(
    job: MeasuringJob, result: CommandResult, started_at: str, traced: Mapping[str, object]
) -> tuple[str, dict[str, Any]]:
    """Write and return the summary that was measured from outside."""
    about: RunFacts = {
        "run_id": new_run_id(),
        "rows_used": job.rows or 0,
        "benchmark": job.benchmark,
        "labels": dict(job.labels),
        "status": "ok" if result.is_ok() else "failed",
        "started_at": started_at,
        "session": job.session,
        "memory_source": result.memory_source,
        "environment": facts.environment(),
        "commit": facts.commit() if job.commit is None else job.commit,
        "command": job.command,
        "shard": PROCESS.read_shard("PERFGATE_SHARD"),
    }
    summary = build_summary(about, result.measured, {}, traced)
    return os.path.relpath(write_into(summary, job.out)), summary
