"""What this machine allows a measured program, and what makes its speed vary: processors, clock rate, memory, load.

For people who ask, by `perfgate doctor`; nothing of it is in a run. Every file may be missing,
unreadable, a folder, or hold anything: what cannot be understood is None.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.measure.machine.files import read_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_CPUS = 4096
_LONGEST_WORD = 40
_MOST_DIGITS = 20  # of 2^64
_WHOLE_CPUINFO = 16_384  # bytes: the first processor with all its flags
_UNLIMITED = 2**60  # bytes: version 1 of cgroups writes a number near 2^63 for "no limit"
_MARKS = (("/.dockerenv", "docker"), ("/run/.containerenv", "podman"))
_WORDS = ("kubepods", "docker", "containerd", "libpod", "lxc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What was found; None: the machine does not say."""

    cpus_present: int | None
    """Processors of the machine that are present."""
    cpus_allowed: int
    """Processors in this process's affinity, >= 1."""
    cpu_quota: float | None
    """Processors' worth of time that the control group may use; None: no limit is known."""
    governors: tuple[str, ...]
    """Different governors of the processors' clock rates, sorted; empty: not known."""
    turbo: bool | None
    """May the clock rate rise above its nominal value?"""
    smt: bool | None
    """Do two threads share one core?"""
    container: str
    """Kind of container that this process is in; empty: none is known."""
    machine: str
    """Name of the virtual machine's maker, or ``unknown``; empty: it is no virtual machine, as far as is known."""
    memory_total: int | None
    """Memory of the machine in bytes."""
    memory_limit: int | None
    """Memory that the control group may use in bytes; None: no limit is known."""
    swap_total: int | None
    """Swap space in bytes; 0: there is none."""
    swap_used: int | None
    """Of it in use, in bytes."""
    load: float | None
    """Processes that wanted to run, on average of the last minute."""
    can_reset_peak: bool
    """May this process reset the kernel's mark of its largest memory (``clear_refs``)?"""

    @property
    def cpus(self) -> float:
        """Processors' worth of time that this process can use."""
        return self.cpus_allowed if self.cpu_quota is None else min(float(self.cpus_allowed), self.cpu_quota)


def read_limits(environ: Mapping[str, str], root: str = "") -> Limits:
    """Return what the files below ``/proc`` and ``/sys`` say; none of them can make it fail.

    Args:
        environ: the environment variables; a container may state itself there.
        root: put before every absolute path, so that another machine's files can be read.
    """
    memory = _read_table(f"{root}/proc/meminfo")
    total, free = memory.get("SwapTotal"), memory.get("SwapFree")
    clear_refs = f"{root}/proc/self/clear_refs"
    return Limits(
        cpus_present=_count_present(root),
        cpus_allowed=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        cpu_quota=_find_cpu_quota(root),
        governors=_find_governors(root),
        turbo=_find_turbo(root),
        smt=_read_switch(f"{root}/sys/devices/system/cpu/smt/active"),
        container=_find_container(environ, root),
        machine=_find_virtual_machine(root),
        memory_total=memory.get("MemTotal"),
        memory_limit=_find_memory_limit(root),
        swap_total=total,
        swap_used=None if total is None or free is None else max(0, total - free),
        load=_read_load(root),
        can_reset_peak=os.path.isfile(clear_refs) and os.access(clear_refs, os.W_OK),
    )


def _count_present(root: str) -> int | None:
    """Return how many processors a list such as ``0-3,8`` names."""
    count = 0
    for part in read_start(f"{root}/sys/devices/system/cpu/present").strip().split(","):
        first, _, last = part.partition("-")
        start, end = _whole(first), _whole(last or first)
        if start is None or end is None or not start <= end < _MOST_CPUS:
            return os.cpu_count() if not root else None
        count += end - start + 1
    return count


def _find_governors(root: str) -> tuple[str, ...]:
    found = set()
    for number in range(min(os.cpu_count() or 1, _MOST_CPUS)):
        word = _read_word(f"{root}/sys/devices/system/cpu/cpu{number}/cpufreq/scaling_governor")
        if word:
            found.add(word)
    return tuple(sorted(found))


