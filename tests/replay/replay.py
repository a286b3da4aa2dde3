"""Plays the same inputs through two versions of perfgate and prints every difference in what they decide.

``python tests/replay/replay.py --old PYTHON_WITH_THE_PREVIOUS_RELEASE [--new PYTHON]``: the fault
suite, the kept and golden reports, every worked example of a foreign file, and random families. Without
``--new``, the new version is this tree. Compared are exit codes, findings with their numbers,
problems, notes, JSON output and which files were written; never the words of a message.
Intended differences stand in ``expected.toml``; ``previous_release`` names the commit of the
previous release. Exit 0: no other difference was seen; 1: some were.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from families import FORMATS, Family, known
from fault_suite import Suite
from player import HERE, ROOT, Call, Player, environment

KINDS = ["faults", "formats", "golden", "known", "families"]
DATA = ROOT / "tests" / "formats" / "data"
KEPT = ROOT / "tests" / "data" / "v0.1.0"
_CLOSE = 1e-9  # relative; one order of additions or another must not count
_NUMBER = re.compile(r"(?<![\w.:-])\d+\.\d+(?![\w.:-])")


def build(place: Path, families: int, seed: int) -> dict[str, list[list[Any]]]:
    """Build every input once; return the steps of each case by its name."""
    cases = known(place)
    reports = sorted(p for p in KEPT.rglob("*.json") if "perfgate/report/" in p.read_text()[:200])
    for path in reports:  # written by the previous release, which reads no report of a later one
        name = f"golden-{path.stem}"
        (place / name).mkdir(parents=True)
        shutil.copy(path, place / name / "report.json")
        cases[name] = [["cli", "report", "report.json", "--format", form] for form in FORMATS]
    for number, path in enumerate(sorted(p for p in DATA.rglob("*") if _is_example(p))):
        name = f"formats-{number:03d}-{path.parent.name}-{path.name.replace(' ', '_')}"
        cases[name] = _example(place / name, path)
    for number in range(families):
        name = f"families-{seed}-{number:04d}"
        cases[name] = Family(f"{seed}-{number}", place / name).build()
    return cases


def roomy() -> str | None:
    """Return a folder in memory when there is one with room: some hundred thousand small files are written."""
    memory = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
    return memory if os.path.isdir(memory) and shutil.disk_usage(memory).free > 2 << 30 else None


def _is_example(path: Path) -> bool:
    if path.is_dir():
        return Path(f"{path}.expected.json").exists()
    return not path.name.endswith((".expected.json", "README.md"))


def _example(folder: Path, path: Path) -> list[list[Any]]:
    """Lay a worked example beside a copy of it whose numbers are a quarter larger."""
    name = path.name
    (folder / "changed").mkdir(parents=True)
    if path.is_dir():
        shutil.copytree(path, folder / name)
        shutil.copytree(path, folder / "changed" / name)
    else:
        shutil.copy(path, folder / name)
        shutil.copy(path, folder / "changed" / name)
    for file in (p for p in (folder / "changed").rglob("*") if p.is_file()):
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        text = _NUMBER.sub(lambda m: f"{float(m[0]) * 1.25:.9g}", text)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    changed = f"changed/{name}"
    given = ["--from", path.relative_to(DATA).parts[0], "--direction", "lower", "--min-time", "0"]
    steps = [
        ["import", "--dry-run", "--json", name],
        ["import", name, "-o", "imported"],
        ["collect", name, "--format", "json"],
        ["collect", "imported", "-o", "profile.json"],
        ["baseline", "refresh", name],
        ["check", changed],
        ["check", changed, "--direction", "higher"],
        ["check", name, "--baseline", "profile.json"],
        ["check", changed, "--baseline", "profile.json", "--sessions", "all"],
        ["audit", "--format", "json", "--today", "2026-03-01"],
        ["import", name, *given, "-o", "given"],
        ["baseline", "refresh", name, *given, "--replace", "--reason", "again"],
        ["check", changed, *given, "--format", "json"],
    ]
    return [["cli", *step] for step in steps]


def play_version(asked: tuple[str, str, str, Path, dict[str, Any], list[str]]) -> dict[str, Any]:
    """Play every case through one version, in a process of its own."""
    name, python, path, place, cases, parts = asked
    rules = tomllib.loads((HERE / "expected.toml").read_text())
    player = Player(python, path, place / name, rules["compared"])
    counts = Suite(player, [s["case"] for s in rules.get("skipped", ())]).play() if "faults" in parts else {}
    for case, steps in cases.items():
        player.kind, player.case = case.partition("-")[0], case
        if player.kind not in parts:
            continue
        folder = player.copy(place / "inputs" / case, case)
        for verb, *words in steps:
            if verb in {"cli", "shard"}:
                player.play(folder, *words, env={"PERFGATE_COMMIT": "c" * 40} if verb == "shard" else None)
            elif verb == "git":
                subprocess.run(["git", *words], cwd=folder, env=environment(folder), check=False, capture_output=True)
            else:
                (folder / words[0]).unlink(missing_ok=True)
                (folder / words[0]).parent.mkdir(parents=True, exist_ok=True)
                (folder / words[0]).write_text(words[1])
        shutil.rmtree(folder)
    player.close()
    return {"package": player.package, "calls": player.calls, "faults": counts}


def is_alike(old: Any, new: Any) -> bool:
    """Are two values equal, numbers but for the order of additions?"""
    if isinstance(old, float | int) and isinstance(new, float | int) and not isinstance(old, bool):
        return old == new or math.isclose(old, new, rel_tol=_CLOSE, abs_tol=1e-300) or (old != old and new != new)  # noqa: PLR0124 - NaN
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_alike, old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(is_alike(old[key], new[key]) for key in old)
    return type(old) is type(new) and old == new


def differences(old: Call, new: Call) -> list[tuple[str, Any, Any]]:
    """Return what differs between two calls: the fact, its old and its new value."""
    names = [*old.facts, *(n for n in new.facts if n not in old.facts)]
    absent = "(absent)"
    pairs = [(n, old.facts.get(n, absent), new.facts.get(n, absent)) for n in names]
    return [p for p in pairs if not is_alike(p[1], p[2])]


def explain(call: Call, found: list[tuple[str, Any, Any]], rules: list[dict[str, Any]]) -> list[str]:
    """Return the name of the rule that expects each difference, "" where none does."""
    names = [""] * len(found)
    for rule in sorted(rules, key=lambda r: "beside" in r):
        beside = rule.get("beside")
        if beside and not any(fnmatchcase(n, beside) for n in names):
            continue
        matched = all(
            any(fnmatchcase(getattr(call, key), pattern) for pattern in _listed(rule.get(key, "*")))
            for key in ("kind", "case", "command", "line")
        )
        for i, (fact, old, new) in enumerate(found if matched else ()):
            texts = (("old", old), ("new", new))
            if (
                not names[i] and any(fnmatchcase(fact, f) for f in _listed(rule["fact"]))
                and all(re.search(rule.get(k, ""), v if isinstance(v, str) else json.dumps(v)) for k, v in texts)
            ):  # fmt: skip
                names[i] = rule["name"]
    return names


def _listed(stated: str | list[str]) -> list[str]:
    return stated if isinstance(stated, list) else [stated]


def short(value: Any) -> str:
    """Return a value on one short line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


