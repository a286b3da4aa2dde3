"""What a session of the noise collector notes of its machine: kinds and amounts, never a name, an address or a path."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import sys
import zlib

import numpy as np

from perfgate.measure.machine.facts import environment
from perfgate.measure.machine.files import read_start

FACTS = ("os", "distro", "arch", "cpus", "cpu_model", "python", "ci", "hosting", "runner")
"""Of those that each run summary has; not `machine`, a digest of the boot."""
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def describe_machine() -> dict[str, str]:
    """Return the facts that hold for a whole session; one that cannot be read is left out."""
    known = environment()
    facts = {name: known.get(name, "") for name in FACTS}
    facts |= {
        "cpu_model": facts["cpu_model"] or _ask_system_for_cpu(),
        "microcode": _find_line("/proc/cpuinfo", "microcode"),
        "kernel": platform.release(),
        "image": os.environ.get("ImageVersion", ""),  # noqa: SIM112 - the runner's own spelling
        "numpy": np.__version__,
        "sqlite": sqlite3.sqlite_version,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }
    return {name: text for name, fact in facts.items() if (text := _clean(fact))}


def read_state() -> dict[str, tuple[float, str]]:
    """Return what the machine is doing now: value and unit by name; what cannot be read is left out."""
    state: dict[str, tuple[float, str]] = {}
    if hasattr(os, "getloadavg"):
        state["load_average"] = (os.getloadavg()[0], "1")
    fields = read_start("/proc/stat", 512).partition("\n")[0].split()
    if len(fields) > 8 and fields[8].isdigit():  # cpu user nice system idle iowait irq softirq steal
        state["steal"] = (int(fields[8]) / TICKS, "s")
    if hertz := _find_frequency():
        state["frequency"] = (hertz, "Hz")
    return state


def _find_frequency() -> float:
    """Return the clock rate of the first processor in Hz; 0 where it cannot be read."""
    kilohertz = read_start("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq").strip()
    if kilohertz.isdigit():
        return int(kilohertz) * 1e3
    megahertz = _find_line("/proc/cpuinfo", "cpu MHz")
    return float(megahertz) * 1e6 if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", megahertz) else 0.0


def _find_line(path: str, wanted: str) -> str:
    for line in read_start(path).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == wanted:
            return value.strip()
    return ""


def _ask_system_for_cpu() -> str:
    if sys.platform == "darwin":
        words = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout
    if part := _find_line("/proc/cpuinfo", "CPU part"):  # Linux names no model on ARM
        return f"implementer {_find_line('/proc/cpuinfo', 'CPU implementer')} part {part}"
    return os.environ.get("PROCESSOR_IDENTIFIER", "")


def _clean(text: str) -> str:
    """Return a fact in one line of plain characters, 100 at most."""
    return " ".join(re.sub(r"[^A-Za-z0-9 ._+(),-]", " ", text).split())[:100]
