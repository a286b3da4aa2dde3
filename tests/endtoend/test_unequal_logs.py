"""Logs of unequal length: each counts by its rows, and a log and its parts give one profile, byte for byte."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

MAP = """
[[map]]
name = "requests"
files = ["*.jsonl"]
benchmark = "{route}"
ok = "status"
values = [{ value = "took_ms" }]
"""
ROWS = 24_000
PARTS = 16


def row(route: str, took: float, status: int, i: int) -> str:
    return json.dumps({"route": route, "took_ms": took, "status": status, "i": i}) + "\n"


def values(project: Project, *words: str) -> str:
    """Return the metrics of a profile as they stand in its file, without which files they are of."""
    done = project.cli("collect", *words, "-o", "profile.json")
    assert done.code == 0, str(done)
    return metrics_in(project, "profile.json")


def metrics_in(project: Project, name: str) -> str:
    profiles = json.loads(project.path(name).read_text())["profiles"]
    for metric in (m for p in profiles for m in p["metrics"].values()):
        for kept in ("values", "stands_for", "hits"):
            if kept in metric:
                metric[kept] = list(metric[kept].values())
    return json.dumps([(p["benchmark"], p["metrics"]) for p in profiles])


def quantiles(project: Project, metric: str) -> tuple[float, ...]:
    (profile,) = json.loads(project.path("profile.json").read_text())["profiles"]
    return tuple(profile["metrics"][metric][name] for name in ("n", "p50", "p95", "p99"))


def test_a_busy_log_outweighs_a_quiet_one(project: Project) -> None:
    project.write("perfgate.toml", MAP)
    rows = {
        name: [row("/predict", base + (i * 7919 % 1000) / 1000, 200 if i >= bad else 503, i) for i in range(count)]
        for name, count, base, bad in (("busy", 100_000, 20, 0), ("quiet", 2_000, 60, 0), ("failing", 2_000, 60, 1_000))
    }
    for name, lines in rows.items():
        project.write(f"{name}.jsonl", "".join(lines))
    project.write("both.jsonl", "".join((*rows["busy"], *rows["quiet"])))
    whole = values(project, "both.jsonl")
    assert quantiles(project, "took") == pytest.approx((102_000, 0.020509, 0.020968, 0.060489), rel=1e-3)
    assert values(project, "busy.jsonl", "quiet.jsonl") == values(project, "quiet.jsonl", "busy.jsonl") == whole
    values(project, "busy.jsonl", "failing.jsonl")
    assert quantiles(project, "error_rate") == pytest.approx((102_000, *[1_000 / 102_000] * 3), rel=1e-5)


def test_a_log_and_its_parts_in_any_order_give_the_same_bytes(project: Project) -> None:
    project.write("perfgate.toml", MAP)
    rng = random.Random(5)
    rows = [
        row("/a", round(20 * rng.lognormvariate(0, 0.8), 4), rng.choice([200] * 99 + [500]), i) for i in range(ROWS)
    ]
    ends = [0, *sorted(rng.sample(range(1, ROWS), PARTS - 1)), ROWS]
    parts = [f"part{k:02}.jsonl" for k in range(PARTS)]
    for name, (begin, end) in zip(parts, pairwise(ends), strict=True):
        project.write(name, "".join(rows[begin:end]))
    project.write("whole.jsonl", "".join(rows))
    expected = values(project, "whole.jsonl")
    for _ in range(3):
        rng.shuffle(parts)
        assert values(project, *parts) == expected


def test_the_parts_of_shards_merge_to_the_profile_of_the_whole(project: Project) -> None:
    project.write("perfgate.toml", MAP)
    rng = random.Random(6)
    ci = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "9", "GITHUB_RUN_ATTEMPT": "1"}
    ci["PERFGATE_COMMIT"] = "0123456789" * 4
    rows, shards = [], []
    for k in range(PARTS):
        count = rng.choice([10, 500, 3_000, 6_000])
        mine = [row(f"/{k:02}", round(20 * rng.lognormvariate(0, 0.8), 4), 200, i) for i in range(count)]
        project.write(f"part{k:02}.jsonl", "".join(mine))
        rows += mine
        shards.append(f"shard{k:02}.json")
        done = project.cli(
            "collect",
            f"part{k:02}.jsonl",
            "--shard",
            f"{k + 1}/{PARTS}",
            "-o",
            shards[-1],
            env=ci | {"GITHUB_JOB": f"shard-{k}"},
        )
        assert done.code == 0, str(done)
    project.write("whole.jsonl", "".join(rows))
    expected = values(project, "whole.jsonl")
    rng.shuffle(shards)
    done = project.cli("merge", *shards, "--expect-shards", str(PARTS), "-o", "merged.json")
    assert done.code == 0, str(done)
    assert metrics_in(project, "merged.json") == expected
