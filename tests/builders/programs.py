"""`perfgate`, `python` and `python3` as programs on a PATH, each run by the interpreter that runs the tests.

The tests are started as ``.venv/bin/python -m pytest``, with no environment activated: the
``python`` of such a PATH is the system's, which has neither perfgate nor its libraries, or
there is none.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import sys
import tempfile
from pathlib import Path

_PROGRAMS = {"perfgate": "-m perfgate", "python": "", "python3": ""}


def write_programs(folder: Path) -> Path:
    """Write the three programs into a folder, which is made, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, words in _PROGRAMS.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return folder


@functools.cache
def programs_folder() -> Path:
    """Return a folder with the three programs that stays until this process ends."""
    folder = tempfile.mkdtemp(prefix="programs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_programs(Path(folder))
