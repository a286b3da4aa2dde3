"""Kernels for tests of the engines: functions of a module, as the processes of an engine import them."""

import os
import tempfile
import time


def name_of(part, *shared):
    return (part.name, *shared)


def die_once(part, marker):
    """End the process the first time."""
    if part.name == "b" and not os.path.exists(marker):
        with open(marker, "w"):
            os._exit(9)
    return part.name


def die_always(part, *_):
    os._exit(9)


def stay(part, folder):
    """Say which process this is and where it writes, and do not end."""
    with open(os.path.join(folder, "writing"), "w") as file:
        file.write(f"{os.getpid()} {tempfile.mkdtemp()}")
    os.replace(os.path.join(folder, "writing"), os.path.join(folder, f"{os.getpid()}.pid"))
    time.sleep(600)
