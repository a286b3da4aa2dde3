"""A clock that was set back must not make what is measured now look older than what is there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from perfgate.measure.summary import format_utc

if TYPE_CHECKING:
    from support import Project


@pytest.mark.parametrize(
    ("ahead", "session", "code"), [(7_200, "now", 2), (7_200, "other", 0), (-7_200, "now", 0), (0.2, "now", 0)]
)
def test_nothing_is_measured_beside_later_runs_of_the_same_session(project: Project, ahead, session, code):
    words = ("run", "-n", "1", "--warmup", "0", "--benchmark", "job", "--", "true")
    assert project.cli(*words, env={"PERFGATE_SESSION": "now"}).code == 0
    (path,) = project.path("outputs/model_runs").glob("*.json")
    summary = json.loads(path.read_text())
    path.write_text(json.dumps({**summary, "started_at": format_utc(time.time_ns() + int(ahead * 1e9))}))
    done = project.cli(*words, env={"PERFGATE_SESSION": session})
    assert done.code == code, done.stderr
    if code:
        assert "[started-ahead]" in done.stderr
        assert "the clock was set back" in done.stderr
        assert len(list(path.parent.glob("*.json"))) == 1
