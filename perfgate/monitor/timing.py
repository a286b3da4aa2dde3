"""`prediction`: a ``with`` block that times one prediction and gives it to metrics and logs."""

from __future__ import annotations

import logging
from time import perf_counter_ns
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_LOG = logging.getLogger("perfgate.monitor")
ALL_SERIES = "all"
"""Series of a prediction that names none."""
UNVERSIONED = "unversioned"
"""Version of a model that names none."""


class Keeper(Protocol):
    """Something that keeps predictions: `PredictionMetrics`, `PredictionLog`, or one of your own."""

    def keep(self, prediction: Prediction, /) -> None:
        """Take a prediction that has ended. Must not raise: it runs inside the service."""


class Part:
    """A ``with`` block around a part of a prediction; the times of several add up, also of those at the same time."""

    __slots__ = ("_began_ns", "_times")

    def __init__(self, times: list[int]) -> None:
        """Keep where the nanoseconds go."""
        self._times = times
        self._began_ns = 0

    def __enter__(self) -> Self:
        """Start the clock."""
        self._began_ns = perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock; an exception of the body goes on untouched."""
        self._times.append(perf_counter_ns() - self._began_ns)


class Prediction:
    """A ``with`` block around one prediction. Made by `prediction`; each is for one prediction.

    Attributes:
        series_id: what is predicted for.
        model_version: of the model.
        cache_hit: did the answer come from the cache? None: not said.
        anomaly: was it one? None: not said.
        is_ok: False when the body raised.
        total_ms: of the whole block, in milliseconds; 0.0 before its end.
    """

    __slots__ = (
        "_began_ns",
        "_inference",
        "_keepers",
        "_logging",
        "anomaly",
        "cache_hit",
        "is_ok",
        "model_version",
        "series_id",
        "total_ms",
    )

    def __init__(self, keepers: tuple[Keeper, ...], *, series_id: str, model_version: str) -> None:
        """Start with nothing measured.

        Args:
            keepers: what the prediction is given to at its end.
            series_id: what is predicted for.
            model_version: of the model.
        """
        self._keepers = keepers
        self._inference: list[int] = []
        self._logging: list[int] = []
        self._began_ns = 0
        self.series_id = series_id
        self.model_version = model_version
        self.cache_hit: bool | None = None
        self.anomaly: bool | None = None
        self.is_ok = True
        self.total_ms = 0.0

    def inference(self) -> Part:
        """Return the block around the model itself."""
        return Part(self._inference)

    def logging(self) -> Part:
        """Return the block around what keeps the prediction: a database, a queue, a log."""
        return Part(self._logging)

    @property
    def inference_ms(self) -> float | None:
        """Time of the model in milliseconds; None: it was not run."""
        return sum(self._inference) / 1e6 if self._inference else None

    @property
    def logging_ms(self) -> float | None:
        """Time of the keeping in milliseconds; None: nothing was kept."""
        return sum(self._logging) / 1e6 if self._logging else None

    def __enter__(self) -> Self:
        """Start the clock."""
        self._began_ns = perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock and give the prediction away; an exception of the body goes on untouched."""
        self.total_ms = (perf_counter_ns() - self._began_ns) / 1e6
        self.is_ok = error is None
        for keeper in self._keepers:
            try:
                keeper.keep(self)
            except Exception:  # a keeper of the service's own must not cost it an answer
                _LOG.warning("a prediction was not kept", exc_info=True)


def prediction(*keepers: Keeper, series_id: str = ALL_SERIES, model_version: str = UNVERSIONED) -> Prediction:
    """Return a ``with`` block that times one prediction.

    In ``with prediction(metrics, log) as p:`` stand ``with p.inference():`` around the model and ``with p.logging():``
    around what keeps its answer; ``p.cache_hit`` and ``p.anomaly`` may be set. At its end `keepers` get it, also
    when its body raised.

    Args:
        keepers: `PredictionMetrics`, `PredictionLog`, or anything with a method ``keep(prediction)``.
        series_id: what is predicted for, such as a sensor.
        model_version: of the model.
    """
    return Prediction(keepers, series_id=series_id, model_version=model_version)
