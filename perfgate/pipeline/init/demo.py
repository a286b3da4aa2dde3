"""Demo: the whole story on a small real workload, in a folder that stays to be looked at."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from importlib import resources
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.measure.machine import ci

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = "train.py"
_FAST, _SLOW = "REBUILD_FEATURES = False", "REBUILD_FEATURES = True"
_MEASURE = ("run", "-n", "10", "--benchmark", "train", "--", sys.executable, SCRIPT)
_OWN_CONFIGURATION = "# The demo's own: without it, the configuration of a project around this folder would apply.\n"
_HERE = "perfgate.pipeline.init"


def demo(say: Callable[[str], None], *, folder: str | None = None) -> str:
    """Measure a workload, commit to a baseline, measure it again unchanged and slowed, and show both reports.

    Args:
        say: prints a line.
        folder: where to play; None: a temporary folder.

    Returns:
        The folder, which is left as it is.

    Raises:
        CannotDecideError: this machine is too noisy for the story to come out.
    """
    place = folder or tempfile.mkdtemp(prefix="perfgate-demo-")
    os.makedirs(place, exist_ok=True)
    script = os.path.join(place, SCRIPT)
    if os.path.exists(script):
        raise cannot_decide("demo-folder", "a demo was played here before", place=place, hint="name a new folder")
    source = resources.files(_HERE).joinpath("demo_train.py").read_text(encoding="utf-8")
    _write(script, source)
    _write(os.path.join(place, "perfgate.toml"), _OWN_CONFIGURATION)
    say(f"# {SCRIPT} trains a small model and measures itself; all files are in {place}")
    _step(say, place, _MEASURE)
    _step(say, place, ("baseline", "refresh"))
    say("# Nothing was changed: measured again, the check passes.")
    _step(say, place, _MEASURE)
    unchanged = _step(say, place, ("check", "--report", "unchanged.md"))
    say("# Now a mistake: the features are built anew for every fold.")
    _write(script, source.replace(_FAST, _SLOW))
    _step(say, place, _MEASURE)
    slowed = _step(say, place, ("check", "--report", "slowed.md", "--report", "slowed.json"))
    say(f"# The two checks exited with {unchanged} (pass) and {slowed} (regression).")
    if (unchanged, slowed) != (0, 1):
        message = f"the checks exited with {unchanged} and {slowed}, not with 0 and 1: this machine is too noisy now"
        raise cannot_decide("demo-noisy", message, place=place, hint="try again when the machine is less busy")
    return place


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _step(say: Callable[[str], None], place: str, words: tuple[str, ...]) -> int:
    """Run one perfgate command in the folder, as a user would, and return its exit code."""
    shown = ["python" if w == sys.executable else w for w in words]
    say(f"\n$ perfgate {shlex.join(shown)}")
    done = subprocess.run(  # noqa: S603 - our own program, a list, no shell
        [sys.executable, "-m", "perfgate", *words], cwd=place, env=_environ(), check=False, stdin=subprocess.DEVNULL
    )
    return done.returncode


def _environ() -> dict[str, str]:
    """Return an environment in which the story is the same everywhere: as on a laptop, and with this perfgate."""
    own = os.path.dirname(str(resources.files("perfgate")))
    kept = {k: v for k, v in os.environ.items() if k not in ci.MARKERS and not k.startswith("PERFGATE_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH"))))}
