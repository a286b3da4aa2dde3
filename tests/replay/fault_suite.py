"""Runs the functions of `tests/faults/test_faults_in_*.py` with every call of perfgate played by one version.

The projects come from those tests as they are: their parameters, their fixtures and the fixtures of
`tests/conftest.py` are resolved here in the plainest way. What they assert does not matter here, the
words of a message least of all; what differs between versions is found by comparing the calls.
"""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import os
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from player import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from player import Player

TESTS = ROOT / "tests"
_SILENT = ("assert_cannot_decide", "assert_green", "assert_reported")


class Folders:
    """Stands in for `tmp_path_factory`."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def mktemp(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=name, dir=self.place))


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def parameters(function: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each combination of parameters with its id, as pytest does."""
    axes = []
    for mark in getattr(function, "pytestmark", ()):
        if mark.name != "parametrize":
            continue
        names = mark.args[0].split(",") if isinstance(mark.args[0], str) else list(mark.args[0])
        ids = mark.kwargs.get("ids")
        ids = [str(i) for i in ids] if ids is not None and not callable(ids) else []
        axis = []
        for number, entry in enumerate(mark.args[1]):
            values = getattr(entry, "values", None) if hasattr(entry, "marks") else None
            values = values if values is not None else (entry if len(names) > 1 else (entry,))
            label = getattr(entry, "id", None) or (ids[number] if ids else str(number))
            axis.append((label, dict(zip([n.strip() for n in names], values, strict=True))))
        axes.append(axis)
    for chosen in itertools.product(*axes):
        yield "-".join(c[0] for c in chosen), {k: v for c in chosen for k, v in c[1].items()}


class Suite:
    """The fault tests, for one version."""

    def __init__(self, player: Player, skipped: list[str]) -> None:
        self.player = player
        self.skipped = skipped
        self.kept: dict[str, Any] = {}
        self.folders = Folders(player.place)
        sys.path[:0] = [str(ROOT), str(TESTS), *(str(p) for p in sorted(TESTS.iterdir()) if p.is_dir())]
        self.conftest = _import(TESTS / "conftest.py")
        project = self.conftest.Project
        outcome = sys.modules[project.__module__].Outcome

        def cli(this: Any, *arguments: str, env: Any = None, input: str | None = None, cwd: str = ".") -> Any:  # noqa: A002 - as in `Project`
            return outcome(*player.play(this.root, *arguments, env=env, text=input, cwd=cwd))

        project.cli = cli

    def resolve(self, name: str, module: ModuleType, known: dict[str, Any]) -> Any:
        """Return what a test asks for by name: a parameter or a fixture."""
        if name in known:
            return known[name]
        if name in self.kept:
            return self.kept[name]
        if name == "tmp_path":
            known[name] = self.folders.mktemp("tmp")
        elif name == "tmp_path_factory":
            known[name] = self.folders
        else:
            fixture = getattr(module, name, None) or getattr(self.conftest, name)
            function = (
                fixture._get_wrapped_function() if hasattr(fixture, "_get_wrapped_function") else fixture.__wrapped__
            )
            asked = {n: self.resolve(n, module, known) for n in inspect.signature(function).parameters}
            value = function(**asked)
            is_kept = "template" in name
            (self.kept if is_kept else known)[name] = value
            return value
        return known[name]

    def play(self) -> dict[str, int]:
        """Play every test; return how many there were of each outcome."""
        counts = {"played": 0, "left early": 0, "skipped": 0}
        home = os.getcwd()
        for path in sorted((TESTS / "faults").glob("test_faults_in_*.py")):
            module = _import(path)
            for name in _SILENT:
                if hasattr(module, name):
                    setattr(module, name, lambda *_: None)
            tests = [(n, f) for n, f in vars(module).items() if n.startswith("test_") and callable(f)]
            for name, function in tests:
                for label, values in parameters(function):
                    counts[self._play_one(module, name, function, label, values)] += 1
                    os.chdir(home)
        return counts

    def _play_one(self, module: ModuleType, name: str, function: Any, label: str, values: dict[str, Any]) -> str:
        case = f"{name}[{label}]"
        if any(fnmatch(case, pattern.replace("[", "[[]")) for pattern in self.skipped):
            return "skipped"
        self.player.kind, self.player.case = "faults", f"{module.__name__}: {case}"
        known = dict(values)
        try:
            asked = {n: self.resolve(n, module, known) for n in inspect.signature(function).parameters}
            function(**asked)
        except AssertionError:  # the words of a message, mostly: they are not compared here
            return "left early"
        return "played"
