"""`InputSampleLog` and `log_input_sample`: the inputs of a model, one JSON line each, for comparison with training.

Inputs are often personal data: list the fields that are kept, redact what is not needed, and keep a share of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import count as count_up
from itertools import islice
from typing import TYPE_CHECKING

from perfgate.core.sampling import GOLDEN, check_rate
from perfgate.monitor.lines import LineLog

if TYPE_CHECKING:
    import os

REDACTED = "[redacted]"
"""Stands in place of a redacted value."""
_DEFAULT = "logs/input_samples.jsonl"
_LARGEST = 100_000_000
_LONGEST_LINE = 65_536
"""Characters; a payload that needs more is dropped and counted, since one that is cut is no sample."""
_LONGEST_TEXT = 1_000
_MOST_ITEMS = 1_000
_DEEPEST = 8
_OWNER_ONLY = 0o600


class InputSampleLog(LineLog):
    """Writes one JSON line for each chosen payload; like `PredictionLog` it stops nothing."""

    __slots__ = ("_fields", "_numbers", "_rate", "_redact")

    def __init__(
        self,
        path: str | os.PathLike[str] = _DEFAULT,
        *,
        rate: float = 1.0,
        max_bytes: int | None = _LARGEST,
        fields: Collection[str] | None = None,
        redact: Collection[str] = (),
    ) -> None:
        """Open the log; a new file can be read by its owner alone.

        Args:
            path: of the log; its folder is made.
            rate: share of the payloads that are kept, 0.0 to 1.0; chosen evenly, not at random.
            max_bytes: size beyond which samples are dropped until the file is rotated, >= 1; None: no limit.
            fields: keys of a payload that are kept; None: all.
            redact: keys whose values are replaced by `REDACTED`, at any depth, whatever their case.

        Raises:
            TypeError: the rate is no number, or `fields` or `redact` is one text.
            ValueError: the rate is outside 0.0 to 1.0, `max_bytes` is below 1, or the path is none.
        """
        for name, given in (("fields", fields), ("redact", redact)):
            if isinstance(given, str):
                raise TypeError(f"{name} must be a list of keys, not one text: [{given!r}]")
        self._rate = check_rate("rate", rate)
        self._fields = None if fields is None else frozenset(fields)
        self._redact = frozenset(key.lower() for key in redact)
        self._numbers = count_up()
        super().__init__(path, max_bytes=max_bytes, mode=_OWNER_ONLY)

    def write(self, payload: object) -> bool:
        """Append a payload; False: it was not chosen, or dropped.

        Args:
            payload: a dict, or a model of pydantic.
        """
        if next(self._numbers) * GOLDEN % 1.0 >= self._rate:
            return False
        try:
            return self._write(payload)
        except Exception as error:  # a payload runs code of its own when it becomes text
            return self._lines.drop(f"a sample cannot be written: {type(error).__name__}")

    def _write(self, payload: object) -> bool:
        dump = getattr(payload, "model_dump", None)
        kept = dump() if callable(dump) else payload
        if not isinstance(kept, Mapping):
            return self._lines.drop(f"a sample must be a dict, not {type(payload).__name__}")
        fields = self._fields
        if fields is not None:
            kept = {key: value for key, value in kept.items() if key in fields}
        line = json.dumps(self._plain(kept, 0))
        if len(line) > _LONGEST_LINE:
            return self._lines.drop(f"a sample is longer than {_LONGEST_LINE:,} characters; choose its fields")
        return self._lines.write(line)

    def _plain(self, value: object, depth: int) -> object:
        """Return a value as JSON can hold it, redacted and of bounded size."""
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else None
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                some = ((_cut(key), each) for key, each in islice(value.items(), _MOST_ITEMS))
                return {key: self._field(key, each, depth) for key, each in some}
            if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (str, bytes, bytearray)):
                return [self._plain(each, depth + 1) for each in islice(value, _MOST_ITEMS)]
        item = getattr(value, "item", None)  # a number of numpy
        if callable(item) and getattr(value, "shape", None) == ():
            return self._plain(item(), _DEEPEST)
        return _cut(value)

    def _field(self, key: str, value: object, depth: int) -> object:
        return REDACTED if key.lower() in self._redact else self._plain(value, depth + 1)


def _cut(value: object) -> str:
    return str(value)[:_LONGEST_TEXT]


@cache
def _default() -> InputSampleLog:
    return InputSampleLog()


def log_input_sample(payload: object) -> None:
    """Append a payload to ``logs/input_samples.jsonl``, until it has 100 MB.

    To keep a share of them, some fields or another file:
    ``log_input_sample = InputSampleLog("samples.jsonl", rate=0.1, fields=["age"]).write``.

    Args:
        payload: a dict, or a model of pydantic.
    """
    _default().write(payload)
