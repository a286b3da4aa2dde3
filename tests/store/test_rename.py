"""A baseline under another name: which names fit, and which baseline continues another."""

from __future__ import annotations

import pytest
from gate_cases import profile
from msgspec.structs import replace

from perfgate.store.rename import continues, renamed

SIZES = (("kind", "a,b"), ("n", "3"))


@pytest.mark.parametrize(
    ("labels", "name", "expected"),
    [
        pytest.param((), "parse", ("parse", ()), id="plain"),
        pytest.param((), "parse[n=3]", ("parse[n=3]", ()), id="brackets-belong-to-the-name"),
        pytest.param(SIZES, "parse", ("parse", SIZES), id="bare-name-keeps-labels"),
        pytest.param(SIZES, "parse[kind=a,b,n=4]", ("parse", (("kind", "a,b"), ("n", "4"))), id="other-value"),
        pytest.param(SIZES, "parse[kind=a,b,n=4", ("parse[kind=a,b,n=4", SIZES), id="a-bracket-that-does-not-end"),
        pytest.param(SIZES, "parse[x=1]", None, id="other-labels"),
        pytest.param(SIZES, "[kind=a,b,n=4]", None, id="labels-alone"),
        pytest.param((), "", None, id="nothing"),
    ],
)
def test_a_new_name_keeps_the_names_of_the_labels(labels, name, expected):
    found = renamed(profile({"elapsed": [1.0]}, name="solve", labels=labels), name)
    assert (found and found.key) == expected


OLD = profile({"elapsed": {"a": [1.0, 1.1], "b": [1.2, 1.3]}}, name="solve")


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(OLD, True, id="same"),
        pytest.param(profile({"elapsed": {"b": [1.2, 1.3], "c": [9.0]}}), True, id="oldest-dropped-one-added"),
        pytest.param(profile({"elapsed": {"a": [1.0, 1.11]}}), False, id="other-values-in-one-session"),
        pytest.param(profile({"elapsed": {"c": [1.0, 1.1]}}), False, id="another-session"),
        pytest.param(profile({"score": {"a": [1.0, 1.1]}}), False, id="another-metric"),
        pytest.param(
            replace(OLD, sessions=tuple(replace(s, runs=("feed",)) for s in OLD.sessions)), False, id="other-runs"
        ),
    ],
)
def test_a_baseline_continues_another_by_its_runs_and_values(new, expected):
    assert continues(replace(new, benchmark="parse"), OLD) is expected
