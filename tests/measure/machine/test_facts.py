from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from perfgate.core.run import class_of
from perfgate.measure.identity import hex_digest
from perfgate.measure.machine import facts
from perfgate.measure.machine.ci import name_ci

BOOT = "6f2a1c1e-0000-4444-8888-123456789abc\n"
MACHINE = hex_digest(BOOT.strip().encode())[:8]


@pytest.fixture
def root(tmp_path):
    """Make another machine's files, below a folder."""

    def make(**files):
        for name, text in files.items():
            path = tmp_path / "root" / {**_PLACES}[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(tmp_path / "root")

    return make


_PLACES = {
    "boot": "proc/sys/kernel/random/boot_id",
    "cpuinfo": "proc/cpuinfo",
    "release": "etc/os-release",
    "cgroup": "proc/self/cgroup",
    "quota": "sys/fs/cgroup/cpu.max",
    "inner_quota": "sys/fs/cgroup/ci/job/cpu.max",
    "middle_quota": "sys/fs/cgroup/ci/cpu.max",
    "stat": f"proc/{os.getsid(0) or 1}/stat",
}


def test_the_facts_of_a_machine_are_short_texts(root):
    where = root(
        boot=BOOT,
        cpuinfo="processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Platinum 8272CL CPU @ 2.60GHz\n",
        release='NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\n',
    )
    environ = {"GITHUB_ACTIONS": "true", "ImageOS": "ubuntu24", "OMP_NUM_THREADS": "4,2"}
    found = facts.read_environment(environ, where)
    assert found == {
        "os": "linux",
        "distro": "ubuntu-24.04",
        "arch": found["arch"],
        "cpus": str(len(os.sched_getaffinity(0))),
        "cpu_model": "Intel Xeon Platinum 8272CL",
        "python": sys.version.split()[0].rstrip("+"),
        "ci": "gha",
        "runner": "ubuntu24",
        "machine": MACHINE,
        "threads": "4,2",
    }


@pytest.mark.parametrize(
    ("said", "end"), [("self-hosted", "-xeon-8272cl"), ("github-hosted", "cpu"), ("", "cpu")], ids=str
)
def test_a_runner_of_your_own_is_known_by_its_processor_and_a_hosted_one_is_not(root, said, end):
    where = root(cpuinfo="model name\t: Xeon(R) 8272CL CPU @ 2.60GHz\n")
    found = facts.read_environment({"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": said}, where)
    assert class_of(found).endswith(end), class_of(found)


def test_facts_that_are_not_known_are_left_out(tmp_path):
    assert set(facts.read_environment({}, str(tmp_path))) == {"os", "arch", "cpus", "python"}


def test_this_machine_has_its_facts_and_they_are_looked_up_once(monkeypatch):
    monkeypatch.setattr(facts, "_environment", None)
    first = facts.environment()
    assert first["os"] == "linux"
    assert first["machine"] == hex_digest(Path("/proc/sys/kernel/random/boot_id").read_bytes().strip())[:8]
    monkeypatch.setenv("CI", "true")
    assert facts.environment() == first
    first.clear()
    assert facts.environment()


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz", "Intel Core i7-8700"),
        ("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763 64-Core"),
        ("Intel(R) Xeon(R) CPU E5-2673 v4 @ 2.30GHz", "Intel Xeon E5-2673 v4"),
        ("Some CPU 2.5GHz", "Some"),
        ("  A   B  ", "A B"),
        ("", ""),
    ],
)
def test_a_processors_name_loses_marks_and_clock_rates(name, cleaned):
    assert facts.clean_cpu_model(name) == cleaned


