"""XML as test runners and load generators really write it: its encoding, and characters that XML does not allow."""

from __future__ import annotations

import codecs
import re

_DECLARED = rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']"""
_ONE_BYTE = r"ascii|big5\w*|cp\d+|euc_\w+|gb\w+|iso8859-\d+|koi8-\w|mac-\w+|shift_jis\w*|tis-620|utf-8"
"""Encodings of text in which a declaration is readable as ASCII, as Python calls them; others are no text, or slow."""
_NOT_ALLOWED = "[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|&#(?:([0-9]{1,10})|x([0-9A-Fa-f]{1,8}));"
_LAST_CHARACTER = 0x10FFFF
_CUT_OFF = frozenset({3, 5, 6, 20})
"""Codes of expat: no element found, unclosed token, partial character, unclosed CDATA section. Written as numbers,
since this module is imported by every check, and expat by the readers of XML alone."""


def declared_encoding(content: bytes) -> str:
    """Return the encoding that an XML declaration states, as Python calls it; empty when there is none that is known.

    A declaration that could not be read in the encoding that it states, such as UTF-16, is wrong, and not followed.
    """
    found = re.match(_DECLARED, content)
    if found is None:
        return ""
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return ""
    is_readable = re.fullmatch(_ONE_BYTE, name) and found[0].decode(name, "replace") == found[0].decode(
        "ascii", "replace"
    )
    return name if is_readable else ""


def without_forbidden(text: str) -> str:
    """Return an XML text without the characters that XML does not allow, written as they are or as references.

    Test runners copy what a program printed, colours included, into a report. A parser refuses all of it for that.
    """
    return re.sub(_NOT_ALLOWED, _replacement, text)


def _replacement(found: re.Match[str]) -> str:
    if found[1] is None and found[2] is None:
        return ""
    code = int(found[1]) if found[1] else int(found[2], 16)
    if code > _LAST_CHARACTER or re.match(_NOT_ALLOWED, chr(code)):
        return ""
    return found[0]


def is_cut_off(code: int) -> bool:
    """Is an error of the XML parser that of a text which ends too early?"""
    return code in _CUT_OFF
