"""The run summary: one place that builds it, turns it into JSON and writes it."""

from __future__ import annotations

import os
import time

from perfgate.core.measured import MEASURED
from perfgate.measure.identity import check_run_id, file_name
from perfgate.measure.variables import is_encodable, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypedDict

    class RunFacts(TypedDict):
        """What a summary says beside the measured values; what is None or empty is left out."""

        run_id: str
        """The run's own name."""
        rows_used: int
        """Rows of the workload, >= 0; 0 when unknown."""
        benchmark: str | None
        """What was measured."""
        labels: Mapping[str, str]
        """The benchmark's parameters."""
        status: str
        """``ok`` or ``failed``."""
        started_at: str
        """UTC, as `format_utc` writes it."""
        session: str
        """The id of the session that the run belongs to."""
        memory_source: str
        """How the peak of memory was measured; empty: it was not."""
        environment: Mapping[str, str]
        """Stable facts of machine and interpreter."""
        commit: str | None
        """The commit's full hash."""
        command: str | None
        """Digest of the command that ``perfgate run`` ran."""
        shard: str | None
        """Which part of the measuring it belongs to, such as ``2/4``."""


SCHEMA = "perfgate/run/1"
LONGEST_TEXT = 500  # characters of a benchmark's name, as the published schema has it
LONGEST_METRIC = 200  # characters of a metric's name
CONTRACT = ("run_id", "elapsed_sec", "rows_used", "peak_memory_mb")


def build_summary(
    facts: RunFacts,
    measured: Mapping[str, float],
    recorded: Mapping[str, Mapping[str, object]],
    traced: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return a run's summary: the four keys of the contract first, then all else that is known.

    Args:
        facts: what was measured, where and when.
        measured: what perfgate measured, in base units by the metric's name: ``elapsed`` and ``peak_memory``
            are required, others of `MEASURED` may be there.
        recorded: what the program recorded: value, unit and direction by the metric's name.
        traced: what its traces add up to (``traces`` and ``stages``); None or empty: it finished none.
    """
    rows = [(m, measured[m.name]) for m in MEASURED if m.name in measured]
    amounts = {key.name: key.written(value) for m, value in rows for key in m.keys}
    others = {m.name: {"value": value, "unit": m.unit, "better": m.better} for m, value in rows if not m.keys}
    metrics = {**others, **recorded}
    known: dict[str, object] = {**facts, **amounts, **(traced or {})}
    summary = {key: known.pop(key) for key in CONTRACT}
    summary["schema"] = SCHEMA
    known["labels"] = facts["labels"] or None
    known["metrics"] = metrics or None
    summary.update((key, value) for key, value in known.items() if value is not None)
    return summary


def encode_summary(summary: Mapping[str, object]) -> str:
    """Return the summary as one line of JSON, without a line end.

    Raises:
        ValueError: a number in it is not finite.
    """
    import json  # 9 ms that importing the package must not cost

    return json.dumps(summary, ensure_ascii=False, allow_nan=False)


def write_summary(summary: Mapping[str, object], out: str) -> str:
    """Write the summary to ``<out>/<run_id>.json``, whole or not at all.

    Args:
        summary: as `build_summary` returns it.
        out: the folder; made when it is missing.

    Returns:
        The absolute path of the file.

    Raises:
        OSError: the file could not be written; nothing of it is left behind.
        ValueError: the run id has no place in a file name, or a number is not finite.
    """
    from perfgate.core.atomic import write_whole  # for those who write

    path = os.path.abspath(f"{out}/{file_name(check_run_id(str(summary['run_id'])))}")
    content = f"{encode_summary(summary)}\n".encode()
    try:
        write_whole(path, content, durable=False)
    except FileNotFoundError:  # tried first, since the folder is there all but once
        os.makedirs(out, exist_ok=True)
        write_whole(path, content, durable=False)
    return path


def append_receipt(receipt: str, path: str) -> None:
    """Append the path of a written summary to the receipt file.

    Raises:
        OSError: the receipt could not be written.
    """
    append_line(receipt, os.fsencode(path))


def append_line(file: str, line: bytes) -> None:
    """Append a line to a file, in one piece among many writers.

    Raises:
        OSError: the file could not be written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    fd = os.open(file, flags, 0o666)
    try:
        os.write(fd, line + b"\n")
    finally:
        os.close(fd)


def leave_receipt(path: str, of: str) -> None:
    """Name a written file to the command that measures this program, if one does; a full disk is said on stderr.

    Args:
        path: absolute path of the file.
        of: what it holds, for the message.
    """
    receipt = os.environ.get("PERFGATE_RECEIPT")
    if receipt:
        try:
            append_receipt(receipt, path)
        except OSError as error:
            say(f"could not write the receipt of {of}: {error}")


def format_utc(wall_ns: int) -> str:
    """Return a time as ``2026-11-21T01:58:44.123456Z``.

    Args:
        wall_ns: nanoseconds since 1970, as `time.time_ns` gives them.
    """
    seconds, rest = divmod(wall_ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"


def check_text(name: str, text: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text that may stand in a summary.

    Args:
        name: what it is, for the message.
        text: the text.
        longest: how many characters it may have.

    Raises:
        TypeError: it is no string.
        ValueError: it is empty, too long, or holds a lone surrogate, which no UTF-8 file can.
    """
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    if not text:
        raise ValueError(f"{name} must not be empty")
    if len(text) > longest:
        raise ValueError(f"{name} has {len(text)} characters; {longest} are allowed")
    if not is_encodable(text):
        raise ValueError(f"{name} {text[:80]!a} holds a lone surrogate, which cannot be written as UTF-8")
    return text


def check_labels(labels: Mapping[str, str | int] | None) -> dict[str, str]:
    """Return the labels as texts; ints and bools become what ``str`` makes of them.

    Raises:
        TypeError: they are no mapping, a name is no string, or a value is neither string nor int.
        ValueError: a name is empty, or a text holds a lone surrogate.
    """
    if labels is None:
        return {}
    if not hasattr(labels, "items"):
        raise TypeError(f"labels must be a mapping, not {type(labels).__name__}")
    checked = {}
    for name, label in labels.items():
        text = str(label) if isinstance(label, int) else label
        check_text("a label's name", name)
        checked[name] = text if text == "" else check_text(f"label {name!a}", text)
    return checked
