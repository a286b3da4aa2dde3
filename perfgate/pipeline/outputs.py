"""What the use cases write: reports, profiles and summaries, whole or not at all."""

from __future__ import annotations

import os
import stat

from perfgate.core.atomic import write_whole
from perfgate.core.errors import cannot_decide


def write_output(path: str, content: bytes, *, slug: str) -> None:
    """Write a file that the user asked for; folders on the way are made.

    A device or a pipe is written to as it is; it must never be replaced by a file.

    Raises:
        CannotDecideError: it cannot be written.
    """
    try:
        if _is_special(path):
            with open(path, "wb", buffering=0) as file:
                file.write(content)
            return
        if _is_precious(path):
            message = "holds a baseline or a run summary, which is not to be lost"
            raise cannot_decide(slug, message, place=path, hint="name another file")
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        write_whole(path, content, durable=False)
    except OSError as caught:
        cause = "is a folder" if os.path.isdir(path) else f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide(slug, cause, place=path, hint="name a file in a folder that can be written to") from None


def _is_precious(path: str) -> bool:
    """Is the file that would be replaced one of our own inputs?"""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return b'"perfgate/baseline/' in start or b'"perfgate/run/' in start


def _is_special(path: str) -> bool:
    """Is there something at the path that is neither a file nor a folder?"""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
