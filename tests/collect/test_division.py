"""A log in parts: any division of it into files gives the same profile."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.collect import collect
from perfgate.core.statistic import STORED
from perfgate.formats.contents import Contents
from perfgate.formats.convert import to_runs
from perfgate.formats.detect import named
from perfgate.formats.parsing.record import Histogram, Record, Samples, Share
from perfgate.stats.quantiles import quantile

SHAPES = {
    "narrow": lambda rng: rng.lognormvariate(-4, 0.05),
    "long-tailed": lambda rng: rng.paretovariate(1.2) / 1000,
    "two-peaks": lambda rng: rng.lognormvariate(-4 if rng.random() < 0.97 else -1, 0.1),
    "rounded": lambda rng: round(rng.lognormvariate(-4, 0.5), 3),
}


def counted(*parts):
    """Return the p50 of a duration of which each file holds counts by bucket."""
    runs = []
    for i, buckets in enumerate(parts):
        record = Record(
            benchmark="tick", metric="duration", unit="s", better="lower", payload=Histogram(buckets=buckets)
        )
        contents = Contents(format=named("jmeter-jtl"), records=(record,), skipped=(), digest=f"{i:012}")
        runs += to_runs(contents, f"{i}.prom").runs
    (profile,) = collect(runs).profiles
    return dict(profile.metrics[0].quantiles)["p50"]


def test_counts_in_the_same_buckets_add_up_and_those_in_others_are_taken_one_by_one():
    busy, quiet = ((0.1, 900), (0.2, 900), (math.inf, 900)), ((0.1, 0), (0.2, 10), (math.inf, 10))
    assert counted(busy, quiet) == counted(quiet, busy) == pytest.approx(0.1 * 455 / 900)
    others = ((0.1, 0), (0.3, 10), (math.inf, 10))
    assert counted(busy, others) == pytest.approx(0.05)


def measured(parts):
    """Return the metrics of one benchmark whose requests stand in several files."""
    runs = []
    for i, part in enumerate(parts):
        good = [time for time, failed in part if not failed]
        facts = {"benchmark": "GET /", "better": "lower"}
        share = Share(hits=len(part) - len(good), of=len(part))
        records = [Record(**facts, metric="error_rate", unit="1", payload=share)]
        if good:
            records.append(Record(**facts, metric="response_time", unit="s", payload=Samples(values=good)))
        contents = Contents(format=named("jmeter-jtl"), records=tuple(records), skipped=(), digest=f"{i:012}")
        runs += to_runs(contents, f"{i}.jtl").runs
    (profile,) = collect(runs).profiles
    return {m.metric.name: m for m in profile.metrics}


@laws(20)
@given(
    st.integers(0, 10**6),
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from([1500, 2001, 2002, 9000]),
    st.lists(st.floats(0, 1), max_size=5),
)
def test_any_division_gives_the_same_quantiles_and_counts(seed, shape, count, cuts):
    rng = Random(seed)
    log = [(SHAPES[shape](rng), rng.random() < 0.02) for _ in range(count)]
    ends = sorted(int(cut * count) for cut in cuts)
    parts = [part for a, b in zip([0, *ends], [*ends, count], strict=True) if (part := log[a:b])]
    rng.shuffle(parts)
    whole, divided = measured([log]), measured(parts)
    good = sorted(time for time, failed in log if not failed)
    assert divided["response_time"].count == whole["response_time"].count == len(good)
    assert divided["error_rate"].share == whole["error_rate"].share == (count - len(good), count)
    assert sorted(divided["response_time"].pooled()) == sorted(whole["response_time"].pooled())
    for _, q in STORED:
        assert quantile(divided["response_time"].pooled(), q) == pytest.approx(quantile(good, q), rel=0.001)
