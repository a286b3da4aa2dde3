"""The peak working set of this process on Windows.

Written from Microsoft's description of GetProcessMemoryInfo; it has not been
run on a real machine. Windows cannot reset the figure, so it is the
largest that the process has ever been.
"""

from __future__ import annotations

import ctypes


class _Counters(ctypes.Structure):
    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        *(
            (name, ctypes.c_size_t)
            for name in (
                "PeakWorkingSetSize",
                "WorkingSetSize",
                "QuotaPeakPagedPoolUsage",
                "QuotaPagedPoolUsage",
                "QuotaPeakNonPagedPoolUsage",
                "QuotaNonPagedPoolUsage",
                "PagefileUsage",
                "PeakPagefileUsage",
            )
        ),
    )


def look_peak_working_set() -> int:
    """Return the largest working set of this process so far, in bytes.

    Raises:
        AttributeError: this is not Windows.
        OSError: Windows refuses the request.
    """
    libraries = getattr(ctypes, "windll")  # noqa: B009 - a plain attribute is unknown to mypy elsewhere
    kernel, psapi = libraries.kernel32, libraries.psapi
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    counters = _Counters()
    counters.cb = ctypes.sizeof(counters)
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    if not psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb):
        raise OSError("GetProcessMemoryInfo failed")
    return int(counters.PeakWorkingSetSize)
