"""Kernels for tests of the engines: functions of a module, as the processes of an engine import them."""

import os


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
