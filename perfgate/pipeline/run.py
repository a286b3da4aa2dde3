"""Run: measure a command several times and leave one summary a run."""

from __future__ import annotations

import fnmatch
import os
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.session_id import SessionId
from perfgate.core.strict_json import load_json
from perfgate.formats.discovery import LARGEST_RUN, RunReader, find
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.command.name import command_digest, default_benchmark_name
from perfgate.measure.command.run import CommandResult, run_command, summary_of
from perfgate.measure.identity import new_run_id
from perfgate.measure.machine import facts
from perfgate.measure.summary import encode_summary, format_utc, write_summary
from perfgate.pipeline import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TAIL_LINES = 20
_LARGEST_RECEIPT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be measured, and how."""

    argv: tuple[str, ...]
    """The command; no shell reads it."""
    benchmark: str
    """Name of the benchmark."""
    rows: int | None
    """Rows that the command works on; None: not told."""
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
    told: tuple[tuple[str, str | None], ...] = ()
    """Further environment variables of the command; None takes one away."""


def job(argv: Sequence[str], *, benchmark: str | None, rows: int | None, out: str, timeout: float | None) -> Job:
    """Return a job, named and placed in a session.

    Each call is a batch of its own within the session of the terminal or of the CI job,
    so that measuring again after a change never mixes with what was measured before.

    Raises:
        CannotDecideError: another command was measured under the name in this session.
    """
    session = SessionId.parse(facts.session_id())
    if not session.batch:  # else this is part of another measurement, which has its batch
        session = SessionId(session.session, new_run_id())
    made = Job(
        argv=tuple(argv), benchmark=benchmark or default_benchmark_name(argv), rows=rows, out=out, timeout=timeout,
        session=str(session), command=command_digest(argv),
    )  # fmt: skip
    _refuse_clash(made)
    return made


def default_out() -> str:
    """Return the folder in which `check` looks for run summaries, as the configuration says.

    Raises:
        CannotDecideError: the configuration is not valid, or names no single folder.
    """
    here = inputs.settings(None)
    for pattern in here.policy.runs:
        folder, _, name = pattern.rpartition("/")
        if not set(folder) & set("*?[") and fnmatch.fnmatch("20260101T000000Z-00000000.json", name):
            return os.path.join(here.root, folder)
    hint = "name a folder: --out DIR; or add one to `runs`"
    raise cannot_decide(
        "run-unwritable", "the configured `runs` name no folder of run files", place=here.policy.source, hint=hint
    )


def _refuse_clash(made: Job) -> None:
    """Refuse to measure a second command under a name that already stands for another in this session."""
    session = SessionId.parse(made.session).session
    files, _ = find([os.path.join(made.out, "*.json")]) if os.path.isdir(made.out) else ([], [])
    for run in RunReader().read(files):
        same_place = run.benchmark == made.benchmark and SessionId.parse(run.session).session == session
        if same_place and run.command and run.command != made.command:
            raise cannot_decide(
                "benchmark-name-clash",
                f'another command was measured as "{made.benchmark}" in this session',
                place=run.origin,
                hint="give this one a name of its own: perfgate run --benchmark NAME -- CMD",
            )


def measure(
    made: Job, *, runs: int, warmup: int, on_summary: Callable[[str], None], on_progress: Callable[[int, int], None]
) -> list[str]:
    """Measure a command.

    Args:
        made: the job.
        runs: how many measured runs, >= 1.
        warmup: how many runs before them that are not kept, >= 0.
        on_summary: called with each summary as a line of JSON.
        on_progress: called with the number of runs done, warm-up included, and of all.

    Returns:
        The files of the summaries.

    Raises:
        CannotDecideError: a run failed; its summary says so, and the runs after it were
            not made.
    """
    written: list[str] = []

    def keep(path: str, summary: dict[str, Any]) -> None:
        if path in written:
            raise same_id(summary, path)
        written.append(path)
        on_summary(encode_summary(summary).rstrip("\n"))

    total = warmup + runs
    with tempfile.TemporaryDirectory(prefix="perfgate-") as scratch:
        for index in range(total):
            on_progress(index, total)
            number = f"warm-up run {index + 1}" if index < warmup else f"run {index + 1 - warmup} of {runs}"
            measure_once(made, scratch, number=number, is_warmup=index < warmup, keep=keep)
        on_progress(total, total)
    return written


def measure_once(
    made: Job, scratch: str, *, number: str, is_warmup: bool, keep: Callable[[str, dict[str, Any]], None]
) -> None:
    """Run a job's command once.

    Args:
        made: the job.
        scratch: a folder for the receipt of this run.
        number: which run it is, for the message.
        is_warmup: keep its summary only if it fails.
        keep: called with each summary that was written: its path, and what it says.

    Raises:
        CannotDecideError: the run failed; its summary says so.
    """
    receipt = os.path.join(scratch, f"receipt-{new_run_id()}")
    started_at = format_utc(time.time_ns())
    env = _environ(made, receipt, is_warmup=is_warmup)
    result = run_command(made.argv, env=env, timeout=made.timeout, cwd=made.folder)
    if not is_warmup or not result.is_ok():
        for path, summary in _own(receipt, failed=not result.is_ok()) or [_outside(made, result, started_at)]:
            keep(path, summary)
    if not result.is_ok():
        raise _failed(made, result, number)


def _environ(made: Job, receipt: str, *, is_warmup: bool) -> dict[str, str]:
    """Return the command's environment: a program that measures itself is labelled through it."""
    told: dict[str, str | None] = {
        "PERFGATE_BENCHMARK": made.benchmark,
        "PERFGATE_OUT": os.path.abspath(made.out),
        "PERFGATE_SESSION": made.session,
        "PERFGATE_COMMAND": made.command,
        "PERFGATE_RECEIPT": receipt,
    }
    if made.rows is not None:
        told["PERFGATE_ROWS"] = str(made.rows)
    if made.commit is not None:
        told["PERFGATE_COMMIT"] = made.commit
    if is_warmup:
        told["PERFGATE_WRITE"] = "0"
    return environ_with({**told, **dict(made.told)})