@pytest.mark.parametrize(
    ("machine", "arch"), [("x86_64", "x64"), ("AMD64", "x64"), ("aarch64", "arm64"), ("riscv64", "riscv64")]
)
def test_architectures_have_one_name_each(monkeypatch, machine, arch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "n", "r", "v", machine)))
    assert facts.read_environment({})["arch"] == arch


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, 8),
        ({"quota": "max 100000\n"}, 8),
        ({"quota": "200000 100000\n"}, 2),
        ({"quota": "150000 100000\n"}, 2),
        ({"quota": "50000 100000\n"}, 1),
        ({"quota": "1600000 100000\n"}, 8),
        ({"quota": "garbage\n"}, 8),
        ({"quota": "100000 0\n"}, 8),
        ({"cgroup": "0::/ci/job\n", "inner_quota": "300000 100000"}, 3),
        ({"cgroup": "0::/ci/job\n", "inner_quota": "max 100000", "middle_quota": "400000 100000"}, 4),
        ({"cgroup": "0::/ci/job\n", "inner_quota": "600000 100000", "middle_quota": "200000 100000"}, 2),
        ({"cgroup": "0::/ci/job\n", "inner_quota": "200000 100000", "middle_quota": "600000 100000"}, 2),
        ({"cgroup": "1:cpu:/x\n0::/\n", "quota": "100000 100000"}, 1),
    ],
)
def test_cpus_are_those_of_the_affinity_within_the_quota(monkeypatch, root, files, cpus):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert facts.count_cpus(root(**files)) == cpus


@pytest.mark.parametrize(
    ("release", "distro"),
    [
        ("ID=debian\nVERSION_ID='12'\n", "debian-12"),
        ("ID=arch\n", "arch"),
        ("nonsense", None),
        ('ID="a b/c"\nVERSION_ID=1\n', "a-b-c-1"),
    ],
)
def test_the_distribution_is_its_id_and_version(root, release, distro):
    assert facts.read_environment({}, root(release=release)).get("distro") == distro


_JOBS = [
    (
        {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_JOB": "perf"},
        "gha-77-2-perf",
    ),
    ({"GITLAB_CI": "true", "CI_PIPELINE_ID": "5", "CI_JOB_ID": "6", "CI": "true"}, "gitlab-5-6"),
    ({"JENKINS_URL": "http://j/", "BUILD_TAG": "jenkins-a/b-9"}, "jenkins-jenkins-a-b-9"),
    (
        {"TF_BUILD": "True", "BUILD_BUILDID": "1", "SYSTEM_JOBID": "a-b", "SYSTEM_JOBATTEMPT": "3"},
        "azure-1-a-b-3",
    ),
    ({"CIRCLECI": "true", "CIRCLE_WORKFLOW_JOB_ID": "u-1"}, "circleci-u-1"),
    ({"BUILDKITE": "true", "BUILDKITE_JOB_ID": "u-2"}, "buildkite-u-2"),
    ({"TRAVIS": "true", "TRAVIS_JOB_ID": "8", "CI": "true"}, "travis-8"),
    ({"CI": "woodpecker", "CI_PIPELINE_NUMBER": "12", "CI_WORKFLOW_NAME": "perf"}, "woodpecker-12-perf"),
    (
        {"TEAMCITY_VERSION": "2025.1 (build 1)", "TEAMCITY_BUILDCONF_NAME": "perf", "BUILD_NUMBER": "7"},
        "teamcity-perf-7",
    ),
    ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77"}, "gha-77"),
]


@pytest.mark.parametrize(("environ", "session"), _JOBS, ids=[session for _, session in _JOBS])
def test_in_ci_the_session_is_the_job_and_the_machine(root, environ, session):
    assert facts.find_session(environ, root(boot=BOOT)) == f"{session}-{MACHINE}"
    assert name_ci(environ) == session.partition("-")[0]


def _stat(start):
    return f"{os.getsid(0) or 1} (a) b) c) S " + " ".join(map(str, range(4, 22))) + f" {start} 23 24\n"


@pytest.mark.parametrize(
    ("environ", "system"),
    [
        ({}, "local"),
        ({"CI": "true"}, "ci"),
        ({"CI": "1"}, "ci"),
        ({"CI": "false"}, "local"),
        ({"GITLAB_CI": "1"}, "gitlab"),
    ],
    ids=str,
)
def test_elsewhere_the_session_is_the_machine_and_the_terminals_leader(root, environ, system):
    where = root(boot=BOOT, stat=_stat(987654))
    assert facts.find_session(environ, where) == f"{system}-{MACHINE}-{os.getsid(0) or 1}-987654"


def test_a_session_whose_leader_is_gone_on_an_unknown_machine_still_has_a_name(tmp_path):
    assert facts.find_session({}, str(tmp_path)) == f"local-unknown-{os.getsid(0) or 1}-0"


def test_a_leader_outside_the_container_makes_the_container_the_session(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "getsid", lambda pid: 0)
    (tmp_path / "proc" / "1").mkdir(parents=True)
    (tmp_path / "proc" / "1" / "stat").write_text(_stat(55))
    assert facts.find_session({}, str(tmp_path)) == "local-unknown-1-55"


def test_the_leaders_start_on_this_machine_is_that_of_the_kernel():
    leader = os.getsid(0) or 1
    expected = Path(f"/proc/{leader}/stat").read_text().rpartition(")")[2].split()[19]
    assert facts.find_session({}).endswith(f"-{leader}-{expected}")


@pytest.mark.parametrize(
    ("told", "session"),
    [("a/b", "a/b"), (" a b\udcff/c\n", "a-b-/c"), ("é:x", "--x"), ("..", "..")],
    ids=ascii,
)
def test_a_session_that_was_told_is_kept_but_for_odd_characters(told, session):
    assert facts.find_session({"PERFGATE_SESSION": told, "CI": "true"}) == session


ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "70", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_JOB": "bench"}
JOB = f"gha-70-2-bench-{MACHINE}"


@pytest.mark.parametrize(
    ("environ", "named", "session"),
    [
        pytest.param(ACTIONS, "warm", f"{JOB}+warm", id="actions"),
        pytest.param(ACTIONS, "warm/b1", f"{JOB}+warm/b1", id="with-a-batch"),
        pytest.param(ACTIONS, f"{JOB}/b1", f"{JOB}/b1", id="inherited"),
        pytest.param(ACTIONS, f"{JOB}+warm/b1", f"{JOB}+warm/b1", id="inherited-with-a-name"),
        pytest.param(ACTIONS, "gha-69-1-bench-0a", f"{JOB}+gha-69-1-bench-0a", id="of-another-run"),
        pytest.param(ACTIONS, "a+b", f"{JOB}+a-b", id="with-the-mark"),
        pytest.param(
            {"GITLAB_CI": "1", "CI_PIPELINE_ID": "5", "CI_JOB_ID": "6"}, "x", f"gitlab-5-6-{MACHINE}+x", id="gitlab"
        ),
        pytest.param({"JENKINS_URL": "u", "BUILD_TAG": "t-9"}, "x", f"jenkins-t-9-{MACHINE}+x", id="jenkins"),
        pytest.param({"CIRCLECI": "1", "CIRCLE_WORKFLOW_JOB_ID": "j"}, "x", "x", id="a-system-without-runs"),
        pytest.param({**ACTIONS, "GITHUB_RUN_ATTEMPT": ""}, "x", "x", id="an-unknown-run"),
        pytest.param({"CI": "true"}, "x", "x", id="an-unknown-system"),
        pytest.param({}, "x", "x", id="outside-ci"),
    ],
)
def test_a_name_given_by_hand_is_added_to_the_ci_job(root, environ, named, session):
    assert facts.find_session({**environ, "PERFGATE_SESSION": named}, root(boot=BOOT)) == session


def test_a_slash_never_comes_from_the_ci_system(root):
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "GITHUB_JOB": "a/b c"}
    assert facts.find_session(environ, root(boot=BOOT)) == f"gha-1-a-b-c-{MACHINE}"


