"""On machines of one's own the gate's job settles what it suspects: it measures the base as well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sessions import make_settled, write_session
from steps import Runner, load, merge_change, pull_request

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project

JOB = "import time\n\ntime.sleep({})\n"
SUSPECT = 1.077
"""About +7 %: beyond the limit of a suspicion (+6 %), within that of a failure (+8.4 %)."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("factor", "seconds", "expected"),
    [
        pytest.param(1.0, 0.2, (0, 1), id="nothing-suspected-is-not-measured-again"),
        pytest.param(SUSPECT, 0.02, (0, 2), id="the-base-is-as-slow"),
        pytest.param(SUSPECT, 0.2, (1, 2), id="the-base-is-faster"),
    ],
)
def test_what_is_suspected_is_held_against_the_base(
    project: Project, tmp_path: Path, factor: float, seconds: float, expected: tuple[int, int]
) -> None:
    project.write("job.py", JOB.format(0.02))
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+5%"\n')
    project.write(".gitignore", "perfgate-report/\noutputs/\n")
    done = project.cli("init", "--ci", "github", "--runner", "own")
    assert done.code == 0, str(done)
    project.git("init", "-q", "-b", "main")
    make_settled(project, ("train",))
    project.commit("Baseline")
    merge_change(project, job_py=JOB.format(seconds) + "# changed\n")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write_session(project, 9, factor, benchmarks=("train",), started_at=now)  # in place of the step that measures
    gate = load(project.path(".github/workflows/perf.yml"))["jobs"]["gate"]
    steps = [s for s in gate["steps"] if "perfgate run" not in s.get("run", "")]
    machine = Runner(tmp_path / "machine", project.root, {}, pull_request(project, tmp_path))
    code, said = machine.play({**gate, "steps": steps})
    reports = len(list(project.path("perfgate-report").rglob("report.json")))
    assert (code, reports) == expected, said


PARTS = "import sys, time\n\ntime.sleep({} if sys.argv[1].startswith('2') else 0.02)\n"


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "expected"), [(0.02, 0), (0.2, 1)], ids=["the-base-is-as-slow", "it-is-faster"])
def test_what_is_suspected_of_a_shard_is_held_against_the_base(
    project: Project, tmp_path: Path, seconds: float, expected: int
) -> None:
    project.write("job.py", PARTS.format(0.02))
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+5%"\n')
    project.write(".gitignore", "perfgate-report/\noutputs/\n")
    done = project.cli("init", "--ci", "github", "--runner", "own", "--shards", "2")
    assert done.code == 0, str(done)
    project.git("init", "-q", "-b", "main")
    for number, part in ((number, part) for number in range(1, 6) for part in (1, 2)):
        write_session(project, number, benchmarks=(f"p{part}",), keep=True, benchmark=f"job-{part}/2")
    assert project.cli("baseline", "refresh").code == 0
    project.drop_runs("*")
    project.commit("Baseline")
    merge_change(project, job_py=PARTS.format(seconds) + "# changed\n")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    commit = project.git("rev-parse", "HEAD")
    for part, factor in ((1, 1.0), (2, 1.1)):
        told = {"session": f"job-9-{part}", "shard": f"{part}/2", "started_at": now, "commit": commit}
        write_session(project, 9, factor, benchmarks=(f"p{part}",), keep=True, benchmark=f"job-{part}/2", **told)
    gate = load(project.path(".github/workflows/perf.yml"))["jobs"]["gate"]
    steps = [s for s in gate["steps"] if "download-artifact" not in s.get("uses", "")]
    machine = Runner(tmp_path / "machine", project.root, {}, pull_request(project, tmp_path))
    code, said = machine.play({**gate, "steps": steps})
    assert code == expected, said
    assert len(list(project.path("perfgate-report").rglob("report.json"))) == 3, said
