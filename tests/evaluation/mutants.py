"""Put small faults into gate, stats, collect, store and publish, and count those that the fast tests notice.

python tests/evaluation/mutants.py --seed 1 --mutants 300               print the share, and each survivor
python tests/evaluation/mutants.py --seed 1 --only perfgate/store       one folder or file
python tests/evaluation/mutants.py --seed 1 --record FILE               keep what runs which line (minutes to find)

All happens in copies of the tree. A mutant is killed when a test fails, or does not end in time. First the quickest
of the tests that run the changed statement are tried, then the others, and the test folder of the changed one.
`mutants.toml` has the mutants that cannot be noticed, with the reason; they do not count as killed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mutants_record import Record, up_to_date
from mutants_runs import KILLED, SURVIVED, TIMED_OUT, Copy, Running, copy_tree, load_libraries
from mutants_sites import Site, changed_line, is_fault, mutate, sites
from seeded_choices import SeededChoices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
WINGS = ("gate", "stats", "collect", "store", "publish")
EXPLAINED = Path(__file__).with_name("mutants.toml")
FIRST = 60
"""So many tests are tried first: most mutants are killed by one of the quickest."""
FROM_ONE_FILE = 10
"""So many of them from one file, which is imported for them."""
BUDGET = 30.0
"""Seconds that the other tests may take together, as recorded; the quickest ones are taken."""
CONTROLS = 20
"""For so many mutants, one is run without its fault, too: a control that is killed shows a test that flakes."""
_MIRRORED = {"publish": ("tests/publish/", "tests/github/")}
"""The test folders of a wing, where they are not the one of the same name."""


@dataclass(slots=True, kw_only=True)
class Mutant:
    """A source with one fault, and what became of it."""

    file: str
    """The source, from the root of the tree."""
    site: Site
    """The fault."""
    before: str
    """The line as it is."""
    after: str
    """The line with the fault."""
    is_control: bool = False
    """Is nothing changed?"""
    stages: deque[list[str]] = field(default_factory=deque)
    """The tests that are still to be run, in steps."""
    end: str = ""
    """How it ended."""
    killer: str = ""
    """The test that failed."""

    def __str__(self) -> str:
        return f"{self.file}:{self.site.row}: {self.site.kind}\n    - {self.before}\n    + {self.after}"


def main() -> int:
    """Print the share of the mutants that are killed, the explained ones and the survivors."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [Copy(Path(folder) / f"copy{n}") for n in range(options.jobs)]
        for copy in copies:
            copy_tree(ROOT, copy.root)
        sources = {
            str(path.relative_to(ROOT)): path.read_text()
            for wing in WINGS for path in sorted((ROOT / "perfgate" / wing).rglob("*.py"))
        }  # fmt: skip
        record = up_to_date(copies[0].root, options.record or Path(folder) / "record.json")
        mutants = draw(sources, options.seed, options.mutants, options.only)
        for mutant in mutants:
            mutant.stages = deque(stages(mutant, record))
        mutants += [replace(m, is_control=True, stages=m.stages.copy()) for m in mutants[::CONTROLS] if m.stages]
        load_libraries()
        began = time.monotonic()
        explained = read_explained()
        for mutant in run(mutants, copies, sources, record):
            mark = "control" if mutant.is_control else "explained" if is_explained(mutant, explained) else ""
            print(f"{mutant.end:9} {mark:9} {mutant.killer}  {mutant}", file=sys.stderr, flush=True)
        print(_report(mutants, explained, time.monotonic() - began))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1", help="which mutants are drawn")
    parser.add_argument("--mutants", type=int, default=300, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at a time, each in a copy of its own")
    parser.add_argument("--only", default="", metavar="PATH", help="mutate sources below this path only")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep here which test runs which line")
    return parser.parse_args()


def draw(sources: Mapping[str, str], seed: str, count: int, only: str = "") -> list[Mutant]:
    """Return mutants of the five wings, from each as many as its share of all places."""
    places: dict[str, list[tuple[str, Site]]] = {}
    for file, source in sources.items():
        if file.startswith(only):
            places.setdefault(file.split("/")[1], []).extend((file, site) for site in sites(source))
    total = sum(map(len, places.values()))
    drawn = []
    for wing, here in places.items():
        wanted = round(count * len(here) / total)
        shuffled = SeededChoices("mutants", seed, wing).several(here, len(here))
        for file, site in shuffled:
            if wanted and is_fault(sources[file], site):
                before, after = changed_line(sources[file], site)
                drawn.append(Mutant(file=file, site=site, before=before, after=after))
                wanted -= 1
    return drawn


def stages(mutant: Mutant, record: Record) -> Iterator[list[str]]:
    """Yield the tests to run, in steps; none for a line that no test runs."""
    rows = record.lines.get(mutant.file, {})
    changed = {t for n in range(mutant.site.first, mutant.site.last + 1) for t in rows.get(n, ())}
    exact = {t for n in range(mutant.site.row, mutant.site.until + 1) for t in rows.get(n, ())}
    wanted = exact or changed or {t for tests in rows.values() for t in tests}  # run by an import, for all tests
    wing = mutant.file.split("/")[1]
    mirrored = _MIRRORED.get(wing, (f"tests/{wing}/",))
    rank = sorted(
        (t for t in wanted if t in record.seconds), key=lambda t: (not t.startswith(mirrored), record.seconds[t], t)
    )
    first = _first(rank)
    if first:
        yield first
    rest, spent = [], 0.0
    beyond = {t for t in record.seconds if t.startswith(mirrored)} - set(rank)
    for test in [*sorted(set(rank) - set(first), key=record.seconds.__getitem__), *sorted(beyond)]:
        spent += record.seconds[test]
        if spent > BUDGET:
            break
        rest.append(test)
    if rest:
        yield rest


def _first(rank: Sequence[str]) -> list[str]:
    files: Counter[str] = Counter()
    chosen = []
    for test in rank:
        file = test.partition("::")[0]
        if files[file] < FROM_ONE_FILE and len(chosen) < FIRST:
            files[file] += 1
            chosen.append(test)
    return sorted(chosen)  # pytest collects a file once where its tests stand together


def run(mutants: list[Mutant], copies: list[Copy], sources: Mapping[str, str], record: Record) -> Iterator[Mutant]:
    """Run the tests of each mutant, and yield it when its end is known."""
    waiting = deque(mutants)
    free, busy = list(copies), dict[int, tuple[Running, Mutant, list[str]]]()
    while waiting or busy:
        while free and waiting:
            mutant = waiting.popleft()
            copy = free.pop()
            source = sources[mutant.file]
            copy.write(mutant.file, source if mutant.is_control else mutate(source, mutant.site))
            _start(mutant, copy, busy, record)
            if not mutant.end:
                continue
            copy.write(mutant.file, source)
            free.append(copy)
            yield mutant
        for pid, (running, mutant, tests) in list(busy.items()):
            ended = running.outcome()
            if ended is None:
                continue
            del busy[pid]
            mutant.end, mutant.killer = ended
            if mutant.end == KILLED and running.names_unknown_tests():
                mutant.stages.appendleft(sorted({test.partition("::")[0] for test in tests}))
                mutant.end = SURVIVED
            if mutant.end == SURVIVED and mutant.stages:
                _start(mutant, running.copy, busy, record)
                continue
            running.copy.write(mutant.file, sources[mutant.file])
            free.append(running.copy)
            yield mutant
        time.sleep(0.02)


def _start(mutant: Mutant, copy: Copy, busy: dict[int, tuple[Running, Mutant, list[str]]], record: Record) -> None:
    """Run the next step of a mutant's tests; without any, it has survived."""
    if not mutant.stages:
        mutant.end, mutant.killer = SURVIVED, "no test runs this line"
        return
    tests = mutant.stages.popleft()
    limit = 20.0 + 5 * sum(record.seconds.get(test, 1.0) for test in tests)
    mutant.end = ""
    running = Running.start(copy, tests, limit)
    busy[running.pid] = (running, mutant, tests)


def read_explained(file: Path = EXPLAINED) -> dict[tuple[str, str, str], str]:
    """Return the reason of each mutant that cannot be noticed, by file, line and mutated line."""
    entries = tomllib.loads(file.read_text()).get("equivalent", [])
    return {(entry["file"], entry["line"], entry["becomes"]): entry["reason"] for entry in entries}


def is_explained(mutant: Mutant, explained: Mapping[tuple[str, str, str], str]) -> bool:
    """Is it known why no test can notice this mutant?"""
    return mutant.end == SURVIVED and (mutant.file, mutant.before, mutant.after) in explained


def _report(mutants: Sequence[Mutant], explained: Mapping[tuple[str, str, str], str], seconds: float) -> str:
    """Return the table by wing, and the survivors."""
    lines = [
        "| folder | mutants | killed | of these by time | explained | survivors | share killed |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    real = [m for m in mutants if not m.is_control]
    for wing in (*WINGS, ""):
        here = [m for m in real if m.file.startswith(f"perfgate/{wing}")]
        known = sum(is_explained(m, explained) for m in here)
        ends = Counter(m.end for m in here)
        killed = ends[KILLED] + ends[TIMED_OUT]
        if here:
            lines.append(
                f"| {wing or 'all'} | {len(here)} | {killed} | {ends[TIMED_OUT]} | {known} | {ends[SURVIVED] - known} "
                f"| {100 * killed / len(here):.1f} % |"
            )
    controls = [m for m in mutants if m.is_control]
    failed = [m for m in controls if m.end != SURVIVED]
    lines.append(f"\n{len(failed)} of {len(controls)} controls without a fault failed; {seconds:.0f} s.")
    lines += [f"  {m.killer}" for m in failed]
    for title, is_known in (("Explained", True), ("Survivors", False)):
        chosen = [m for m in real if m.end == SURVIVED and is_explained(m, explained) is is_known]
        if chosen:
            lines += [f"\n{title}:", *map(str, chosen)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
