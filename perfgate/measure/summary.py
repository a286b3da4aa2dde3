"""The run summary: one place that builds it, turns it into JSON and writes it."""

from __future__ import annotations

import os
import time

from perfgate.measure.identity import check_run_id, file_name
from perfgate.measure.variables import is_encodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "perfgate/run/1"
LONGEST_TEXT = 500  # characters of a benchmark's name, as the published schema has it
LONGEST_METRIC = 200  # characters of a metric's name
CONTRACT = ("run_id", "elapsed_sec", "rows_used", "peak_memory_mb")
RESERVED_METRICS = frozenset(
    # what is measured anyway, and the keys of the summary that mean it
    (
        *("elapsed", "elapsed_sec", "elapsed_ns", "peak_memory", "peak_memory_mb", "peak_memory_bytes"),
        *("cpu", "cpu_sec", "throughput"),
    )
)


def build_summary(
    *,
    run_id: str,
    elapsed_ns: int,
    rows_used: int,
    peak_memory_bytes: int,
    memory_source: str,
    cpu_sec: float,
    status: str,
    started_at: str,
    session: str,
    benchmark: str | None,
    labels: Mapping[str, str],
    metrics: Mapping[str, Mapping[str, object]],
    environment: Mapping[str, str],
    commit: str | None,
    command: str | None,
    shard: str | None,
) -> dict[str, object]:
    """Return a run's summary: the four keys of the contract first, then all else that is known.

    Args:
        elapsed_ns: wall clock, in nanoseconds.
        rows_used: rows of the workload; 0 when unknown.
        peak_memory_bytes: in bytes; rounded to 0.1 MB of 10^6 bytes in the contract's key.
        memory_source: how that peak was measured.
        cpu_sec: processor time of all threads, in seconds.
        session: the id of the session that the run belongs to.
        benchmark: what was measured; left out when None.
        labels: the benchmark's parameters; left out when empty.
        metrics: values the program recorded, by name; left out when empty.
        commit: the commit's full hash; left out when None.
        command: the digest of the command that `perfgate run` ran; left out when None.
        shard: which part of the measuring it belongs to, such as ``2/4``; left out when None.
    """
    summary: dict[str, object] = {
        "run_id": run_id,
        "elapsed_sec": round(elapsed_ns / 1e9, 3),
        "rows_used": rows_used,
        "peak_memory_mb": round(peak_memory_bytes / 1e6, 1),
        "schema": SCHEMA,
    }
    optional: dict[str, object] = {
        "benchmark": benchmark,
        "labels": dict(labels) or None,
        "status": status,
        "started_at": started_at,
        "session": session,
        "elapsed_ns": elapsed_ns,
        "peak_memory_bytes": peak_memory_bytes,
        "memory_source": memory_source,
        "cpu_sec": round(cpu_sec, 9),
        "metrics": {name: dict(metric) for name, metric in metrics.items()} or None,
        "environment": dict(environment),
        "commit": commit,
        "command": command,
        "shard": shard,
    }
    summary.update((key, value) for key, value in optional.items() if value is not None)
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
    """Append the path of a written summary to the receipt file, in one piece among many writers.

    Raises:
        OSError: the receipt could not be written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    fd = os.open(receipt, flags, 0o666)
    try:
        os.write(fd, os.fsencode(path) + b"\n")
    finally:
        os.close(fd)


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
