"""Plays command lines through one version of perfgate, and keeps of each call what must not change."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
_LARGEST = 64 << 20  # bytes; larger files are inputs
_SLUG = re.compile(r"^(?:error|warning|note)\[([a-z0-9-]+)\](?:: (\S*[./]\S*?):? )?")
_RANDOM_ID = re.compile(r"\d{8}T\d{6}\w*-[0-9a-z]+")
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command line and what it left behind.

    Attributes:
        kind: which inputs it is of: faults, formats, golden, families.
        case: the name of its input.
        step: which command line of the case, from 0.
        arguments: the command line.
        facts: what is compared, by name.
    """

    kind: str
    case: str
    step: int
    arguments: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The command line."""
        return " ".join(self.arguments)

    @property
    def command(self) -> str:
        """The command, such as ``baseline refresh``."""
        words = [a for a in self.arguments[:2] if not a.startswith("-")]
        return " ".join(words[: 2 if words[:1] == ["baseline"] else 1]) or "(none)"


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment without CI, user settings or settings of perfgate; git's clock stands still."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    git = {f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {f"GIT_{who}_DATE": "2026-03-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    own = {"HOME": str(home), "LANG": "C.UTF-8", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {**kept, **git, **dates, **own, **variables}


class Player:
    """One version at work."""

    def __init__(self, python: str, path: str, place: Path, mapping: dict[str, Any]) -> None:
        """Start the version's worker.

        Args:
            python: the interpreter that has the version.
            path: a folder for PYTHONPATH, "" for none.
            place: a folder for what is played.
            mapping: `[compared]` of expected.toml.
        """
        self.place = place
        self.mapping = mapping
        self.calls: list[Call] = []
        self.kind, self.case = "", ""
        self.longest = 60.0
        place.mkdir(parents=True)
        variables = {"PYTHONPATH": path} if path else {}
        self.worker = subprocess.Popen(
            [python, str(HERE / "worker.py")],
            env=environment(place, OPENBLAS_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1", **variables),
            cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.package = self._answer()["package"]

    def _answer(self) -> Any:
        assert self.worker.stdout is not None
        line = self.worker.stdout.readline()
        if not line:
            raise SystemExit(f"the worker of {self.place.name} ended; is perfgate installed there?")
        return json.loads(line)

    def run(
        self, folder: Path, arguments: tuple[str, ...], env: dict[str, str], text: str | None
    ) -> tuple[Any, str, str]:
        """Run a command line without keeping anything; return exit code, stdout and stderr."""
        stdout, stderr = self.place / "stdout", self.place / "stderr"
        request = {
            "cwd": str(folder), "arguments": arguments, "env": env, "input": text,
            "stdout": str(stdout), "stderr": str(stderr), "longest": self.longest,
        }  # fmt: skip
        assert self.worker.stdin is not None
        print(json.dumps(request), file=self.worker.stdin, flush=True)
        code = self._answer()["code"]
        texts = [p.read_text(encoding="utf-8", errors="replace") for p in (stdout, stderr)]
        return code, texts[0], texts[1]

    def play(
        self, root: Path, *arguments: str, env: dict[str, str] | None = None, text: str | None = None, cwd: str = "."
    ) -> tuple[Any, str, str]:
        """Run a command line in a project and keep what must not change; a check always writes a report."""
        asked = list(arguments)
        extra = root / "replayed.json"
        is_judged = arguments[:1] in {("check",), ("ab",)} and not any(a.startswith("--report") for a in arguments)
        if is_judged:
            asked[1:1] = ["--report", str(extra)]
        before = listing(root)
        code, stdout, stderr = self.run(root / cwd, tuple(asked), environment(root, **(env or {})), text)
        facts = self._facts(root, before, arguments, stdout, stderr)
        if is_judged:
            facts["has report"] = extra.is_file()
            extra.unlink(missing_ok=True)
        step = sum(1 for c in reversed(self.calls[-100:]) if (c.kind, c.case) == (self.kind, self.case))
        facts["exit code"] = code
        self.calls.append(Call(kind=self.kind, case=self.case, step=step, arguments=arguments, facts=facts))
        return code, stdout, stderr

    def _facts(self, root: Path, before: dict[str, Any], arguments: tuple[str, ...], stdout: str, stderr: str) -> Any:
        stdout, stderr = (text.replace(str(root), "ROOT") for text in (stdout, stderr))
        facts: dict[str, Any] = {"has stdout": bool(stdout.strip()), "has stderr": bool(stderr.strip())}
        # each once: of faults that are equal the previous release printed all
        found = sorted({m.groups(default="") for m in map(_SLUG.match, stderr.splitlines()) if m})
        facts["slugs on stderr"] = [[self.mapping["slugs"].get(slug, slug), masked(place)] for slug, place in found]
        after = listing(root)
        written = [n for n in after if after[n] != before.get(n)]
        facts["files written"] = sorted({masked(n) for n in written if n != "replayed.json"})
        facts["files removed"] = sorted({masked(n) for n in before if n not in after})
        for name in written:
            path = root / name
            if name.endswith(".json") and path.is_file() and path.stat().st_size < _LARGEST:
                place = "report.json" if name == "replayed.json" else masked(name)
                text = path.read_text(encoding="utf-8", errors="replace").replace(str(root), "ROOT")
                facts.update(flatten(place, text, self.mapping))
        form = arguments[arguments.index("--format") + 1] if "--format" in arguments[:-1] else ""
        if form == "junit" and stdout.startswith("<"):
            suites = ET.fromstring(stdout).iter("testsuite")  # noqa: S314 - our own output
            facts["junit"] = [sorted(suite.attrib.items()) for suite in suites]
        elif form == "openmetrics":
            facts["openmetrics"] = sorted(n for n in stdout.splitlines() if not n.startswith("#"))
        elif stdout.startswith(("{", "[")):
            facts.update(flatten("stdout", stdout, self.mapping))
        return facts

    def copy(self, source: Path, name: str) -> Path:
        """Return a copy of an input that this version may change; files are shared until replaced."""
        target = self.place / "cases" / name
        shutil.copytree(source, target, symlinks=True, copy_function=os.link)
        return target

    def close(self) -> None:
        """End the worker."""
        assert self.worker.stdin is not None
        self.worker.stdin.close()
        self.worker.wait(10)


def listing(root: Path) -> dict[str, Any]:
    """Return every file below a folder, but git's own, with a mark that changes when it is written."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f != ".git"]
        for name in files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                found[os.path.relpath(path, root)] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def masked(name: str) -> str:
    """Return a name without a random run id in it."""
    return _RANDOM_ID.sub("RUN", name)


