"""Run the same commands on the same random inputs with two checkouts, and print every byte that differs.

python tests/evaluation/same_results.py --other PATH                    300 inputs through this checkout and PATH
python tests/evaluation/same_results.py --other PATH --only lines       one kind of input; --help lists them
python tests/evaluation/same_results.py --other PATH --faults           the projects of tests/faults/test_faults_in_*

Compared are stdout, stderr, exit code and every file that a command writes or removes, byte for byte. Both checkouts
work in the same folder, one after the other, with the same environment but for PYTHONPATH, and for PYTHONHASHSEED,
which differs on purpose. Exit 0: nothing differs. Exit 1: something does, or nothing was compared.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from same_inputs import SHARES, build, kind_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "replay"))

from fault_suite import Suite
from player import environment
from replay import roomy

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "tests" / "replay" / "worker.py"
STARTED = 20
"""The commands of one input in so many are started as users start them, the others in a process that is forked."""
LONGEST = 120.0
"""Seconds that a command may take."""
LARGEST = 64 << 20
"""Bytes; larger files are compared by their size."""
SHOWN = 3
"""Differences of one command that are printed."""
CRASHED = b"[crash]\n"
"""Ends the first line of a crash, which is a fault of its own even if both checkouts crash."""
STOPPED = re.compile(rb"^::stop-commands::([0-9a-f]{32})$", re.MULTILINE)
"""What `--github` prints before names that others chose: a random word, which ends what it began."""
BUILT_AT = 1_767_225_600
"""Files of inputs are as old: 2026-01-01."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one command left behind."""

    arguments: tuple[str, ...]
    """The command line."""
    parts: dict[str, Any]
    """What is compared, by name: exit code, stdout, stderr, and each file by its path."""


class Side:
    """One checkout at work below a folder."""

    def __init__(self, checkout: Path, hash_seed: str, place: Path) -> None:
        """Start a process that forks one for each command."""
        self.checkout, self.place, self.outcomes = checkout, place, list[Outcome]()
        self.own = {
            "PYTHONPATH": str(checkout), "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(place / "tmp"),
        }  # fmt: skip
        (place / "tmp").mkdir(parents=True, exist_ok=True)
        self.worker = subprocess.Popen(
            [sys.executable, str(WORKER)], env=environment(place, **self.own), cwd=place / "tmp",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        package = self._answer()["package"]
        if Path(package).resolve().parent != checkout:
            raise SystemExit(f"{checkout} holds no perfgate: {package} was imported")

    def _answer(self) -> Any:
        assert self.worker.stdout is not None
        line = self.worker.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.checkout} ended")
        return json.loads(line)

    def run(
        self, folder: Path, words: tuple[str, ...], env: dict[str, str], text: str | None, *, is_started: bool = False
    ) -> tuple[int | None, bytes, bytes]:
        """Run a command; return its exit code (None: it did not end), stdout and stderr."""
        env = environment(self.place, **self.own, **env)
        if is_started:
            done = subprocess.run(
                [sys.executable, "-m", "perfgate", *words], cwd=folder, env=env, input=(text or "").encode(),
                capture_output=True, timeout=LONGEST, check=False,
            )  # fmt: skip
            return done.returncode, done.stdout, done.stderr
        stdout, stderr = self.place / "stdout", self.place / "stderr"
        request = {
            "cwd": str(folder), "arguments": words, "env": env, "input": text or "", "stdout": str(stdout),
            "stderr": str(stderr), "longest": LONGEST,
        }  # fmt: skip
        assert self.worker.stdin is not None
        print(json.dumps(request), file=self.worker.stdin, flush=True)
        code = self._answer()["code"]
        return code, stdout.read_bytes(), stderr.read_bytes()

    def play(
        self, root: Path, *words: str, env: dict[str, str] | None = None, text: str | None = None, cwd: str = ".",
        is_started: bool = False,
    ) -> tuple[int | None, str, str]:  # fmt: skip
        """Run a command in a project, and keep what it left behind."""
        before = listing(root)
        code, stdout, stderr = self.run(root / cwd, words, env or {}, text, is_started=is_started)
        after = listing(root)
        for word in STOPPED.findall(stdout):
            stdout = stdout.replace(word, b"RANDOM")
        parts: dict[str, Any] = {"exit code": code, "stdout": stdout, "stderr": stderr}
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                parts[f"file {name}"] = content(root / name) if name in after else "removed"
        self.outcomes.append(Outcome(arguments=words, parts=parts))
        return code, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace")

    def play_steps(self, root: Path, steps: list[list[Any]], *, is_started: bool) -> list[Outcome]:
        """Return what the commands of an input left behind; the other steps change the project."""
        self.outcomes = []
        for verb, *words in steps:
            if verb in {"cli", "shard"}:
                env = {"PERFGATE_COMMIT": "c" * 40} if verb == "shard" else {}
                self.play(root, *words, env=env, is_started=is_started)
            elif verb == "git":
                subprocess.run(["git", *words], cwd=root, env=environment(root), check=False, capture_output=True)
            else:
                (root / words[0]).unlink(missing_ok=True)
                (root / words[0]).parent.mkdir(parents=True, exist_ok=True)
                (root / words[0]).write_text(words[1])
        return self.outcomes

    def close(self) -> None:
        """End the process."""
        assert self.worker.stdin is not None
        self.worker.stdin.close()
        self.worker.wait(10)


