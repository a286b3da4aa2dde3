"""A session that the baseline holds by now is no fresh one: it would agree with itself."""

from __future__ import annotations

import pytest
from sessions import BENCHMARKS, make_settled, write_session
from support import Project, assert_cannot_decide

WITH_A_NEW_ONE = (*BENCHMARKS, "extra")


@pytest.fixture
def adopted(project: Project) -> Project:
    """A project with the report of a session in which a benchmark was new; its runs became the baseline afterwards."""
    make_settled(project)
    write_session(project, 6, benchmarks=WITH_A_NEW_ONE)
    done = project.cli("check", "--report", "earlier.json")
    assert done.code == 0, str(done)
    done = project.cli("baseline", "refresh", "--benchmark", "extra")
    assert done.code == 0, str(done)
    return project


def test_a_session_that_became_the_baseline_of_a_new_benchmark_confirms_nothing(adopted: Project) -> None:
    write_session(adopted, 7, 3.0, benchmarks=WITH_A_NEW_ONE)
    assert adopted.cli("check").code == 1
    assert_cannot_decide(adopted.cli("check", "--confirm", "earlier.json"), "earlier.json.*other baselines", "measure")


def test_a_benchmark_that_is_new_in_both_sessions_is_no_obstacle(adopted: Project) -> None:
    adopted.baseline("extra").unlink()
    write_session(adopted, 7, benchmarks=WITH_A_NEW_ONE)
    done = adopted.cli("check", "--confirm", "earlier.json", "--report", "r.json")
    assert done.code == 0, str(done)
    found = [f for f in adopted.read_json("r.json")["findings"] if f["benchmark"] == "extra"]
    assert {f["status"] for f in found} == {"new"}