def flatten(place: str, text: str, mapping: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared of a JSON file, by name."""
    try:
        document = json.loads(text)
    except ValueError:
        return {f"{place}: JSON": "not a JSON document"}
    if isinstance(document, dict) and str(document.get("schema", "")).startswith("perfgate/report/"):
        return dict(_report(place, document, mapping))
    return {f"{place}: {key}": value for key, value in _leaves(document, mapping)}


def _renamed(entry: dict[str, Any], mapping: dict[str, Any]) -> dict[str, Any]:
    return {mapping["renamed"].get(key, key): value for key, value in entry.items()}


def _report(place: str, report: dict[str, Any], mapping: dict[str, Any]) -> Any:
    report = _renamed(report, mapping)
    for key in mapping["report"]:
        yield f"{place}: {key}", report.get(key)
    for part in ("problems", "notes"):
        entries = [_renamed(entry, mapping) for entry in report.get(part, ())]
        kept = [
            [mapping["slugs"].get(e.get("slug"), e.get("slug")), *(e.get(k) for k in mapping[part])] for e in entries
        ]
        yield f"{place}: {part}", sorted(kept, key=json.dumps)
    for key, value in _leaves(report.get("suite"), mapping):
        yield f"{place}: suite{key}", value
    for side, profiles in (report.get("samples") or {}).items():
        for facts in (s for p in profiles for s in p["sessions"].values()):
            facts["runs"] = sorted(run[:12] for run in facts["runs"])  # the part that 0.1.0 wrote
        yield f"{place}: samples {side}", hashlib.sha256(json.dumps(profiles, sort_keys=True).encode()).hexdigest()
    findings = [_renamed(f, mapping) for f in report.get("findings", ())]
    named: dict[str, int] = {}
    for finding in sorted(findings, key=lambda f: json.dumps([f.get("limit"), f.get("method")])):
        labels = ",".join(f"{k}={v}" for k, v in sorted(finding["labels"].items()))
        name = f"{finding['benchmark']}[{labels}] {finding['metric']} {finding['statistic']}"
        named[name] = named.get(name, 0) + 1
        name += f" #{named[name]}" if named[name] > 1 else ""
        for key in mapping["finding"]:
            value = finding.get(key)
            words = mapping.get({"reason": "slugs", "status": "statuses"}.get(key, ""), {})
            yield f"{place}: {name}: {key}", words.get(value, value) if words else value


def _leaves(value: Any, mapping: dict[str, Any], place: str = "") -> Any:
    if isinstance(value, dict) and value:
        for key, inner in sorted(_renamed(value, mapping).items()):
            if key not in mapping["words"]:
                yield from _leaves(inner, mapping, f"{place}/{key}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, inner in enumerate(value):
            yield from _leaves(inner, mapping, f"{place}/{number}")
    else:
        yield place, masked(value) if isinstance(value, str) else value
