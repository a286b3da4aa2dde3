"""The faulty GitHub of the tests of the comment serves here, too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "github"))