def listing(root: Path) -> dict[str, Any]:
    """Return all that lies below a folder, but git's own, with a mark that changes when it is written."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f != ".git"]
        for name in (*files, *folders):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            written = () if stat.S_ISDIR(status.st_mode) else (status.st_ino, status.st_size, status.st_mtime_ns)
            found[os.path.relpath(path, root)] = (status.st_mode, *written)
    return found


def content(path: Path) -> Any:
    """Return what is compared of a file: its kind and rights, and its bytes."""
    status = path.lstat()
    kind = stat.filemode(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"{kind} {os.readlink(path)}"
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.R_OK):
        return kind
    return f"{kind}\n".encode() + (path.read_bytes() if status.st_size < LARGEST else b"%d bytes" % status.st_size)


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Return what differs between two outcomes, in lines that a person can read."""
    found = []
    for name in dict.fromkeys((*one.parts, *other.parts)):
        here, there = one.parts.get(name, "not written"), other.parts.get(name, "not written")
        if here != there:
            found += [f"  {name}", *first_difference(here, there)]
    if one.arguments != other.arguments:
        found.append(f"  the other one ran: perfgate {' '.join(other.arguments)}")
    return found


def first_difference(here: Any, there: Any) -> list[str]:
    """Return the first lines that differ, as Python writes them."""
    texts = [value.splitlines() if isinstance(value, bytes) else [value] for value in (here, there)]
    at = next((i for i, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), min(map(len, texts)))
    lines = [repr(text[at]) if at < len(text) else "(ends)" for text in texts]
    if lines[0] == lines[1]:
        lines = ["(the ends of lines differ)"] * 2
    column = next((i for i, pair in enumerate(zip(*lines, strict=False)) if pair[0] != pair[1]), 0)
    start = max(column - 60, 0)
    shown = zip(("this", "other"), lines, strict=True)
    return [f"    line {at + 1}, {who}: {line[start : start + 200]}" for who, line in shown]


def compare(name: str, here: list[Outcome], there: list[Outcome]) -> int:
    """Print the differences of an input, and where perfgate crashed; return how many of its commands differ."""
    wrong = 0
    for step, (one, other) in enumerate(zip(here, there, strict=False)):
        if CRASHED in one.parts["stderr"]:
            print(f"\n{name}, command {step} crashed: perfgate {' '.join(map(repr, one.arguments))}", flush=True)
        found = differences(one, other)
        if found:
            wrong += 1
            print(f"\n{name}, command {step}: perfgate {' '.join(map(repr, one.arguments))}")
            print("\n".join(found[: SHOWN * 3]), flush=True)
    if len(here) != len(there):
        wrong += 1
        print(f"\n{name}: {len(here)} commands here, {len(there)} there")
    return wrong


def make(kind: str, seed: int, number: int, pristine: Path) -> list[list[Any]]:
    """Write an input whose files are all of one age, and return its steps."""
    shutil.rmtree(pristine, ignore_errors=True)
    steps = build(kind, seed, number, pristine)
    for folder, folders, files in os.walk(pristine):
        for name in (*files, *folders):
            os.utime(os.path.join(folder, name), (BUILT_AT, BUILT_AT), follow_symlinks=False)
    return steps


