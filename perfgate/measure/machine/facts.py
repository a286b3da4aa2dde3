"""What is known of the machine, the session and the commit: looked up once per process, then kept.

Only stable facts that decide whether two runs may be compared; never a clock
rate, a load or a host name. What cannot be read is left out.
"""

from __future__ import annotations

import os
import sys

from perfgate.measure.identity import hex_digest
from perfgate.measure.machine.ci import clean, name_ci, name_session
from perfgate.measure.machine.commit import find_commit
from perfgate.measure.machine.files import read_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"win32": "windows", "darwin": "macos"}
_NOISE = frozenset({"CPU", "Processor"})

_environment: dict[str, str] | None = None
_session: str | None = None
_commit: tuple[str | None] | None = None  # a tuple, since "there is none" is worth remembering too


def environment() -> dict[str, str]:
    """Return the stable facts of this machine and interpreter, each a short text.

    The names: os, distro, arch, cpus, cpu_model, python, ci, hosting, runner, machine
    and threads; a fact that is not known is absent.
    """
    global _environment  # noqa: PLW0603 - the cache
    if _environment is None:
        _environment = read_environment(os.environ)
    return dict(_environment)


def session_id() -> str:
    """Return the name of this run's session: one machine in one period of time, whose noise its runs share."""
    global _session  # noqa: PLW0603 - the cache
    if _session is None:
        _session = find_session(os.environ)
    return _session


def in_ci() -> bool:
    """Does a CI system run this process? Known by its marker or by ``CI``."""
    return name_ci(os.environ) is not None


def commit() -> str | None:
    """Return the full hash of the commit being measured, or None when it is unknown."""
    global _commit  # noqa: PLW0603 - the cache
    if _commit is None:
        try:
            folder = os.getcwd()
        except OSError:
            folder = "/"  # the working folder was removed; the variables may still name it
        _commit = (find_commit(os.environ, folder),)
    return _commit[0]


def read_environment(environ: Mapping[str, str], root: str = "") -> dict[str, str]:
    """Return the facts as `environment` does, afresh.

    Args:
        environ: the environment variables to look at.
        root: put before every absolute path, so that another machine's files can be read.
    """
    facts = {
        "os": _SYSTEMS.get(sys.platform, sys.platform),
        "distro": _find_distro(root),
        "arch": _find_architecture(environ),
        "cpus": str(count_cpus(root)),
        "cpu_model": _find_cpu_model(root),
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "ci": name_ci(environ),
        "hosting": "own" if environ.get("RUNNER_ENVIRONMENT") == "self-hosted" else "",  # as GitHub Actions says it
        "runner": clean(environ.get("ImageOS", "")),
        "machine": find_machine(root),
        "threads": clean(environ.get("OMP_NUM_THREADS", ""), ","),
    }
    return {name: fact for name, fact in facts.items() if fact}


def find_session(environ: Mapping[str, str], root: str = "") -> str:
    """Return the session's name afresh.

    In CI it is the job's own ids and the machine (the legs of a matrix share a job name),
    and what ``PERFGATE_SESSION`` adds; elsewhere that variable alone; else the machine, the
    terminal session's leader and when that began, so that two evenings are two sessions.

    Args:
        environ: the environment variables to look at.
        root: put before every absolute path.
    """
    machine = find_machine(root) or "unknown"
    named = name_session(environ, machine)
    if named:
        return named
    leader, start = _find_leader(root)
    return f"{name_ci(environ) or 'local'}-{machine}-{leader}-{start}"


def find_machine(root: str = "") -> str | None:
    """Return 8 hex digits that name this booted machine, or None where the kernel has no boot id."""
    boot = read_start(f"{root}/proc/sys/kernel/random/boot_id").strip()
    return hex_digest(boot.encode())[:8] if boot else None


def count_cpus(root: str = "") -> int:
    """Return how many processors this process may really use: its affinity, within its cgroup's quota."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _find_quota(root)
    return usable if quota is None else max(1, min(usable, quota))


def clean_cpu_model(name: str) -> str:
    """Return a processor's name without trade marks, filler and clock rates, which change between boots."""
    for mark in ("(R)", "(r)", "(TM)", "(tm)"):
        name = name.replace(mark, " ")
    name = name.partition("@")[0]
    return " ".join(word for word in name.split() if word not in _NOISE and not word.lower().endswith(("ghz", "mhz")))


def _find_leader(root: str) -> tuple[int, str]:
    if not hasattr(os, "getsid"):  # pragma: no cover - Windows has no sessions of this kind
        return os.getppid(), "0"
    # 0: the leader lives outside our process namespace (`docker exec`); then the container is the session.
    leader = os.getsid(0) or 1
    fields = read_start(f"{root}/proc/{leader}/stat").rpartition(")")[2].split()
    start = 22 - 3  # field 22 of the manual page, counted from field 3, the first behind the name
    return leader, fields[start] if len(fields) > start else "0"


def _find_distro(root: str) -> str:
    fields = {}
    for line in read_start(f"{root}/etc/os-release").splitlines():
        name, _, value = line.partition("=")
        fields[name.strip()] = value.strip().strip("\"'")
    return clean("-".join(filter(None, (fields.get("ID"), fields.get("VERSION_ID")))))


def _find_architecture(environ: Mapping[str, str]) -> str:
    name = os.uname().machine if hasattr(os, "uname") else environ.get("PROCESSOR_ARCHITECTURE", "")
    return ARCHITECTURES.get(name.lower(), clean(name))


def _find_cpu_model(root: str) -> str:
    for line in read_start(f"{root}/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return clean_cpu_model(value)
    return ""


def _find_quota(root: str) -> int | None:
    """Return the smallest CPU quota on the way from this process's cgroup (version 2) up to the root."""
    folder = ""
    for line in read_start(f"{root}/proc/self/cgroup").splitlines():
        if line.startswith("0::/"):
            folder = line[len("0::/") :]
    quotas = []
    while True:
        quota, _, period = read_start(f"{root}/sys/fs/cgroup/{folder}/cpu.max").strip().partition(" ")
        if quota.isdigit() and period.isdigit() and int(period):
            quotas.append(-(-int(quota) // int(period)))  # rounded up: half a processor needs one
        if not folder:
            return min(quotas, default=None)
        folder = folder.rpartition("/")[0]
