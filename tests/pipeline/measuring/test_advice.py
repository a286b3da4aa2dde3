"""What `perfgate run` advises afterwards."""

from __future__ import annotations

import pytest
from records import a_profile

from perfgate.core.metrics import CPU
from perfgate.pipeline.measuring.advice import find_next, warn_of_slow_first

CALM = (1.0, 1.001, 0.999, 1.0, 1.002, 0.998)


@pytest.mark.parametrize(
    ("first", "others", "is_slow"),
    [
        pytest.param(1.41, CALM, True, id="much slower"),
        pytest.param(1.11, CALM, True, id="just beyond a tenth"),
        pytest.param(1.09, CALM, False, id="below a tenth"),
        pytest.param(0.5, CALM, False, id="faster"),
        pytest.param(1.41, (*CALM, 1.5), False, id="not the slowest"),
        pytest.param(1.41, (1.0, 1.1, 0.9, 1.2, 0.8), False, id="within the noise"),
        pytest.param(1.41, (1.0, 1.0, 1.0, 1.0), True, id="five runs"),
        pytest.param(1.41, (1.0, 1.0, 1.0), False, id="four runs"),
        pytest.param(1.0, (0.0, 0.0, 0.0, 0.0), False, id="no time"),
    ],
)
def test_a_first_run_that_is_much_slower_than_all_others_is_a_warning(first, others, is_slow):
    assert bool(warn_of_slow_first([a_profile({"s1": (first, *others)})], 1)) is is_slow


@pytest.mark.parametrize(("warmup", "advised"), [(0, 3), (1, 3), (3, 6), (10, 20)])
def test_the_warning_names_the_benchmark_how_much_and_more_warm_up_runs_than_there_were(warmup, advised):
    (found,) = warn_of_slow_first([a_profile({"s1": (1.41, *CALM)})], warmup)
    assert (found.slug, found.level, found.place) == ("slow-first-run", "warning", "train")
    assert found.message == "the first run was 41% slower than the others"
    assert found.hint == f"caches were cold: use --warmup {advised}"


def test_a_benchmark_without_a_time_has_no_such_warning():
    assert warn_of_slow_first([a_profile({"s1": (1.41, *CALM)}, metric=CPU)], 1) == []


@pytest.mark.parametrize(
    ("files", "out", "command"),
    [
        pytest.param({}, None, "perfgate baseline refresh", id="nothing yet"),
        pytest.param({"baselines/waivers.toml": ""}, None, "perfgate baseline refresh", id="waivers alone"),
        pytest.param({"baselines/ci/train-0.json": "{}"}, None, "perfgate check", id="a baseline"),
        pytest.param({"baselines/ci/train-0.json": "{}"}, "a b", "perfgate check 'a b'", id="another folder"),
        pytest.param({}, "there", "perfgate baseline refresh there", id="nothing yet, another folder"),
        pytest.param({"perfgate.toml": 'baselines = "none"\n'}, None, "perfgate check", id="no baselines"),
        pytest.param(
            {"perfgate.toml": '[[budget]]\nbenchmark = "a"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1s"\n'},
            None, "perfgate check", id="a budget",
        ),
    ],
)  # fmt: skip
def test_the_next_command_is_the_one_that_works(files, out, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert find_next(out) == command
