"""Record the noise of a machine: one session of several loads, each against itself and against 5 and 10 % more work.

python tests/noise/collect.py [--out outputs/noise] [--target-ms 80] [--runs 10] [--pause 5] [--seed N] [--loads A,B]

Each load is calibrated once. A block has one run of each load and arm in random order, never two runs of one load
one after the other; blocks lie some seconds apart. A run becomes a run summary below OUT/SESSION/runs, and
OUT/SESSION/session.json says how the session was made, and on what kind of machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # this tree's perfgate, installed or not

from loads import LOADS  # noqa: E402 - the folder of this script
from machine_facts import describe_machine, read_state  # noqa: E402 - it imports perfgate

from perfgate.measure import measure_run_context  # noqa: E402 - from this checkout
from perfgate.measure.summary import format_utc  # noqa: E402 - from this checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Load = Callable[[int], int]

SCHEMA = "perfgate/noise-session/1"
ARMS = {"a": Fraction(1), "b": Fraction(1), "plus5": Fraction(105, 100), "plus10": Fraction(110, 100)}
"""How much of the calibrated work each arm does: `a` and `b` are the same."""
STEP = 20
"""Units come in multiples of it, so that 5 % and 10 % more are whole numbers."""
CALIBRATED, TRIES = 16, 15
"""Calibration takes the fastest of so many tries, each at least the target time divided by the first number."""
MOST_UNITS = 20_000_000
MOST_RUNS = 1_000


def calibrate(load: Load, target: float) -> int:
    """Return how many units take the target time on this machine now, a multiple of `STEP`.

    Args:
        load: what does units of work.
        target: seconds that a run takes at least.
    """
    units = STEP
    while units < MOST_UNITS and min(_time(load, units) for _ in range(3)) < target / CALIBRATED:
        units *= 2
    # The fastest of many short tries: where other work takes the processor, few of the long ones are left alone.
    fastest = min(_time(load, units) for _ in range(TRIES))
    steps = -(-int(target / max(fastest, 1e-9) * units) // STEP)
    return STEP * min(max(steps, 1), MOST_UNITS // STEP)


def _time(load: Load, units: int) -> float:
    begin = time.perf_counter()
    load(units)
    return time.perf_counter() - begin


def count_units(base: int, arm: str) -> int:
    """Return how many units an arm does: exactly its share of the calibrated ones."""
    share = base * ARMS[arm]
    if share.denominator != 1:
        raise ValueError(f"{base} units have no exact share for the arm {arm}")
    return int(share)


def order_block(draw: random.Random, names: Sequence[str], last: str = "") -> list[tuple[str, str]]:
    """Return one run of each load and arm in random order, no load twice in a row.

    Args:
        draw: source of the order.
        names: the loads, two at least.
        last: the load that ran before the block.
    """
    while True:
        left = {name: draw.sample(list(ARMS), len(ARMS)) for name in names}
        order, before = [], last
        while choices := [name for name, arms in left.items() for _ in arms if name != before]:
            before = draw.choice(choices)
            order.append((before, left[before].pop()))
        if len(order) == len(names) * len(ARMS):
            return order


def record_session(
    loads: Mapping[str, Load], out: Path, *, runs: int, target: float, pause: float, seed: int
) -> dict[str, Any]:
    """Calibrate, measure and write all runs of a session; return what `session.json` holds.

    Args:
        loads: what is measured, by name.
        out: the folder of the sessions.
        runs: blocks, each of which has one run of each load and arm.
        target: seconds that a run takes at least.
        pause: seconds between two blocks.
        seed: of the order.
    """
    began = time.time_ns()
    session = f"noise-{format_utc(began)[:19].replace('-', '').replace(':', '')}Z-{os.urandom(4).hex()}"
    os.environ["PERFGATE_SESSION"] = session  # before the session is asked for
    units = {name: calibrate(load, target) for name, load in loads.items()}
    draw, order = random.Random(seed), []
    for block in range(runs):
        if block:
            time.sleep(pause)
        for name, arm in order_block(draw, tuple(loads), order[-1][0] if order else ""):
            _measure(loads[name], out / session / "runs", session, (name, arm, len(order), block), units[name])
            order.append((name, arm))
    about = {
        "schema": SCHEMA,
        "session": session,
        "started_at": format_utc(began),
        "seed": seed,
        "runs": runs,
        "target_sec": target,
        "pause_sec": pause,
        "units": units,
        "order": [f"{name}:{arm}" for name, arm in order],
        "machine": describe_machine(),
    }
    (out / session / "session.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return about


def _measure(load: Load, out: Path, session: str, place: tuple[str, str, int, int], base: int) -> None:
    """Measure one run and write its summary."""
    name, arm, index, block = place
    units, state = count_units(base, arm), read_state()
    with measure_run_context(
        f"{session}-{index:05d}", benchmark=f"noise.{name}", labels={"arm": arm}, out=out, enabled=True, write=True
    ) as run:
        done = load(units)
        for metric, value in {"units": units, "base_units": base, "index": index, "block": block}.items():
            run.record(metric, value)
        for metric, (amount, unit) in state.items():
            run.record(metric, amount, unit)
    if done != units:
        raise SystemExit(f"the load {name} did {done} units in place of {units}")


def main(words: Sequence[str] | None = None) -> int:
    """Record one session."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("outputs/noise"))
    parser.add_argument("--target-ms", type=float, default=80.0, help="least time of a run (default: 80)")
    parser.add_argument("--runs", type=int, default=10, help="runs of each load and arm (default: 10)")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds between two blocks (default: 5)")
    parser.add_argument("--seed", type=int, help="of the order (default: a random one, which is noted)")
    parser.add_argument("--loads", default=",".join(LOADS), help="default: all")
    options = parser.parse_args(words)
    names = tuple(dict.fromkeys(options.loads.split(",")))
    if unknown := [name for name in names if name not in LOADS]:
        parser.error(f"unknown load {unknown[0]!a}; there are {', '.join(LOADS)}")
    if len(names) < 2:
        parser.error("name two loads at least: runs of one load never follow each other")
    if not 1 <= options.runs <= MOST_RUNS:
        parser.error(f"--runs must be 1 to {MOST_RUNS}")
    if not (0 < options.target_ms <= 60_000 and 0 <= options.pause <= 3_600):
        parser.error("--target-ms must be above 0 and at most 60000, --pause 0 to 3600")
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    options.out.mkdir(parents=True, exist_ok=True)
    # On the disk of the output: temporary files may lie in memory, where writing through costs nothing.
    with tempfile.TemporaryDirectory(dir=options.out, ignore_cleanup_errors=True) as folder:
        about = record_session(
            {name: LOADS[name](Path(folder)) for name in names}, options.out,
            runs=options.runs, target=options.target_ms / 1e3, pause=options.pause, seed=seed,
        )  # fmt: skip
    print(f"{about['session']}: {len(about['order'])} runs of {len(names)} loads, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
