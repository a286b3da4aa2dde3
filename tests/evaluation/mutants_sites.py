"""Small faults that can be put into a source: where they stand, and the text with one of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARED = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}  # fmt: skip
_COMPUTED = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"), ast.Pow: ("**", "*"), ast.BitOr: ("|", "&"), ast.BitAnd: ("&", "|"),
}  # fmt: skip
Change = tuple[str, int, int, str]
"""Kind, first byte, the byte behind the last, and what is written there."""
_SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place of a source, and what to write there."""

    kind: str
    """What sort of fault it is."""
    start: int
    """The first byte that is replaced."""
    end: int
    """The byte behind the last one that is replaced."""
    new: str
    """What is written there."""
    first: int
    """The first line of the statement, from 1: what tells tests that run it."""
    last: int
    """Its last line; of an `if`, a loop or a function the last one of its head."""
    row: int
    """The first line that changes, from 1."""
    until: int
    """The last line that changes."""


def mutate(source: str, site: Site) -> str:
    """Return a source with one fault."""
    text = source.encode()
    return (text[: site.start] + site.new.encode() + text[site.end :]).decode()


def changed_line(source: str, site: Site) -> tuple[str, str]:
    """Return the changed lines, before and after, each as one line without indents."""
    lines = source.splitlines()[site.row - 1 : site.until]
    mutated = mutate(source, site)
    gained = mutated.count("\n") - source.count("\n")
    after = mutated.splitlines()[site.row - 1 : site.until + gained]
    return " ".join(" ".join(lines).split()), " ".join(" ".join(after).split())


def sites(source: str) -> list[Site]:
    """Return all faults that can be put into a source, in its order (see `is_fault`)."""
    found = {(site.start, site.end, site.new): site for site in _Finder(source).walk(ast.parse(source), None)}
    return [site for _, site in sorted(found.items())]


def is_fault(source: str, site: Site) -> bool:
    """Is the mutated source another program, and no syntax error?"""
    try:
        return ast.dump(ast.parse(mutate(source, site))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


class _Finder:
    """Walks through a syntax tree, and leaves out what is never run or only read: annotations, strings, decorators."""

    def __init__(self, source: str) -> None:
        self._text = source.encode()
        self._starts = [0]
        for line in self._text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def walk(self, node: ast.AST, statement: ast.stmt | None) -> Iterator[Site]:
        """Yield the faults of a node and of all below it."""
        if isinstance(node, ast.stmt):
            statement = node
        if statement is not None:
            for kind, start, end, new in self._own(node):
                yield self._site(kind, start, end, new, statement)
        for child in self._children(node):
            yield from self.walk(child, statement)

    def _children(self, node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.If) and _is_for_types(node.test)):
            return  # positions inside an f-string are wrong before Python 3.12
        left_out: list[object] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            left_out = [*node.decorator_list, getattr(node, "returns", None)]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            left_out = [node.annotation]
        elif isinstance(node, ast.Call):
            left_out = [k for k in node.keywords if k.arg == "strict"]  # `zip` checks what is equally long anyway
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id in ("__slots__", "__all__") for target in node.targets
        ):
            return
        for child in ast.iter_child_nodes(node):
            if not any(child is each for each in left_out):
                yield child

    def _own(self, node: ast.AST) -> Iterator[Change]:
        if isinstance(node, ast.stmt):
            yield from self._of_statement(node)
        for kinds, of_node in (
            (ast.Compare, self._of_comparison), (ast.BoolOp, self._of_condition), (ast.UnaryOp, self._of_sign),
            (ast.BinOp, self._of_arithmetic), (ast.Constant, self._of_constant), (ast.Call, self._of_call),
        ):  # fmt: skip
            if isinstance(node, kinds):
                yield from of_node(node)
        tests = [node.test] if isinstance(node, ast.If | ast.IfExp) else getattr(node, "ifs", [])
        for test in tests:
            if not _is_for_types(test):
                yield from self._forced(test)

    def _of_comparison(self, node: ast.Compare) -> Iterator[Change]:
        places = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, places, places[1:], strict=False):
            yield from self._token("comparison", left, right, *_COMPARED[type(operator)])

    def _of_condition(self, node: ast.BoolOp) -> Iterator[Change]:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from self._token("and, or", left, right, old, new)

    def _of_sign(self, node: ast.UnaryOp) -> Iterator[Change]:
        sign = {ast.Not: "not", ast.USub: "minus"}.get(type(node.op))
        if sign:
            yield f"{sign} removed", self._start(node), self._start(node.operand), ""

    def _of_arithmetic(self, node: ast.BinOp) -> Iterator[Change]:
        if type(node.op) in _COMPUTED and not (_is_text(node.left) or _is_text(node.right)):
            yield from self._token("arithmetic", node.left, node.right, *_COMPUTED[type(node.op)])

    def _of_statement(self, node: ast.stmt) -> Iterator[Change]:
        whole = (self._start(node), self._end(node))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield "call removed", *whole, "pass"
        elif isinstance(node, ast.Raise):
            yield "raise removed", *whole, "pass"
        elif isinstance(node, ast.Continue | ast.Break):
            yield "jump removed", *whole, "pass"
        elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            yield "return of None", *whole, "return None"
        elif isinstance(node, ast.AugAssign) and type(node.op) in _COMPUTED and not _is_text(node.value):
            old, new = _COMPUTED[type(node.op)]
            yield from self._token("arithmetic", node.target, node.value, f"{old}=", f"{new}=")
        elif isinstance(node, ast.While):
            yield "condition false", self._start(node.test), self._end(node.test), "False"

    def _of_constant(self, node: ast.Constant) -> Iterator[Change]:
        place = (self._start(node), self._end(node))
        if isinstance(node.value, bool):
            yield "true, false", *place, str(not node.value)
        elif isinstance(node.value, int):
            yield "number", *place, str(node.value + 1)
        elif isinstance(node.value, float):
            yield "number", *place, repr(node.value * 2 if node.value else 1.0)

    def _of_call(self, node: ast.Call) -> Iterator[Change]:
        if not isinstance(node.func, ast.Name):
            return
        place = (self._start(node.func), self._end(node.func))
        name = node.func.id
        if name in _SWAPPED:
            yield "call swapped", *place, _SWAPPED[name]
        elif name in ("sorted", "abs") and node.args:
            given = self._text[self._start(node.args[0]) : self._end(node.args[0])].decode()
            plain = f"list({given})" if name == "sorted" else f"({given})"
            yield f"{name} removed", self._start(node), self._end(node), plain

    def _forced(self, test: ast.expr) -> Iterator[Change]:
        for value in ("True", "False"):
            yield f"condition {value.lower()}", self._start(test), self._end(test), value

    def _token(self, kind: str, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Change]:
        """Yield the replacement of an operator, which stands alone between its two sides but for brackets."""
        begin = self._end(left)
        between = self._text[begin : self._start(right)].decode()
        match = re.search(r"\s+".join(map(re.escape, old.split())), between)
        if match and "#" not in between[: match.start()]:
            yield kind, begin + match.start(), begin + match.end(), new

    def _site(self, kind: str, start: int, end: int, new: str, statement: ast.stmt) -> Site:
        body = getattr(statement, "body", None)
        last = max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno or statement.lineno
        return Site(
            kind=kind, start=start, end=end, new=new, first=statement.lineno, last=last, row=self._line(start),
            until=self._line(max(start, end - 1)),
        )  # fmt: skip

    def _line(self, offset: int) -> int:
        return self._text[:offset].count(b"\n") + 1

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.end_lineno - 1] + node.end_col_offset


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