def test_the_session_is_looked_up_once(monkeypatch):
    monkeypatch.setattr(facts, "_session", None)
    monkeypatch.setenv("PERFGATE_SESSION", "first")
    assert facts.session_id() == "first"
    monkeypatch.setenv("PERFGATE_SESSION", "second")
    assert facts.session_id() == "first"


@pytest.mark.parametrize(
    ("variable", "value", "is_ci"),
    [
        ("CI", "true", True),
        ("CI", "1", True),
        ("CI", "woodpecker", True),
        ("CI", "false", False),
        ("CI", "0", False),
        ("CI", "", False),
        ("TF_BUILD", "True", True),
        ("JENKINS_URL", "http://j", True),
        ("GITHUB_ACTIONS", "false", False),
    ],
)
def test_a_ci_system_is_known_by_its_marker(monkeypatch, variable, value, is_ci):
    assert not facts.in_ci()
    monkeypatch.setenv(variable, value)
    assert facts.in_ci() is is_ci


def test_two_processes_of_one_terminal_share_a_session_and_a_new_terminal_has_another(python):
    program = "from perfgate.measure.machine import facts; print(facts.session_id())"
    first, second = python(program).stdout, python(program).stdout
    assert first == second
    assert python(f"import os; os.fork() and (os.wait(), os._exit(0)); os.setsid(); {program}").stdout != first
