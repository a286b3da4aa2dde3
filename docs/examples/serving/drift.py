"""Inputs that changed: a reference of one load, the same readings again, and then hotter ones.

``.venv/bin/python drift.py`` takes one minute and needs what README.md installs, but no Prometheus. It
listens on loopback only, writes below ``build/``, and stops what it started.
"""

from __future__ import annotations

import os
import shutil
import sys

from run import BUILD, PERFGATE, call, free_port, load, must, require_all, serve, wait_for

REFERENCE = "build/input-reference.json"
CASES = (("same", "0", 0), ("hotter", "6", 1))
"""Name of the load, by how many degrees its readings are warmer, and the exit code that is expected."""


def sample(name: str, warmer: str) -> str:
    """Load the service with readings, and return the log of the inputs that it kept."""
    port = free_port()
    os.environ["WARMER"] = warmer  # of locustfile.py
    with serve(port, f"drift-{name}"):
        wait_for(port, "/health")
        load(port, f"drift-{name}")
    return f"build/drift-{name}-logs/input_samples.jsonl"


def main() -> None:
    """Run the example; the exit code is 0 when only the readings that are hotter drifted."""
    require_all("drift.py")
    BUILD.mkdir(exist_ok=True)
    for old in BUILD.glob("drift-*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    must(sys.executable, "train.py")
    must(*PERFGATE, "baseline", "drift", sample("tested", "0"), "--out", REFERENCE)
    unexpected = []
    for name, warmer, expected in CASES:
        code = call(*PERFGATE, "drift", "--reference", REFERENCE, "--current", sample(name, warmer), "--level", "fail")
        print(f"the {name} readings: exit code {code}, expected {expected}", flush=True)
        if code != expected:
            unexpected.append(name)
    if unexpected:
        raise SystemExit(f"not as expected: {', '.join(unexpected)}; see build/")


if __name__ == "__main__":
    main()
