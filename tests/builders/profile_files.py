"""What the tests of odd numbers share: profile files with any values by session."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support import Project


def write_profile(
    project: Project, name: str, sessions: Mapping[str, Sequence[float]], *, benchmark: str = "train",
    metric: str = "elapsed", unit: str = "s",
) -> None:  # fmt: skip
    """Write a profile file of one benchmark and one metric.

    Args:
        project: where to.
        name: the file's name.
        sessions: the values of each session, in `unit`; sessions are as old as they come.
        benchmark: whose values.
        metric: its name.
        unit: its unit.
    """
    ordered = sorted(v for values in sessions.values() for v in values)
    stated = {f"p{q}": float(f"{quantile(ordered, q / 100):.6g}") for q in (50, 95, 99)}
    profile = {
        "benchmark": benchmark, "labels": {}, "machine_class": "unspecified",
        "metrics": {metric: {"unit": unit, "better": "lower", "n": len(ordered), **stated, "values": sessions}},
        "sessions": {
            session: {
                "started_at": f"2024-05-{number:02d}T10:00:00.000000Z", "machine": "", "commit": "",
                "rows_used": [1000],
                "runs": sorted(hashlib.sha256(f"{session}-{i}".encode()).hexdigest()[:12] for i in range(len(values))),
            }
            for number, (session, values) in enumerate(sessions.items(), 1)
        },
    }  # fmt: skip
    project.write(name, json.dumps({"schema": "perfgate/profile/1", "profiles": [profile]}))
