from __future__ import annotations

import subprocess
import sys

from support import ROOT


def test_everything_that_publishes_loads_the_standard_library_alone():
    modules = [f"perfgate.publish.{p.stem}" for p in sorted((ROOT / "perfgate/publish").glob("[!_]*.py"))]
    assert len(modules) >= 4
    code = "import sys\n" + "".join(f"import {m}\n" for m in ["perfgate.publish", *modules])
    code += "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) <= {"perfgate", "__main__"}
