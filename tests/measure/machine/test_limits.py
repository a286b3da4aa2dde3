"""What the files of a machine say, and that none of them can make it fail."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfgate.measure.machine.limits import read_limits

CPU = "sys/devices/system/cpu"
FILES = {
    f"{CPU}/present": "0-5,8\n",
    f"{CPU}/cpu0/cpufreq/scaling_governor": "powersave\n",
    f"{CPU}/intel_pstate/no_turbo": "0\n",
    f"{CPU}/smt/active": "1\n",
    "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme hypervisor lm\n",
    "sys/class/dmi/id/sys_vendor": "QEMU\n",
    "proc/meminfo": "MemTotal:  8000 kB\nSwapTotal:  1000 kB\nSwapFree:  400 kB\n",
    "proc/loadavg": "1.25 0.50 0.10 2/300 4242\n",
    "proc/self/cgroup": "0::/pod/job\n",
    "sys/fs/cgroup/cpu.max": "max 100000\n",
    "sys/fs/cgroup/pod/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/pod/job/memory.max": "max\n",
    "sys/fs/cgroup/pod/memory.max": "3000000\n",
    "proc/self/clear_refs": "",
}
VERSION_1 = {
    "proc/self/cgroup": "5:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes": "5000000\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
}


@pytest.fixture
def root(tmp_path):
    """Write the files of a machine below a folder, which is returned."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(tmp_path / "root")

    return write


def test_every_limit_of_a_machine_is_found(root):
    found = read_limits({"container": "systemd-nspawn"}, root(FILES))
    assert (found.cpus_present, found.cpu_quota, found.governors) == (7, 1.5, ("powersave",))
    assert (found.turbo, found.smt, found.container, found.machine) == (True, True, "systemd-nspawn", "QEMU")
    assert (found.memory_total, found.memory_limit) == (8_192_000, 3_000_000)
    assert (found.swap_total, found.swap_used, found.load) == (1_024_000, 614_400, 1.25)
    assert found.can_reset_peak


def test_control_groups_of_version_1_have_their_own_files(root):
    found = read_limits({}, root(VERSION_1))
    assert (found.cpu_quota, found.memory_limit, found.container) == (0.5, 5_000_000, "docker")
    assert found.cpus == 0.5


def nothing_known(found):
    return (
        (found.cpus_present, found.cpu_quota, found.turbo, found.smt, found.memory_total, found.memory_limit)
        == (None,) * 6
        and (found.swap_total, found.swap_used, found.load) == (None,) * 3
        and (found.governors, found.machine) == ((), "")
    )


def test_a_machine_that_says_nothing_is_no_fault(tmp_path):
    found = read_limits({}, str(tmp_path / "absent"))
    assert nothing_known(found)
    assert not found.can_reset_peak
    assert found.cpus >= 1


def test_folders_in_the_place_of_files_are_as_if_they_were_absent(tmp_path):
    for name in FILES:
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    found = read_limits({}, str(tmp_path))
    assert nothing_known(found)
    assert not found.can_reset_peak


@pytest.mark.parametrize(
    "text", ["", "\x00\xff", "nan\n", "-1 -1\n", "9" * 400, "0-99999999999\n", "a b c\n" * 2000, "MemTotal: x kB\n"]
)
def test_garbage_is_not_known(root, text):
    found = read_limits({}, root(dict.fromkeys(FILES, text)))
    assert (found.cpus_present, found.cpu_quota, found.turbo, found.memory_total) == (None,) * 4
    assert found.load is None or found.load >= 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FILES)), st.text(max_size=60), max_size=6))
def test_no_content_of_any_file_makes_it_fail(root, files):
    read_limits({}, root({**FILES, **{name: text.encode("utf-8", "replace").decode() for name, text in files.items()}}))
