"""Write what one process measured of a function as a run file: many values of one metric."""

from __future__ import annotations

import os

from perfgate.core.measured import SERIES_SCHEMA
from perfgate.measure.identity import file_name, new_run_id
from perfgate.measure.machine import facts
from perfgate.measure.summary import format_utc, leave_receipt
from perfgate.measure.variables import PROCESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_NAME = 500
"""Characters of a benchmark's name; a longer one is cut, and ends in a digest of the whole."""
_DIGEST = 12


def shorten_name(name: str) -> str:
    """Return a name that a run file may have; two different ones stay different."""
    if len(name) <= LONGEST_NAME:
        return name
    from hashlib import sha256  # for names of a kind that nobody types

    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{name[: LONGEST_NAME - _DIGEST - 1]}~{digest}"


def session_of_process() -> str:
    """Return the session of what this process measures, as a batch of its own.

    What another process measured after a change is never mixed with it, unless `perfgate run` or `perfgate ab` started
    both and names the batch.
    """
    from perfgate.core.session_id import SessionId  # for those who write

    found = SessionId.parse(facts.session_id())
    return str(found if found.batch else SessionId(found.session, new_run_id()))


def write_series(
    benchmark: str,
    values: Sequence[float],
    *,
    metric: str,
    unit: str,
    source: str,
    labels: Mapping[str, str],
    session: str,
    out: str,
    began_ns: int,
) -> str:
    """Write the values of one benchmark and return the path of their file, which the receipt gets too.

    Args:
        benchmark: its name, as `shorten_name` returns it.
        values: in base units, at least one.
        metric: name of the metric; less of it is better.
        unit: base unit of the values.
        source: how they were measured, where that is not the usual way; else empty.
        labels: parameters of the benchmark.
        session: id of the session and batch.
        out: the folder; made when it is missing.
        began_ns: when the measurement began, in nanoseconds since 1970.

    Raises:
        OSError: the file cannot be written.
    """
    import json  # for those who write

    from perfgate.core.atomic import write_whole

    run_id = new_run_id()
    document = {
        "schema": SERIES_SCHEMA,
        "run_id": run_id,
        "benchmark": benchmark,
        "labels": dict(labels),
        "started_at": format_utc(began_ns),
        "session": session,
        "commit": facts.commit() or "",
        "environment": facts.environment(),
        "command": os.environ.get("PERFGATE_COMMAND", ""),
        **({"rows_used": rows} if (rows := PROCESS.read_rows("PERFGATE_ROWS")) else {}),
        "series": {metric: {"unit": unit, "better": "lower", "source": source, "values": list(values)}},
    }
    path = os.path.join(os.path.abspath(out), file_name(run_id))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write_whole(path, (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode(), durable=False)
    leave_receipt(path, benchmark)
    return path
