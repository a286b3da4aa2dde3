"""Several workers behind one port: are their metrics added up? Where they are not, one warning says so."""

from __future__ import annotations

import logging
import os
import re
import sys
from itertools import pairwise
from multiprocessing import current_process

from prometheus_client import values

_LOG = logging.getLogger("perfgate.monitor")
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_given: set[str] = set()
"""Warnings that this process has given."""


def shared_folder() -> str | None:
    """Return the folder through which workers add up their metrics; None: each process has its own.

    prometheus_client looks at the environment once, when it is imported, and never again. So what counts is how it
    keeps its values; an environment that says something else is a mistake that no scrape would show.

    Raises:
        ValueError: workers are to share a folder, and ``PROMETHEUS_MULTIPROC_DIR`` names none.
    """
    folder = os.environ.get(_FOLDER) or os.environ.get(_FOLDER.lower(), "")
    is_shared = getattr(values.ValueClass, "_multiprocess", False)
    if (folder or is_shared) and not os.path.isdir(folder):
        raise ValueError(f"{_FOLDER}={folder[:200]!a} is no folder: make it, empty, before the service starts")
    if is_shared:
        return folder
    if folder:
        warn_once(
            f"{_FOLDER} was set after prometheus_client was imported, which ignores it: the metrics are those of one "
            "process. Set it before the program starts"
        )
    elif _has_workers():
        turns = "several workers answer /metrics in turn, each with its own counts"
        warn_once(f"{turns}: set {_FOLDER} to an empty folder")
    return None


def warn_once(message: str) -> None:
    """Warn once a process, and of numbered workers only in the first: they all know the same."""
    number = re.search(r"\d+$", current_process().name)
    if message not in _given and (number is None or int(number[0]) == 1):
        _LOG.warning("%s", message)
    _given.add(message)


def _has_workers() -> bool:
    """Is this one of several workers, as far as its server's settings say?

    uvicorn and hypercorn start each worker with their settings, whoever asked for it; gunicorn has options alone.
    """
    config = getattr(current_process(), "_kwargs", {}).get("config")
    counts = [str(getattr(config, "workers", "")), os.environ.get("WEB_CONCURRENCY", "")]
    words = [*sys.argv[1:], *os.environ.get("GUNICORN_CMD_ARGS", "").split()]
    for word, following in pairwise([*words, ""]):
        name, is_joined, value = word.partition("=")
        if name in ("--workers", "-w"):
            counts.append(value if is_joined else following)
    return any(count.isdecimal() and int(count) > 1 for count in counts)
