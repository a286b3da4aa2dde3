"""The scores as Markdown tables, each with a name by which docs/method.md holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiment import ASKED, EFFECTS, IN_TURNS, UNCHANGED, Results, Setting
from noise import STRESS
from peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from experiment import Gate, Share

BENCHMARKS = 5
SESSIONS = (1, 2, 5, 10)
FAMILIES = (1, 5, 20)
RUNS = {IN_TURNS: (5, 7, 10, 20), 5: (3, 5, 10)}
"""Runs of each session, by sessions of the baseline."""
STRICT = "+3%"
MANY, SLOW = 20, 5
"""Benchmarks of a pull request, and how many of them are slowed together."""
_CONFIRMED = ("", ", confirmed by a second", ", by a second and a third")
_PEERS_AT = {"peers-in-turns": IN_TURNS, "peers-apart": 5}
_SMALL = 10.0  # percent
_TURNS = "interleaved, in one job"


def settings() -> list[tuple[Setting, bool]]:
    """Return what has to be scored for all tables, each with whether the peers take part."""
    main = [Setting(s, BENCHMARKS) for s in (IN_TURNS, *SESSIONS)]
    families = [Setting(s, n) for s in (IN_TURNS, 1, 5) for n in FAMILIES if n != BENCHMARKS]
    runs = [Setting(s, BENCHMARKS, runs=n) for s, counts in RUNS.items() for n in counts if n != Setting.runs]
    together = [Setting(s, MANY, slow=SLOW) for s in (1, 5)]
    found = [*main, Setting(IN_TURNS, BENCHMARKS, STRICT), *families, *runs, *together]
    return [(s, s in {Setting(p, BENCHMARKS) for p in _PEERS_AT.values()}) for s in found]


def tables(results: Results, deployed: Mapping[str, Mapping[str, Share]]) -> dict[str, str]:
    """Return all tables by name."""
    found = {"modes": _modes(results), "families": _families(results), "together": _together(results)}
    found["runs"] = _runs(results)
    found |= {name: _peers(results, Setting(s, BENCHMARKS)) for name, s in _PEERS_AT.items()}
    found["sets"] = _sets(results)
    if deployed:
        found["deployed"] = _deployed(deployed)
    return found


def _modes(results: Results) -> str:
    rows = []
    for threshold in ("+5%", STRICT):
        setting = Setting(IN_TURNS, BENCHMARKS, threshold)
        rows.append([f"{_TURNS}, threshold {threshold}", "", *_scores(results, setting, ("perfgate", 0))])
    for sessions in SESSIONS:
        setting = Setting(sessions, BENCHMARKS)
        for confirmations, said in enumerate(_CONFIRMED):
            asked = "" if confirmations else _share(results.of(setting, ("perfgate", 0), ASKED))
            counted = f"{sessions} session{'s' if sessions > 1 else ''}" + said
            rows.append([counted, asked, *_scores(results, setting, ("perfgate", confirmations))])
    return _table(["baseline", "needs confirmation", "false alarms", *EFFECTS], rows)


def _families(results: Results) -> str:
    modes: list[tuple[str, int, Gate]] = [
        (_TURNS, IN_TURNS, ("perfgate", 0)),
        ("1 session", 1, ("perfgate", 0)),
        ("1 session, confirmed", 1, ("perfgate", 1)),
        ("5 sessions, confirmed", 5, ("perfgate", 1)),
    ]
    rows = [
        [said, str(n), *_scores(results, Setting(sessions, n), gate)]
        for said, sessions, gate in modes
        for n in FAMILIES
    ]
    return _table(["baseline", "benchmarks", "false alarms", *EFFECTS], rows)


def _together(results: Results) -> str:
    rows = [
        [f"{n} session{'s' if n > 1 else ''}{_CONFIRMED[confirmations]}", str(slow),
         *_scores(results, Setting(n, MANY, slow=slow), ("perfgate", confirmations))[1:]]
        for n in (1, 5) for confirmations in (0, 1) for slow in (1, SLOW)
    ]  # fmt: skip
    return _table(["baseline", f"slowed, of {MANY}", *EFFECTS], rows)


def _runs(results: Results) -> str:
    rows = []
    for sessions, counts in RUNS.items():
        gate, said = (("perfgate", 0), _TURNS) if sessions == IN_TURNS else (("perfgate", 1), "5 sessions, confirmed")
        rows += [[said, str(n), *_scores(results, Setting(sessions, BENCHMARKS, runs=n), gate)] for n in counts]
    return _table(["baseline", "runs", "false alarms", *EFFECTS], rows)


def _peers(results: Results, setting: Setting) -> str:
    rows = [[name, *_scores(results, setting, (name, 0))] for name in PEERS]
    ours = {"perfgate": 0} if setting.sessions == IN_TURNS else {"perfgate, one session": 0, "perfgate, confirmed": 1}
    rows += [[f"**{said}**", *_scores(results, setting, ("perfgate", n))] for said, n in ours.items()]
    return _table(["rule", "false alarms", *EFFECTS], rows)


def _sets(results: Results) -> str:
    names = list(dict.fromkeys(name for _, name in results.cells))
    modes: list[tuple[str, int, Gate]] = [
        (_TURNS, IN_TURNS, ("perfgate", 0)),
        ("5 sessions", 5, ("perfgate", 0)),
        ("5 sessions, confirmed", 5, ("perfgate", 1)),
    ]
    rows = [
        [f"{name} (not in the means)" if name == STRESS else name, said,
         *_scores(results, Setting(sessions, BENCHMARKS), gate, name)]
        for name in sorted(names, key=lambda n: n == STRESS) for said, sessions, gate in modes
    ]  # fmt: skip
    return _table(["data", "baseline", "false alarms", *EFFECTS], rows)


def _deployed(scores: Mapping[str, Mapping[str, Share]]) -> str:
    said = list(next(iter(scores.values())))
    rows = [[name, *(_share(shares[s]) for s in said)] for name, shares in scores.items()]
    return _table(["rule", *said], rows)


def _scores(results: Results, setting: Setting, gate: Gate, name: str = "") -> list[str]:
    return [_share(results.of(setting, gate, what, name)) for what in (UNCHANGED, *EFFECTS)]


def _share(share: Share | None) -> str:
    """Return a share in percent with its 95 % interval."""
    if share is None:
        return "–"
    low, high = share.interval()
    decimals = decimals_of(share.percent)
    return f"{share.percent:.{decimals}f} ({low:.{decimals}f}–{high:.{decimals}f})"


def decimals_of(percent: float) -> int:
    """Return with how many decimals a share is shown: small ones with one."""
    return 1 if percent < _SMALL else 0


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
