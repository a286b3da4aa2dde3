"""What went wrong, as values: every warning and error is a `Diagnostic` with a slug of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

DiagnosticLevel = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
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
    """What to do about it, best a command; or empty."""

    def lines(self) -> tuple[str, ...]:
        """Return the message as a compiler would print it: one line, and one for the hint."""
        place = f"{plain(self.place)}: " if self.place else ""
        head = f"{self.level}[{self.slug}]: {place}{plain(self.message)}"
        return (head, f"  hint: {plain(self.hint)}") if self.hint else (head,)


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
