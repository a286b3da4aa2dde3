"""Legs of a matrix under one name: two measurements of one benchmark, of which none is dropped in silence."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from perfgate.collect import collect, find_legs, select
from perfgate.core.metrics import ELAPSED, Metric
from perfgate.core.run import UNSPECIFIED, Environment, Run, Series
from perfgate.measure.machine.ci import locate


def runs(session: str, folder: str, *, begin: int = 0, status: str = "ok", machine_class: str = UNSPECIFIED):
    """Return three runs of one batch, whose files are in a folder."""
    return [
        Run(
            run_id=f"{session}-{folder}-{i}", benchmark="load", labels=(), status=status,
            started_at=f"2026-01-01T00:{begin + i:02}:00.000000Z", session=session, rows_used=1,
            values=((ELAPSED, 1.0),), memory_source="", commit="", command="", shard="",
            environment=Environment(facts=(), machine_class=machine_class, machine=""),
            origin=f"{folder}/{session.replace('/', '-')}-{i}.json",
        )
        for i in range(3)
    ]  # fmt: skip


def legs(*batches, paths=()):
    selection = select(collect(run for batch in batches for run in batch), every_batch=False)
    return [d.message for d in find_legs(selection, paths, locate)]


A, B = "gha-7-1-bench-0a0a0a0a", "gha-7-1-bench-0b0b0b0b"
ONE, TWO = f"{A}/1", f"{A}/2"


@pytest.mark.parametrize(
    ("batches", "paths", "says"),
    [
        pytest.param([(A, "out"), (B, "out")], (), "twice in the CI run gha-7-1", id="two-machines-of-one-run"),
        pytest.param([(A, "out"), ("gha-7-1-b-0a0a0a0a", "out")], (), "twice in the CI run", id="two-jobs-of-one-run"),
        pytest.param([("gitlab-5-61-0a", "x"), ("gitlab-5-62-0a", "x")], (), "the CI run gitlab-5", id="of-a-pipeline"),
        pytest.param([(ONE, "one"), (TWO, "two")], ("one", "two"), "in one and in two", id="two-paths"),
        pytest.param([(ONE, "./one/a"), (TWO, "two")], ("one/", "two"), "in one and in two", id="below-two-paths"),
        pytest.param([(ONE, "one"), (TWO, "two")], ("one/r.json", "two/r.json"), "in one and in two", id="two-files"),
        pytest.param([("local-a-1-2/1", "mon"), ("local-a-3-4/1", "tue")], ("mon", "tue"), "in mon", id="days-by-hand"),
        pytest.param([(ONE, "out"), (TWO, "out")], (), "", id="measured-again-in-one-job"),
        pytest.param([(f"{A}+x/1", "out"), (f"{B}+x/2", "out")], (), "in the CI run gha-7-1", id="of-one-name-by-hand"),
        pytest.param([(f"{A}+x/1", "out"), (f"{A}+y/2", "out")], (), "", id="named-apart-by-hand-in-one-job"),
        pytest.param([(ONE, "out"), (TWO, "out")], ("out",), "", id="measured-again-in-one-path"),
        pytest.param([(ONE, "out"), (TWO, "out")], ("out/1.json", "out/2.json"), "", id="files-of-one-folder"),
        pytest.param([(A, "out"), ("gha-8-1-bench-0a0a0a0a", "out")], (), "", id="another-run"),
        pytest.param([(A, "out"), ("gha-7-2-bench-0b0b0b0b", "out")], (), "", id="another-attempt"),
        pytest.param([("local-a-1-2/1", "out"), ("local-a-3-4/1", "out")], (), "", id="two-terminals"),
        pytest.param([(ONE, "one"), (ONE, "two")], ("one", "two"), "", id="one-batch-in-two-paths"),
    ],
)  # fmt: skip
def test_a_newer_measurement_replaces_only_what_it_repeats(batches, paths, says):
    found = legs(*(runs(*batch, begin=10 * i) for i, batch in enumerate(batches)), paths=paths)
    assert len(found) == bool(says)
    assert all(says in message and message.endswith("neither replaces the other") for message in found)


def test_legs_of_several_classes_of_machine_are_legs_too():
    assert legs(runs(A, "out", machine_class="linux"), runs(B, "out", begin=10, machine_class="mac"))


def test_a_leg_whose_runs_failed_is_one_too():
    assert legs(runs(A, "out", status="failed"), runs(B, "out", begin=10))


@pytest.mark.parametrize(
    ("session", "run"),
    [
        ("gha-7-1-my-job-0a", "gha-7-1"), ("gitlab-5-6-0a", "gitlab-5"),
        ("jenkins-jenkins-a-b-9-0a", "jenkins-jenkins-a-b-9"),
        ("gha-7-1-my-job-0a+by-hand", "gha-7-1"), ("jenkins-b-9-0a+a-b", "jenkins-b-9"),
        ("azure-1-a-b-3-0a", "azure-1"), ("circleci-u-1-0a", ""), ("local-0a-1-2", ""), ("nightly", ""),
    ],
)  # fmt: skip
def test_the_name_of_a_session_states_its_ci_run(session, run):
    assert locate(session)[0] == run


def in_python(version: str, begin: int):
    facts = (("machine", "0a0a0a0a"), ("python", version))
    environment = Environment(facts=facts, machine_class=UNSPECIFIED, machine="0a0a0a0a")
    return [replace(run, environment=environment) for run in runs(f"{A}/{begin}", "out", begin=begin)]


def test_two_interpreters_in_one_ci_job_are_two_legs_and_one_interpreter_measured_twice_is_none():
    (message,) = legs(in_python("3.11.7", 0), in_python("3.12.2", 5))
    assert "twice in the CI job" in message
    assert "with python 3.11.7 and with 3.12.2" in message
    assert legs(in_python("3.12.2", 0), in_python("3.12.2", 5)) == []


def test_a_refresh_takes_in_no_two_legs_of_one_ci_run():
    selection = select(collect([*runs(A, "out"), *runs(B, "out", begin=5)]), every_batch=False, every_session=True)
    assert find_legs(selection, (), locate) == []
    (leg,) = find_legs(selection, (), locate, among_selected=True)
    assert "twice in the CI run gha-7-1" in leg.message
    apart = select(collect([*runs("s1", "a"), *runs("s2", "b", begin=5)]), every_batch=False, every_session=True)
    assert find_legs(apart, ("a", "b"), locate, among_selected=True) == []


def test_named_folders_whose_runs_state_no_session_are_two_measurements():
    found = [*runs("", "east"), *(replace(r, run_id=f"{r.run_id}w") for r in runs("", "west"))]
    selection = select(collect(found), every_batch=False)
    (leg,) = find_legs(selection, ("east", "west"), locate)
    assert "at each of the paths east, west" in leg.message
    for paths in ((), ("**/*.json",), ("east/-0.json", "east/-1.json")):
        assert find_legs(selection, paths, locate) == []


def test_files_of_many_values_below_two_named_folders_are_two_measurements():
    metric = Metric(name="time", unit="s", better="lower")
    files = [
        replace(
            run, session="", values=(), origin=f"{folder}/deep/r.json", file=f"pyperf-{folder}",
            series=(Series(metric=metric, values=(1.0, 1.1)),),
        )
        for folder in ("one", "two")
        for run in runs("", folder)[:1]
    ]  # fmt: skip
    (found,) = legs(files, paths=("one", "two"))
    assert "at each of the paths one, two" in found
    assert legs(files, paths=(".",)) == []
