"""What went wrong, as values: every warning and error is a `Diagnostic` with a slug of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple  # a library would be loaded by the job that holds a token

if TYPE_CHECKING:
    from collections.abc import Iterable

DiagnosticLevel = Literal["error", "warning", "note"]

_HEADS: dict[DiagnosticLevel, str] = {"error": "cannot decide", "warning": "warning", "note": "note"}
PREDICATES = {"is": "are", "was": "were", "has": "have", "does": "do", "cannot": "cannot"}
"""First word of a message whose subject is its place -> the same of several."""


_MOST_NOTES = 3
"""Faults whose hints a traceback shows."""


class Diagnostic(NamedTuple):
    """One problem or remark: what, where, and what to do."""

    slug: str
    """Stable short name, looked up in docs/messages.md, such as ``run-invalid``."""
    level: DiagnosticLevel
    """``error`` means that perfgate cannot decide; the others never change an exit code."""
    message: str
    """One sentence without a final full stop; may hold names from data, never markup."""
    place: str = ""
    """File and JSON pointer (``outputs/a.json: /elapsed_sec``), or empty."""
    hint: str = ""
    """What to do about it, best a command; alternatives are separated by ``; or ``. Or empty."""
    details: tuple[str, ...] = ()
    """What the message sums up, a line each, such as the files that share a fault: then it needs no place. Or empty."""
    shown: int = 10
    """How many of them people read at once, >= 1."""

    @property
    def fact(self) -> str:
        """What and where, on one line: ``a.json does not exist``, or ``a.json: /elapsed_sec: expected a number``."""
        return plain(f"{self.where}{self.message}")

    @property
    def where(self) -> str:
        """The place with what joins it to the message; empty where the details name the places."""
        if not self.place or self.details:
            return ""
        return f"{self.place} " if self.message.partition(" ")[0] in PREDICATES else f"{self.place}: "

    def lines(self, *, whole: bool = False) -> tuple[str, ...]:
        """Return the block that people read: what and where, what it sums up, and what to do.

        Args:
            whole: show every detail.
        """
        head = f"{_HEADS[self.level]}: {self.fact} [{self.slug}]"
        shown = self.details if whole or len(self.details) <= self.shown + 1 else self.details[: self.shown]
        details = [f"  {plain(line)}" for line in shown]
        if len(shown) < len(self.details):
            details.append(f"  ... and {len(self.details) - len(shown):,} more")
        return (head, *details, *_hint_lines(self.hint))


def _hint_lines(hint: str) -> list[str]:
    """Return a hint with each of its alternatives on a line of its own."""
    first, *others = plain(hint).split("; or ")
    return [f"  hint: {first}", *(f"    or: {other.removeprefix('or ')}" for other in others)] if first else []


def plain(text: str) -> str:
    """Return `text` on one line with everything unprintable replaced, safe for a terminal or a log."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def at(origin: str, pointer: str) -> str:
    """Return the place of a fault: the file, and the JSON pointer when there is one."""
    return f"{origin}: {pointer}" if pointer else origin


class CannotDecideError(Exception):
    """The input or the set-up does not allow a verdict; carries every fault that was found."""

    def __init__(self, diagnostics: Iterable[Diagnostic], *, output: Iterable[str] = ()) -> None:
        """Take the faults, the one that matters most first, and lines of the program's output that belong to them."""
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        self.output: tuple[str, ...] = tuple(output)
        """Last lines of a measured program's output, shown after the faults."""
        super().__init__("; ".join(d.message for d in self.diagnostics))
        for hint in dict.fromkeys(d.hint for d in self.diagnostics[:_MOST_NOTES] if d.hint):
            self.add_note(f"hint: {plain(hint)}")  # Python shows it below a traceback, as in a notebook


def cannot_decide(
    slug: str, message: str, *, place: str = "", hint: str = "", output: Iterable[str] = ()
) -> CannotDecideError:
    """Return the error for one fault, ready to be raised, with lines of a program's output that belong to it."""
    return CannotDecideError([error(slug, message, place=place, hint=hint)], output=output)


def error(slug: str, message: str, *, place: str = "", hint: str = "") -> Diagnostic:
    """Return a diagnostic of level ``error``."""
    return Diagnostic(slug=slug, level="error", message=message, place=place, hint=hint)


def warning(slug: str, message: str, *, place: str = "", hint: str = "") -> Diagnostic:
    """Return a diagnostic of level ``warning``."""
    return Diagnostic(slug=slug, level="warning", message=message, place=place, hint=hint)


def note(slug: str, message: str, *, place: str = "", hint: str = "") -> Diagnostic:
    """Return a diagnostic of level ``note``."""
    return Diagnostic(slug=slug, level="note", message=message, place=place, hint=hint)
