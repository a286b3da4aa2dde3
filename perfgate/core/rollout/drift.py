"""Input samples: the reference that is committed, what a current sample has beside it, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perfgate.core.finding import ExitCode

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Level

Kind = Literal["number", "text", "boolean", "mixed", "time", "structure", "nothing"]
"""What a field holds: ``mixed`` several kinds, ``structure`` lists, ``nothing`` no value at all."""
Check = Literal["schema", "type", "missing", "levels", "distance"]
Outcome = Literal["drift", "same", "too-few", "not-compared"]

REFERENCE = "input-reference.json"
"""Name of the reference in the folder of the baselines: the one JSON file there that is no baseline."""
PREFIX = "perfgate/drift-reference/"
"""How the schema of every version of the reference begins."""
FEWEST_ROWS = 200
"""Rows below which nothing is said: a difference of the size that matters would be missed more often than found."""
FEWEST_EFFECTIVE = 50
"""The same, of independent rows."""
FLOOR = 0.1
"""Differences of a distribution up to this are no drift, however many rows prove them."""
SHARE_FLOOR = 0.01
"""The same, of the share of missing values, of another type, and of unknown levels."""
ALPHA = 0.01
"""Accepted chance that samples without drift have any finding, over all fields and checks."""


class Numbers(Struct, frozen=True, kw_only=True):
    """Where numbers lie: exact counts at some points, at even steps of the count."""

    values: tuple[float, ...]
    """Points, ascending, none twice; each step between two has at least `Reference.least_rows` rows."""
    below: tuple[int, ...]
    """Numbers below each point."""
    at_most: tuple[int, ...]
    """Numbers up to each point."""


class Levels(Struct, frozen=True, kw_only=True):
    """How often each level of a category occurs."""

    counts: tuple[tuple[str, int], ...]
    """Levels that are shown, and their rows, the most frequent first."""
    least_rows: int
    """Rows from which on a level is shown."""
    hidden: int
    """Number of the other levels."""
    hidden_rows: int
    """Rows of them all."""


class Feature(Struct, frozen=True, kw_only=True):
    """One field of the input."""

    name: str
    """Its name; of a field inside another ``address.zip``."""
    kind: Kind
    """What it holds."""
    count: int
    """Values of that kind."""
    missing: int
    """Rows without a value: absent, null, or a number that is not finite."""
    odd: int
    """Values of another kind."""
    intraclass: float
    """Correlation of two values of one cluster, 0.0 to 1.0; 0.0 without clusters."""
    missing_intraclass: float
    """The same of whether the value is missing."""
    numbers: Numbers | None = None
    """Of a number."""
    levels: Levels | None = None
    """Of a category: text, boolean or mixed."""


class Clusters(Struct, frozen=True, kw_only=True):
    """Rows that belong together, such as those of one client."""

    field: str
    """Name of the field that says to which a row belongs."""
    count: int
    """Number of clusters."""
    mean_rows: float
    """Mean size of the cluster that a row is in, >= 1.0."""


class Reference(Struct, frozen=True, kw_only=True):
    """A summary of input samples, without a row of them."""

    rows: int
    """Samples."""
    fields: tuple[str, ...]
    """Fields that were asked for; empty: all."""
    least_rows: int
    """Rows behind each level and each step of numbers."""
    clusters: Clusters | None
    """None: each row stands for itself."""
    features: tuple[Feature, ...]
    """By name."""


class Counted(Struct, frozen=True, kw_only=True):
    """What the current samples have of one feature of the reference."""

    feature: Feature
    """As the reference has it; of a new field one without rows."""
    count: int
    """Values of the reference's kind."""
    missing: int
    """Rows without a value."""
    odd: int
    """Values of another kind."""
    odd_kind: str
    """The most frequent one of these; empty: there are none."""
    below: tuple[int, ...] = ()
    """Numbers below each point of the reference."""
    at_most: tuple[int, ...] = ()
    """Numbers up to each point of the reference."""
    levels: tuple[int, ...] = ()
    """Rows of each level that the reference shows, in its order."""
    unknown: int = 0
    """Rows of other levels."""
    new_levels: tuple[tuple[str, int], ...] = ()
    """The most frequent of these with their rows."""
    intraclass: float = 0.0
    """Correlation of two values of one cluster."""
    missing_intraclass: float = 0.0
    """The same of whether a value is missing."""
    odd_intraclass: float = 0.0
    """The same of whether it is of another kind."""
    unknown_intraclass: float = 0.0
    """The same of whether its level is unknown."""


class Current(Struct, frozen=True, kw_only=True):
    """Current samples, counted against a reference."""

    rows: int
    """Samples."""
    clusters: Clusters | None
    """None: each row stands for itself."""
    features: tuple[Counted, ...]
    """Those of the reference, then new fields, both by name."""


class FieldCheck(Struct, frozen=True, kw_only=True):
    """One check of one feature."""

    check: Check
    """What was compared."""
    effect: float
    """Size of the difference: of shares, or of a distribution, -1.0 to 1.0."""
    floor: float
    """Size up to which it is no drift."""
    p: float
    """Chance of so large a difference without drift, 0.0 to 1.0."""
    adjusted: float
    """The same for all checks together (Holm)."""
    words: str
    """What differs, in words."""

    @property
    def is_drift(self) -> bool:
        """Is the difference proven, and large enough to matter?"""
        return abs(self.effect) > self.floor and self.adjusted <= ALPHA


class Distance(Struct, frozen=True, kw_only=True):
    """A distance that people know by name; it decides nothing."""

    name: str
    """``PSI``, ``Jensen-Shannon`` or ``Wasserstein/sd``."""
    value: float
    """How large it is, >= 0.0."""
    bound: float
    """What it stays below in 99 of 100 samples of this size without drift."""


class Compared(Struct, frozen=True, kw_only=True):
    """What was found out about one feature."""

    name: str
    """Name of the field."""
    kind: Kind
    """What it holds."""
    outcome: Outcome
    """Whether it drifted."""
    why: str
    """Why it was not compared, in words; empty: it was."""
    checks: tuple[FieldCheck, ...]
    """In the order of the checks."""
    distances: tuple[Distance, ...]
    """Beside them."""
    bins: tuple[tuple[str, float, float], ...]
    """A small histogram: what a bin holds, its share in the reference, and now."""
    effective: tuple[float, float]
    """Independent values of the reference, and now."""


class DriftVerdict(Struct, frozen=True, kw_only=True):
    """Whether the inputs are still those that the reference was made of."""

    level: Level
    """Whether drift fails, warns or is only shown."""
    reference: str
    """Where the reference was read."""
    current: tuple[str, ...]
    """Files that were compared with it."""
    rows: tuple[int, int]
    """Samples of the reference, and now."""
    clusters: tuple[Clusters | None, Clusters | None]
    """Of both."""
    features: tuple[Compared, ...]
    """What drifted first, then in the order of the reference."""
    problems: tuple[Diagnostic, ...]
    """Why nothing is decided."""
    notes: tuple[Diagnostic, ...]
    """What was left out."""

    @property
    def drifted(self) -> tuple[Compared, ...]:
        """The features that drifted."""
        return tuple(f for f in self.features if f.outcome == "drift")

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code: 2 wins over 1, and drift is 1 only where it is asked to fail."""
        if self.problems:
            return ExitCode.CANNOT_DECIDE
        return ExitCode.REGRESSION if self.drifted and self.level == "fail" else ExitCode.PASS
