"""The words that are not used any more, each with what to write instead, and the few places that may keep one."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Word:
    """A retired word or phrase."""

    text: str
    """Pattern of it in sentences, where a space stands for any white space; empty: none."""
    write: str
    """What to write instead."""
    example: str
    """A sentence that has it; the name of a function when `text` is empty."""
    names: str = ""
    """Pattern of it as one word of a name, such as ``told`` in ``told_lines``; empty: none."""
    functions: str = ""
    """The same for names of functions only, which are verbs in the imperative; as a field a participle is right."""

    @cached_property
    def in_text(self) -> re.Pattern[str] | None:
        """The pattern for sentences."""
        return re.compile(rf"\b(?:{self.text})\b".replace(" ", r"\s+"), re.IGNORECASE) if self.text else None

    @cached_property
    def in_names(self) -> re.Pattern[str] | None:
        """The pattern for one word of a name."""
        return re.compile(self.names, re.IGNORECASE) if self.names else None

    @cached_property
    def in_functions(self) -> re.Pattern[str] | None:
        """The pattern for one word of a function's name."""
        return re.compile(self.functions, re.IGNORECASE) if self.functions else None


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """A place that may keep a retired word."""

    path: str
    """Glob on the file's path in the repository."""
    line: str
    """Pattern that the line has."""
    reason: str
    """Why it may stay."""


@dataclass(frozen=True)
class Hit:
    """A retired word that was found."""

    line: int
    found: str
    write: str

    def __str__(self) -> str:
        return f'line {self.line}: "{self.found}"; write: {self.write}'


WORDS = (
    Word(
        text="told|tells?|telling",
        names="told|tells?",
        write="says, reports, names, shows; a name says what it holds: message, lines, findings",
        example="All faults are told at once.",
    ),
    Word(text="", names="said|says|speaks?|spoken", write="what it holds: message, text, words", example="said_before"),
    Word(
        text="(?:is|are|was|were|be|been) had|had (?:in|by|from)|had otherwise",
        names="had",
        write="measured, obtained; by different methods",
        example="Peak memory was had in different ways.",
    ),
    Word(text="mend(?:s|ed|ing)?", names="mend(?:s|ed)?", write="fix, correct", example="Mend what is listed first."),
    Word(
        text="cures?|cured",
        names="cures?|cured",
        write="hint, what to do",
        example="Each message has a cause and a cure.",
    ),
    Word(
        text="sees|sights?|unseen",
        names="sees|sights?|unseen",
        write="smallest detectable change, detects, not detected",
        example="A benchmark sees +5 %.",
    ),
    Word(text="dice", names="dice", write="random numbers, rng, seed", example="Judging touches no dice."),
    Word(text="hopeless", names="hopeless", write="futile", example="The test is hopeless."),
    Word(
        text="amount(?:s|ed|ing)? to",
        names="amounting|amounted",
        write="is, means, becomes, counts as",
        example="What a worsening amounts to.",
    ),
    Word(text="in doubt", names="doubt", write="suspected, needs confirmation", example="A row is in doubt."),
    Word(
        text="stretch(?:es)?",
        names="stretch(?:es)?",
        write="session, period",
        example="Runs of one stretch of time.",
    ),
    Word(
        text="(?:several|interim|first|last|next|each|every|all|no|more|these|the) looks?(?! (?:at|for|like|up|into))"
        "|looks (?:share|spend|do|are|have|wait)|worth a look",
        names="looks",
        write="interim analysis; see, check",
        example="The looks share the level.",
    ),
    Word(
        text="",
        functions="united|joined|parted",
        write="a verb in the imperative: merge_batches, join_lines, split_name",
        example="united_batches",
    ),
    Word(text="in turns", write="interleaved", example="Both sides are measured in turns."),
    Word(
        text="(?:beyond|by|of|than) chance allows?|beyond chance", write="significant", example="It is beyond chance."
    ),
    Word(
        text="luck|lucky|unlucky|luckily",
        names="luck|lucky",
        write="by chance, noise, state of the machine",
        example="It is slower by luck.",
    ),
    Word(text="brought", names="brought", write="added, caused, named", example="A change brought it in."),
    Word(text="kept (?:\\w+ )?from", write="not, prevented", example="Whatever kept it from being judged."),
    Word(text="gated rows?", write="gated value", example="2 of 7 gated rows got worse."),
    Word(
        text="in the middle, at worst|at worst", write="median, largest", example="+5 % in the middle, at worst +9 %."
    ),
    Word(text="could hardly have failed", write="cannot detect a change below", example="It could hardly have failed."),
    Word(
        text="act before merging|no action needed|act: \\w+",
        write="nothing: the exit code and the hint are enough",
        example="Act before merging.",
    ),
)

_KEY = "`looks` is a key of the configuration, in the word of the tools that shift traffic"
EXCEPTIONS: tuple[Allowed, ...] = (
    Allowed(path="perfgate/schema/config_types.py", line="looks:", reason=_KEY),
    Allowed(path="perfgate/config.py", line=r"table\.looks", reason=_KEY),
)

_SLUG = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b")
"""Names of messages, options and packages keep their spelling; they are written with hyphens."""
_STRINGS = {tokenize.STRING, *(t for t in (getattr(tokenize, "FSTRING_MIDDLE", None),) if t is not None)}


def search_text(text: str, first_line: int = 1) -> Iterator[Hit]:
    """Yield the retired words of a text.

    Args:
        text: sentences; words with hyphens are left out.
        first_line: number of the text's first line in its file.
    """
    plain = _SLUG.sub(lambda m: "-" * len(m[0]), text)
    for word in WORDS:
        if word.in_text:
            for m in word.in_text.finditer(plain):
                yield Hit(first_line + plain.count("\n", 0, m.start()), " ".join(m[0].split()), word.write)


def search_name(name: str, line: int = 1, *, is_function: bool = False) -> Iterator[Hit]:
    """Yield the retired words of a name, which is split at underscores and before capitals."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    for word in WORDS:
        patterns = [word.in_names, word.in_functions if is_function else None]
        if any(p.fullmatch(part) for p in patterns if p for part in parts):
            yield Hit(line, name, word.write)


def search_python(source: str) -> Iterator[Hit]:
    """Yield the retired words of the names, strings, docstrings and comments of a module."""
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield from search_name(token.string, token.start[0], is_function=before == "def")
        elif token.type in _STRINGS or token.type == tokenize.COMMENT:
            yield from search_text(token.string, token.start[0])
        before = token.string


def is_excepted(path: str, line: str) -> bool:
    """May this line of a file keep a retired word?"""
    return any(fnmatchcase(path, e.path) and re.search(e.line, line) for e in EXCEPTIONS)
