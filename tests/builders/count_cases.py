"""A stand-in for Valgrind, for the tests of counted instructions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

UNCOVERED = dict.fromkeys(("COV_CORE_SOURCE", "COV_CORE_CONFIG", "COV_CORE_DATAFILE", "COVERAGE_PROCESS_START"), "")
"""Coverage in a measured program would be counted, too."""
STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then echo valgrind-9.9.9; exit 0; fi
while [ "$1" != -- ]; do
  case "$1" in --log-file=*) log=${1#--log-file=};; esac
  shift
done
shift
log=$(printf %s "$log" | sed "s/%%/%/g; s/%p/$$/")
counted=$("$@" 3>&1 >/dev/null 2>/dev/null) || exit $?
for count in $counted; do
  case "$count" in
    killed) echo "==1== Cachegrind" > "$log.killed.log";;
    complaint) echo "==1== valgrind: fatal error: no such thing" > "$log"; exit 1;;
    *) printf '==1== Cachegrind\\n==1== I   refs:      %s\\n' "$count" > "$log.$count.log";;
  esac
done
"""
"""Runs the command, which writes its count to descriptor 3 where it is counted."""


def stand_in(folder: Path) -> dict[str, str]:
    """Return the variables of an environment whose Valgrind is the stand-in, which is put into a folder."""
    place = folder / "stand-in"
    place.mkdir()
    (place / "valgrind").write_text(STAND_IN)
    (place / "valgrind").chmod(0o755)
    return {"PATH": f"{place}{os.pathsep}{clean_environment(place)['PATH']}"}