def compare(old: list[Call], new: list[Call], rules: list[dict[str, Any]]) -> int:
    """Print every unexpected difference and the counts; return how many calls differ unexpectedly."""
    others = {(c.kind, c.case, c.step): c for c in new}
    compared, facts, expected, bad, codes = Counter(), Counter(), Counter(), Counter(), Counter()
    unmatched = Counter()
    for call in old:
        other = others.pop((call.kind, call.case, call.step), None)
        if other is None or other.arguments != call.arguments:
            unmatched[call.kind] += 1
            continue
        compared[call.kind] += 1
        facts[call.kind] += len(call.facts)
        codes[call.command, call.facts["exit code"]] += 1
        found = differences(call, other)
        names = explain(call, found, rules)
        expected.update(n for n in names if n)
        rest = [f for f, name in zip(found, names, strict=True) if not name]
        if rest:
            bad[call.kind] += 1
            print(f"\n{call.kind} {call.case} step {call.step}: perfgate {' '.join(call.arguments)}")
            for fact, before, after in rest[:12]:
                print(f"  {fact}: {short(before)} -> {short(after)}")
            if len(rest) > 12:
                print(f"  and {len(rest) - 12} more")
    print("\nCompared calls (exit codes of the old version):")
    for command in sorted({c for c, _ in codes}):
        counts = ", ".join(f"{code}: {n}" for (c, code), n in sorted(codes.items(), key=str) if c == command)
        print(f"  {command:18} {counts}")
    print("\nKind       calls    facts  differ unexpectedly  only in one version")
    unmatched.update(c.kind for c in others.values())
    for kind in sorted({*compared, *unmatched}):
        print(f"{kind:9} {compared[kind]:6} {facts[kind]:8} {bad[kind]:20} {unmatched[kind]:20}")
    for name, n in sorted(expected.items()):
        print(f"expected: {n:5} {name}: {next(r['why'] for r in rules if r['name'] == name)}")
    return sum(bad.values()) + sum(n for kind, n in unmatched.items() if kind != "faults") + (not compared)


def main() -> int:
    """Build, play and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", required=True, help="python that has the previous release")
    parser.add_argument("--new", default="", help="python that has the new version (default: this tree)")
    parser.add_argument("--families", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=KINDS, default=[])
    given = parser.parse_args()
    parts = given.only or KINDS
    with tempfile.TemporaryDirectory(prefix="replay-", dir=roomy()) as folder:
        place = Path(folder)
        cases = build(place / "inputs", given.families if "families" in parts else 0, given.seed)
        versions = [("old", given.old, ""), ("new", given.new or sys.executable, "" if given.new else str(ROOT))]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            asked = [(*v, place, cases, parts) for v in versions]
            old, new = pool.map(play_version, asked, chunksize=1)
    for name, version in (("old", old), ("new", new)):
        print(
            f"{name}: {version['package']}", *(f"fault tests {k}: {n}" for k, n in version["faults"].items()), sep="; "
        )
    if os.path.realpath(old["package"]) == os.path.realpath(new["package"]):
        print("both are the same installation: nothing was compared")
        return 1
    rules = tomllib.loads((HERE / "expected.toml").read_text())["difference"]
    wrong = compare(old["calls"], new["calls"], rules)
    print(f"\n{wrong} unexpected differences" if wrong else "\nonly expected differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
