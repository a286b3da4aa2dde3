"""Runs steps as a runner does: their own shell code, under bash, with real environment files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from programs import write_programs
from support import ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support import Project

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
_HEREDOC = re.compile(r"^(.+?)<<(\w+)\n(.*?)\n\2$", re.MULTILINE | re.DOTALL)


def load(path: Path) -> dict[str, Any]:
    """Return a YAML file."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def action(name: str) -> dict[str, Any]:
    """Return one of the project's own actions."""
    return load(ROOT / ".github/actions" / name / "action.yml")


@dataclass
class Runner:
    """A machine that runs steps."""

    root: Path
    """Scratch folder of the machine."""
    workspace: Path
    """Where the repository is checked out."""
    facts: dict[str, str]
    """What expressions may name: ``inputs.x``, ``github.token`` …"""
    variables: dict[str, str] = field(default_factory=dict)
    """Environment variables of each step."""

    def __post_init__(self) -> None:
        """Put a perfgate and a python of this interpreter on its path."""
        tools = write_programs(self.root / "tools")
        installed = self.root / "temp/perfgate/bin"
        installed.mkdir(parents=True)
        shutil.copy2(tools / "perfgate", installed / "perfgate")

    def evaluate(self, text: str) -> str:
        """Return a text with its expressions replaced, as far as the project's own files need any."""
        return _EXPRESSION.sub(lambda match: self._value(match[1]), text)

    def _value(self, expression: str) -> str:
        for part in expression.split("||"):
            word = part.strip()
            value = word[1:-1] if word.startswith("'") else self.facts.get(word, "")
            if value:
                return value
        return ""

    def run(self, step: Mapping[str, Any]) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """Run a step, and return how it ended and its outputs."""
        files = {name: self.root / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        files["GITHUB_OUTPUT"].write_text("")
        tools = f"{self.root / 'tools'}:{clean_environment(self.root)['PATH']}"
        env = clean_environment(
            self.root, CI="true", GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(self.workspace), PATH=tools,
            RUNNER_TEMP=str(self.root / "temp"), **{name: str(path) for name, path in files.items()}, **self.variables,
        )  # fmt: skip
        env |= {name: self.evaluate(str(value)) for name, value in step.get("env", {}).items()}
        folder = self.workspace / self.evaluate(str(step.get("working-directory", ".")))
        assert "${{" not in step["run"], "an expression inside a script runs whatever somebody called a branch"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=folder, env=env,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        written = files["GITHUB_OUTPUT"].read_text()
        found = {name: value for name, _, value in _HEREDOC.findall(written)}
        return done, found or dict(line.split("=", 1) for line in written.splitlines())

    def play(self, job: Mapping[str, Any]) -> tuple[int, str]:
        """Run a job's scripts but the comment, up to one that fails; return how the last one ended and what it said."""
        code, said = 0, ""
        for step in scripts(job):
            if not code and "perfgate comment" not in step["run"] and self._is_wanted(step):
                done, outputs = self.run(step)
                self.facts |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in outputs.items()}
                code, said = done.returncode, done.stdout + done.stderr
        return code, said

    def _is_wanted(self, step: Mapping[str, Any]) -> bool:
        """Does the condition of a step hold that asks for a number, or for any text, that an earlier step left?"""
        asked = re.match(r"\$\{\{ (steps\.\S+) (> 0|!= '') \}\}", str(step.get("if", "")))
        found = self.facts.get(asked[1]) if asked else "1"
        return found not in {None, "", "0"}


def pull_request(project: Project, tmp_path: Path) -> dict[str, str]:
    """Return what Actions says on the pull request that is checked out merged."""
    told = tmp_path / "pull_request.json"
    pull = {"number": 7, "head": {"sha": project.git("rev-parse", "topic")}, "base": {"ref": "main"}}
    told.write_text(json.dumps({"number": 7, "pull_request": pull, "repository": {"full_name": "octo/app"}}))
    return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(told)}


def merge_change(project: Project, **files: str) -> None:
    """Merge a branch that changes some files into main."""
    project.git("checkout", "-q", "-B", "topic", "main")
    for name, content in files.items():
        project.write(name.replace("__", "/").replace("_py", ".py"), content)
    project.commit("Change")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-edit", "topic")


def scripts(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of a job that are scripts, without the one that installs perfgate."""
    return [s for s in job["steps"] if "run" in s and "pip install" not in s["run"]]
