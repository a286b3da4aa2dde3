"""`PredictionLog`: one JSON line a prediction, which `perfgate check` reads as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.monitor.lines import LineLog
from perfgate.monitor.records import json_flag, json_name, json_number, now
from perfgate.monitor.timing import ALL_SERIES, UNVERSIONED

if TYPE_CHECKING:
    import os

    from perfgate.monitor.timing import Prediction


class PredictionLog(LineLog):
    """Writes a record ``prediction_metrics`` for each prediction.

    Any thread and any forked process may write. A full disk, a read-only folder or a file that cannot be opened
    drops lines, which are counted, and stops nothing. A file that was rotated is opened anew within a second.
    """

    __slots__ = ()

    def __init__(
        self, path: str | os.PathLike[str] = "logs/predictions.jsonl", *, max_bytes: int | None = None
    ) -> None:
        """Open the log.

        Args:
            path: of the log; its folder is made.
            max_bytes: size beyond which lines are dropped until the file is rotated, >= 1; None: no limit.

        Raises:
            ValueError: `max_bytes` is below 1, or the path is none.
        """
        super().__init__(path, max_bytes=max_bytes)

    def write(
        self,
        *,
        latency_total_ms: float | None,
        latency_inference_ms: float | None = None,
        latency_logging_ms: float | None = None,
        series_id: str = ALL_SERIES,
        model_version: str = UNVERSIONED,
        cache_hit: bool | None = None,
        anomaly: bool | None = None,
        ok: bool = True,
    ) -> bool:
        """Append the record of one prediction; False: it was dropped.

        Args:
            latency_total_ms: of the whole prediction, in milliseconds, > 0. NaN and None are written as null, which
                the reader counts as broken.
            latency_inference_ms: of the model alone, in milliseconds.
            latency_logging_ms: of keeping what happened, in milliseconds.
            series_id: what was predicted for.
            model_version: of the model.
            cache_hit: did the answer come from the cache? None: there is none.
            anomaly: was it one? None: the model does not say.
            ok: False for a prediction that failed: its times count for nothing but the error rate.
        """
        return self._lines.write(
            f'{{"event": "prediction_metrics", "timestamp": "{now()}", '
            f'"series_id": {json_name(series_id)}, "model_version": {json_name(model_version)}, '
            f'"latency_inference_ms": {json_number(latency_inference_ms)}, '
            f'"latency_logging_ms": {json_number(latency_logging_ms)}, '
            f'"latency_total_ms": {json_number(latency_total_ms)}, '
            f'"cache_hit": {json_flag(cache_hit)}, "anomaly": {json_flag(anomaly)}, "ok": {json_flag(ok)}}}'
        )

    def keep(self, prediction: Prediction) -> None:
        """Append the record of a prediction that has ended."""
        self.write(
            latency_total_ms=prediction.total_ms,
            latency_inference_ms=prediction.inference_ms,
            latency_logging_ms=prediction.logging_ms,
            series_id=prediction.series_id,
            model_version=prediction.model_version,
            cache_hit=prediction.cache_hit,
            anomaly=prediction.anomaly,
            ok=prediction.is_ok,
        )