def environ_with(told: Mapping[str, str | None]) -> dict[str, str]:
    """Return this process's environment with further variables; None takes one away."""
    return {name: text for name, text in {**os.environ, **told}.items() if text is not None}


def _own(receipt: str, *, failed: bool) -> list[tuple[str, dict[str, Any]]]:
    """Return the summaries that the command wrote itself; they win over what is seen from outside.

    Of a command that failed they count as failed, whatever they say.
    """
    if not os.path.exists(receipt):
        return []
    lines = read_bounded(receipt, limit=_LARGEST_RECEIPT, slug="run-unreadable").decode("utf-8", "surrogateescape")
    found = []
    for path in dict.fromkeys(lines.splitlines()):
        content = read_bounded(path, limit=LARGEST_RUN, slug="run-unreadable")
        summary: dict[str, Any] = load_json(content, path, "run-invalid", "measure again")
        if failed and summary.get("status") != "failed":
            summary["status"] = "failed"
            write_summary(summary, os.path.dirname(path))
        found.append((os.path.relpath(path), summary))
    return found


def same_id(summary: dict[str, Any], path: str) -> CannotDecideError:
    """Return the error for a summary that takes the place of an earlier one."""
    message = f'the command gives each of its runs the id "{summary.get("run_id")}", so that only the last one is left'
    return cannot_decide(
        "run-id-twice", message, place=path, hint="leave run_id out, or make it different in every run"
    )


def _outside(made: Job, result: CommandResult, started_at: str) -> tuple[str, dict[str, Any]]:
    """Write and return the summary of what was seen from outside."""
    summary = summary_of(
        result, run_id=new_run_id(), benchmark=made.benchmark, rows_used=made.rows or 0, session=made.session,
        started_at=started_at, command=made.command, commit=made.commit,
    )  # fmt: skip
    try:
        return os.path.relpath(write_summary(summary, made.out)), summary
    except OSError as caught:
        hint = "name another folder: --out DIR"
        raise cannot_decide(
            "run-unwritable", f"cannot be written ({caught.strerror})", place=made.out, hint=hint
        ) from None


def _failed(made: Job, result: CommandResult, number: str) -> CannotDecideError:
    """Return the error for a run that failed, with the end of what it said."""
    if result.error:
        what = result.error
    elif result.signal:
        what = f"was ended by signal {result.signal}"
    else:
        what = f"exited with {result.exit_code}"
    tail = result.stderr_tail.strip().splitlines()[-_TAIL_LINES:]
    failure = cannot_decide(
        "command-failed",
        f"{number} failed: {what}",
        place=made.benchmark,
        hint="give it more time: --timeout SECONDS" if result.timed_out else "mend the command",
    )
    failure.said = tuple(f"stderr: {line}" for line in tail)
    return failure