def _find_turbo(root: str) -> bool | None:
    is_off = _read_switch(f"{root}/sys/devices/system/cpu/intel_pstate/no_turbo")
    return _read_switch(f"{root}/sys/devices/system/cpu/cpufreq/boost") if is_off is None else not is_off


def _find_container(environ: Mapping[str, str], root: str) -> str:
    for mark, name in _MARKS:
        if os.path.isfile(root + mark):
            return name
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    stated = environ.get("container", "")
    if stated and _is_word(stated):
        return stated
    groups = read_start(f"{root}/proc/self/cgroup")
    return next((word for word in _WORDS if word in groups), "")


def _find_virtual_machine(root: str) -> str:
    flags = ""
    for line in read_start(f"{root}/proc/cpuinfo", _WHOLE_CPUINFO).splitlines():
        if line.startswith("flags"):
            flags = line
            break
    if "hypervisor" not in flags.split():
        return ""
    maker = read_start(f"{root}/sys/class/dmi/id/sys_vendor").strip()
    return maker if maker.isascii() and maker.isprintable() and 0 < len(maker) <= _LONGEST_WORD else "unknown"


def _find_cpu_quota(root: str) -> float | None:
    quotas = [_share(*text.partition(" ")[::2]) for text in _read_groups(root, "", "cpu.max")]
    periods = list(_read_groups(root, "cpu", "cpu.cfs_period_us"))
    in_version_1 = zip(_read_groups(root, "cpu", "cpu.cfs_quota_us"), periods, strict=False)
    quotas += [_share(quota, period) for quota, period in in_version_1]
    return min((q for q in quotas if q is not None), default=None)


def _share(quota: str, period: str) -> float | None:
    part, whole = _whole(quota), _whole(period)
    return part / whole if part and whole else None


def _find_memory_limit(root: str) -> int | None:
    texts = [*_read_groups(root, "", "memory.max"), *_read_groups(root, "memory", "memory.limit_in_bytes")]
    limits = [_whole(text) for text in texts]
    return min((limit for limit in limits if limit is not None and limit < _UNLIMITED), default=None)


def _read_groups(root: str, controller: str, name: str) -> Iterator[str]:
    """Yield what a file of this process's control group says, from its folder up to the root.

    Args:
        root: put before every absolute path.
        controller: of version 1; empty: version 2, which has one tree for all.
        name: of the file.
    """
    folder = ""
    for line in read_start(f"{root}/proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if path.startswith("/") and controller in controllers.split(","):
            folder = path.strip("/")
    base = f"{root}/sys/fs/cgroup/{controller}".rstrip("/")
    while True:
        text = read_start(f"{base}/{folder}/{name}" if folder else f"{base}/{name}").strip()
        if text:
            yield text
        if not folder:
            return
        folder = folder.rpartition("/")[0]


def _read_load(root: str) -> float | None:
    try:
        load = float(read_start(f"{root}/proc/loadavg").split(" ")[0])
    except ValueError:
        return None
    return load if math.isfinite(load) and load >= 0 else None


def _read_table(path: str) -> dict[str, int]:
    """Return the lines ``Name: 12 kB`` of a file, in bytes."""
    found = {}
    for line in read_start(path).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        number = _whole(words[0]) if len(words) > 1 and words[1] == "kB" else None
        if number is not None:
            found[name] = number * 1024
    return found


def _read_switch(path: str) -> bool | None:
    return {"0": False, "1": True}.get(read_start(path).strip())


def _read_word(path: str) -> str:
    word = read_start(path).strip()
    return word if _is_word(word) else ""


def _is_word(text: str) -> bool:
    return text.isascii() and 0 < len(text) <= _LONGEST_WORD and text.replace("_", "").replace("-", "").isalnum()


def _whole(text: str) -> int | None:
    """Return a whole number from 0 of at most 20 digits; None: it is none."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
