"""Put the bytecode of the Python that builds the wheel into it: uv and `pip --no-compile` compile nothing.

The first command of a fresh CI job would compile all that it loads, which takes as long as a check. Users build
the wheel with their own Python, since they install from the repository; another Python ignores the files.
"""

from __future__ import annotations

import os
import py_compile
import tempfile
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "perfgate"


class BytecodeHook(BuildHookInterface[Any]):
    """Compiles the package beside the wheel; the file of each module is checked by the hash of its source."""

    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile all modules and add them; an editable installation keeps its own bytecode.

        Args:
            version: kind of the wheel, ``standard`` or ``editable``.
            build_data: of the wheel, to which the files are added.
        """
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        for source in sorted(Path(self.root, PACKAGE).rglob("*.py")):
            name = source.relative_to(self.root).as_posix()
            compiled = os.path.join(self._folder.name, cache_from_source(name))
            mode = py_compile.PycInvalidationMode.CHECKED_HASH
            py_compile.compile(str(source), compiled, dfile=name, doraise=True, invalidation_mode=mode)
            build_data["force_include"][compiled] = cache_from_source(name)

    def finalize(self, *_: object) -> None:
        """Remove what was compiled."""
        if self._folder is not None:
            self._folder.cleanup()
