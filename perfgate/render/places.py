"""The file that a finding is about, for systems that show findings beside files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import plain
from perfgate.store.codec import file_name

if TYPE_CHECKING:
    from perfgate.core.finding import Finding, Verdict
    from perfgate.core.run import Labels

_NO_FILE = frozenset({"", "not read", "built-in defaults"})


class Files:
    """The files that a verdict is about, relative to where the check ran."""

    def __init__(self, verdict: Verdict) -> None:
        """Note where each benchmark's baseline lies; under ``ab`` there is none."""
        compared = verdict.compared
        self.configuration = _in_tree(compared.policy)
        """The configuration's file; empty when there is none in this tree."""
        self._kept: dict[tuple[str, str, Labels], str] = {}
        folder = _in_tree(compared.baselines)
        for p in verdict.baseline if folder else ():
            if any(s.is_interleaved for s in p.sessions):
                continue
            path = f"{folder}/{p.machine_class}/{file_name(*p.key)}"
            self._kept[p.machine_class, p.benchmark, p.labels] = folder if folder.endswith(".json") else path

    def of(self, finding: Finding) -> str:
        """Return the baseline's file; for a budget, the whole suite, and what has no baseline the configuration."""
        if finding.method == "budget":
            return self.configuration
        return self._kept.get((finding.machine_class, finding.benchmark, finding.labels), self.configuration)


def _in_tree(place: str) -> str:
    """Return a path without the git commit before it; empty for none, and for one out of the working directory."""
    if place in _NO_FILE:
        return ""
    path = (place.partition(":")[2] or place).removeprefix("./").rstrip("/")
    return "" if path.startswith(("/", "..")) else plain(path)
