"""`RequestLog`: one JSON line a request, which `perfgate check` reads as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.monitor.lines import LineLog
from perfgate.monitor.records import json_name, json_number, now

if TYPE_CHECKING:
    import os


class RequestLog(LineLog):
    """Writes a record ``request`` with the response time of each request; like `PredictionLog` it stops nothing."""

    __slots__ = ()

    def __init__(self, path: str | os.PathLike[str] = "logs/requests.jsonl", *, max_bytes: int | None = None) -> None:
        """Open the log.

        Args:
            path: of the log; its folder is made.
            max_bytes: size beyond which lines are dropped until the file is rotated, >= 1; None: no limit.

        Raises:
            ValueError: `max_bytes` is below 1, or the path is none.
        """
        super().__init__(path, max_bytes=max_bytes)

    def write(self, *, method: str, route: str, status: int, duration_ms: float) -> bool:
        """Append the record of one request; False: it was dropped.

        Args:
            method: of HTTP.
            route: its template, such as ``/users/{id}``, and never a path, of which there are too many.
            status: of the response, 100 to 599.
            duration_ms: from the request to the end of the response, in milliseconds.
        """
        return self._lines.write(
            f'{{"event": "request", "timestamp": "{now()}", "method": {json_name(method)}, '
            f'"route": {json_name(route)}, "status": {status:d}, "duration_ms": {json_number(duration_ms)}}}'
        )
