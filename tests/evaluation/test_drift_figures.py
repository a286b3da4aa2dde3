"""The figures of docs/drift.md, in a small edition: the whole is printed by hand."""

from __future__ import annotations

import drift_figures
from drift_cases import draw_clusters


def test_rows_of_clusters_are_drift_for_a_test_that_takes_each_for_itself():
    was, now = (draw_clusters(12 * n, 40, 0.5, n, fields=10) for n in (3, 1))
    assert drift_figures.is_plain_drift(was, now)


def test_a_new_level_is_found_in_most_batches():
    assert sum(drift_figures.is_level_found(2000, seed) for seed in range(4)) >= 3


def test_processor_time_is_printed_for_rows_of_their_own_and_of_clusters(capsys):
    drift_figures.cost(1)
    assert [line.split(":")[0].strip() for line in capsys.readouterr().out.splitlines()[1:]] == [
        "each row of its own", "100 clients",
    ]  # fmt: skip
