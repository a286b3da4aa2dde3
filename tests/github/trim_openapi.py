"""Writes tests/data/github-openapi/github.json: what GitHub's own description says of the requests that we send.

``python tests/github/trim_openapi.py PARTS/node_modules/@octokit/openapi``
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "data" / "github-openapi"
PULLS, ISSUES = "/repos/{owner}/{repo}/pulls", "/repos/{owner}/{repo}/issues"
KEPT = {
    PULLS: {"get"},
    f"{PULLS}/{{pull_number}}": {"get"},
    f"{ISSUES}/{{issue_number}}": {"get"},
    f"{ISSUES}/{{issue_number}}/comments": {"get", "post"},
    f"{ISSUES}/comments/{{comment_id}}": {"get", "patch", "delete"},
}
NOT_ASKED = {"example", "examples", "description", "summary", "externalDocs", "x-github"}


def trim(document: dict[str, Any]) -> dict[str, Any]:
    """Return the description of the kept requests, with every component that they name."""
    paths = {
        path: {k: v for k, v in document["paths"][path].items() if k in methods | {"parameters"}}
        for path, methods in KEPT.items()
    }
    kept: dict[str, dict[str, Any]] = {}
    waiting = [paths]
    while waiting:
        for ref in named(waiting.pop()):
            kind, name = ref.split("/")[2:]
            if name not in kept.setdefault(kind, {}):
                kept[kind][name] = document["components"][kind][name]
                waiting.append(kept[kind][name])
    whole = {"openapi": document["openapi"], "info": document["info"], "servers": document["servers"], "paths": paths}
    return bare({**whole, "components": kept}, names=False)


def named(part: object) -> list[str]:
    """Return the components that a part refers to."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in named(value)]
    return [ref for value in part for ref in named(value)] if isinstance(part, list) else []


def bare(part: Any, *, names: bool) -> Any:
    """Return a part without words for people; where keys are names, all of them stay."""
    if isinstance(part, list):
        return [bare(value, names=False) for value in part]
    if not isinstance(part, dict):
        return part
    return {
        key: bare(value, names=not names and key in {"properties", "parameters", "schemas", "responses", "headers"})
        for key, value in part.items()
        if names or key not in NOT_ASKED
    }


if __name__ == "__main__":
    package = Path(sys.argv[1])
    source = json.loads((package / "generated" / "api.github.com.json").read_text(encoding="utf-8"))
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "github.json").write_text(json.dumps(trim(source), separators=(",", ":")) + "\n", encoding="utf-8")
    shutil.copyfile(package / "LICENSE", TARGET / "LICENSE")
