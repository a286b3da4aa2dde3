from __future__ import annotations

import ast
import functools
import re
from collections import Counter

from doc_blocks import DOCS, ROOT

from perfgate.core.reasons import SENTENCES

_MAKERS = {"error": 0, "warning": 0, "note": 0, "cannot_decide": 0}


def trees() -> dict[str, ast.Module]:
    source = ROOT / "perfgate"
    return {str(p.relative_to(source)): ast.parse(p.read_text(encoding="utf-8")) for p in source.rglob("*.py")}


def name_of(call: ast.Call) -> str:
    func = call.func
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def takers(modules: dict[str, ast.Module]) -> dict[str, int]:
    """Return the functions that take a slug, and at which place; -1: by its name only."""
    found = dict(_MAKERS)
    for tree in modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [a.arg for a in node.args.posonlyargs + node.args.args]
                if "slug" in names:
                    found[node.name] = names.index("slug")
                elif "slug" in [a.arg for a in node.args.kwonlyargs]:
                    found[node.name] = -1
    return found


def constants(tree: ast.Module) -> dict[str, str]:
    """Return the texts that a module gives a name, such as ``_SLUG``."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def is_of_a_logger(call: ast.Call) -> bool:
    """Does it write to a log? Its message is no diagnostic, and has no slug."""
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "_LOG"


@functools.cache
def slugs() -> set[str]:
    """Return every slug that the program can print: those of findings, and those that diagnostics are made with."""
    modules = trees()
    places, found = takers(modules), set(SENTENCES)
    for path, tree in modules.items():
        named = constants(tree)
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            place = places.get(name_of(call))
            if place is None or name_of(call) in {"sentence", "hint_for"} or is_of_a_logger(call):
                continue
            given = [k.value for k in call.keywords if k.arg == "slug"]
            given += [] if given or not 0 <= place < len(call.args) else [call.args[place]]
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found.add(value.value)
                elif isinstance(value, ast.Name) and value.id in named:
                    found.add(named[value.id])
                else:
                    handed_on = ast.unparse(value)
                    assert handed_on in {"slug", "finding.reason"}, f"{path}:{call.lineno}: a slug out of {handed_on}"
    return found


def test_every_slug_has_one_entry_with_cause_and_hint_and_no_entry_is_stale():
    text = (DOCS / "messages.md").read_text(encoding="utf-8")
    entries = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert [name for name, n in Counter(name for name, _, _ in entries).items() if n > 1] == []
    assert {name for name, _, _ in entries} == slugs()
    assert all(cause.strip() and hint.strip() for _, cause, hint in entries)


def test_the_slugs_of_known_places_are_found():
    assert {"worse", "config-invalid", "runs-unreadable", "profile-unwritable", "run-invalid", "usage"} <= slugs()