def compare_inputs(sides: list[Side], place: Path, options: argparse.Namespace) -> int:
    """Run every input through both sides; return how many commands differ."""
    inputs, commands, wrong, codes = Counter(), Counter(), Counter(), Counter()
    pristine, project = place / "input", place / "project"
    began = time.monotonic()
    for number in range(options.inputs):
        kind = options.only or kind_of(options.seed, number)
        steps = make(kind, options.seed, number, pristine)
        found = []
        for side in sides:
            shutil.copytree(pristine, project, symlinks=True)
            found.append(side.play_steps(project, steps, is_started=number % STARTED == 0))
            shutil.rmtree(project)
        inputs[kind] += 1
        commands[kind] += len(found[0])
        codes.update((o.parts["exit code"]) for o in found[0])
        if (number + 1) % 25 == 0:
            print(
                f"{number + 1} of {options.inputs} inputs, {time.monotonic() - began:.0f} s",
                file=sys.stderr,
                flush=True,
            )
        wrong[kind] += compare(f"{kind} {options.seed}-{number}", *found)
        if options.keep and wrong[kind]:
            shutil.copytree(pristine, options.keep / f"{kind}-{number}", symlinks=True, dirs_exist_ok=True)
    print("\nKind              inputs  commands  differ")
    for kind in sorted(inputs):
        print(f"{kind:17} {inputs[kind]:6} {commands[kind]:9} {wrong[kind]:7}")
    ended = ", ".join(f"{code}: {n}" for code, n in sorted(codes.items(), key=str))
    print(f"exit codes of this checkout: {ended}; {time.monotonic() - began:.0f} seconds")
    return sum(wrong.values()) or not commands.total()


class Folders:
    """Stands in for `tmp_path_factory`, with the same names each time."""

    def __init__(self, place: Path) -> None:
        """Start with an empty folder."""
        self.place, self.count = place, 0

    def mktemp(self, name: str) -> Path:
        """Return a new folder."""
        self.count += 1
        folder = self.place / f"{name}-{self.count}"
        folder.mkdir(parents=True)
        return folder


class FaultPlayer(Side):
    """One checkout at the fault suite, which names the case that each command is of."""

    kind, case = "", ""
    cases: dict[str, list[Outcome]]

    def play(self, root: Path, *words: str, **more: Any) -> tuple[int | None, str, str]:
        """Run a command and keep it under its case."""
        self.outcomes = self.cases.setdefault(self.case, [])
        return super().play(root, *words, **more)


def play_faults(asked: tuple[Path, str, Path]) -> tuple[dict[str, list[Outcome]], dict[str, int]]:
    """Run the fault suite through one checkout, in a process of its own."""
    checkout, hash_seed, place = asked
    player = FaultPlayer(checkout, hash_seed, place)
    player.cases = {}
    suite = Suite(player, [])  # type: ignore[arg-type] - it needs `play`, `place`, `kind` and `case`
    suite.folders = Folders(place / "faults")  # type: ignore[assignment]
    counts = suite.play()
    player.close()
    shutil.rmtree(place / "faults")
    return player.cases, counts


def compare_faults(checkouts: list[tuple[Path, str]], place: Path) -> int:
    """Run the fault suite through both; return how many commands differ."""
    found = []
    for checkout, hash_seed in checkouts:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found.append(pool.apply(play_faults, ((checkout, hash_seed, place),)))
    (here, counts), (there, _) = found
    wrong = sum(compare(case, here.get(case, []), there.get(case, [])) for case in dict.fromkeys((*here, *there)))
    print(f"\nfault suite: {counts}, {sum(map(len, here.values()))} commands, {wrong} differ")
    return wrong or not here


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", type=Path, required=True, metavar="PATH", help="the other checkout")
    parser.add_argument("--inputs", type=int, default=300, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(SHARES), default="", metavar="KIND", help=", ".join(sorted(SHARES)))
    parser.add_argument("--faults", action="store_true", help="the fault suite, in place of random inputs")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the inputs that differ there")
    return parser.parse_args()


def main() -> int:
    """Compare two checkouts."""
    asked = options()
    checkouts = [(ROOT, "1"), (asked.other.resolve(), "2")]
    if checkouts[0][0] == checkouts[1][0]:
        print("both are the same checkout: nothing was compared")
        return 1
    with tempfile.TemporaryDirectory(prefix="same-", dir=roomy()) as folder:
        place = Path(folder)
        if asked.faults:
            return 1 if compare_faults(checkouts, place) else 0
        sides = [Side(checkout, hash_seed, place) for checkout, hash_seed in checkouts]
        wrong = compare_inputs(sides, place, asked)
        for side in sides:
            side.close()
    spent = os.times()
    print(f"{sum(spent[:4]):.0f} seconds of CPU time")
    print(f"\n{wrong} commands differ" if wrong else "\nno difference")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
