"""Pack the sessions of the noise collector into one file of the form of tests/data/noise, and print what they show.

python tests/noise/pack.py FOLDER... -o FILE.csv.gz [--dataset NAME]

Each folder holds sessions (`session.json` and `runs/`), at any depth. The same sessions give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

SCHEMA = "perfgate/noise-session/1"
HELD_OUT_LOADS = ("hashing", "sqlite")
"""Loads that no rule is tuned on: one that needs the processor alone, and one that needs the disk."""
HELD_OUT_WEEKS = 3
"""Every so manieth ISO week is held out, of all loads."""
LARGEST_FILE = 1 << 20
"""Bytes of a session's description or of a run summary: hundreds of times what they have."""
MACHINE = (
    "os", "distro", "arch", "cpus", "cpu_model", "microcode", "kernel", "runner", "image", "ci", "hosting", "python",
    "numpy", "sqlite", "zlib",
)  # fmt: skip
COLUMNS = (
    "dataset", "benchmark", "unit", "direction", "value", "session", "index", "load", "arm", "block", "units",
    "base_units", "elapsed_ns", "cpu_sec", "load_average", "steal_sec", "frequency_hz", "started_at", "week", "part",
    *MACHINE,
)  # fmt: skip


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        SystemExit: the file is none, or too large.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise SystemExit(f"{path}: larger than {LARGEST_FILE} bytes")
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise SystemExit(f"{path}: no JSON ({error})") from None
    if not isinstance(found, dict):
        raise SystemExit(f"{path}: no JSON object")
    return found


def choose_part(load: str, week: int) -> str:
    """Return ``train`` or ``held-out``; a row keeps its part however many sessions are added.

    Args:
        load: name of the load.
        week: ISO week of the session, 1 to 53.
    """
    return "held-out" if load in HELD_OUT_LOADS or week % HELD_OUT_WEEKS == 0 else "train"


def rows_of(folder: Path, dataset: str) -> tuple[str, list[dict[str, str]]]:
    """Return when a session began, and its rows in the order of its runs.

    Raises:
        SystemExit: the session is of another version, or lacks runs.
    """
    about = read_json(folder / "session.json")
    if about.get("schema") != SCHEMA:
        raise SystemExit(f"{folder / 'session.json'}: schema {about.get('schema')!a} is unknown")
    summaries = [read_json(path) for path in sorted((folder / "runs").glob("*.json"))]
    if len(summaries) != len(about["order"]):
        raise SystemExit(f"{folder}: {len(summaries)} runs in place of {len(about['order'])}")
    day = dt.datetime.fromisoformat(about["started_at"]).isocalendar()
    common = {
        "dataset": dataset,
        "session": hashlib.sha256(about["session"].encode()).hexdigest()[:8],
        "week": f"{day.year}-W{day.week:02d}",
        **{name: about["machine"].get(name, "") for name in MACHINE},
    }
    rows = [common | _row(summary, day.week) for summary in summaries]
    return about["started_at"], sorted(rows, key=lambda row: int(row["index"]))


def _row(summary: dict[str, Any], week: int) -> dict[str, str]:
    known = {name: metric["value"] for name, metric in summary["metrics"].items()}
    load, arm = summary["benchmark"].partition(".")[2], summary["labels"]["arm"]
    return {
        "benchmark": f"{load}-{arm}",
        "unit": "s",
        "direction": "lower",
        # By the calibrated units: sessions of unequal calibration compare, and an arm with more work reads slower.
        "value": f"{summary['elapsed_ns'] / 1e9 / known['base_units']:.6g}",
        "index": f"{known['index']:.0f}",
        "load": load,
        "arm": arm,
        "block": f"{known['block']:.0f}",
        "units": f"{known['units']:.0f}",
        "base_units": f"{known['base_units']:.0f}",
        "elapsed_ns": str(summary["elapsed_ns"]),
        "cpu_sec": f"{summary['cpu_sec']:.6g}" if summary.get("cpu_sec") is not None else "",
        "load_average": f"{known['load_average']:.6g}" if "load_average" in known else "",
        "steal_sec": f"{known['steal']:.10g}" if "steal" in known else "",
        "frequency_hz": f"{known['frequency']:.6g}" if "frequency" in known else "",
        "started_at": summary["started_at"][:19] + "Z",
        "part": choose_part(load, week),
    }


def pack(folders: list[Path], dataset: str) -> tuple[bytes, list[dict[str, str]]]:
    """Return the gzipped CSV of all sessions below some folders, and its rows.

    Raises:
        SystemExit: there is no session, or one of them is broken or there twice.
    """
    places = sorted({path.parent for folder in folders for path in folder.rglob("session.json")})
    if not places:
        raise SystemExit("no session.json below the given folders")
    by_session: dict[str, tuple[str, list[dict[str, str]]]] = {}
    for place in places:
        began, found = rows_of(place, dataset)
        if found[0]["session"] in by_session:
            raise SystemExit(f"{place}: the session is there twice")
        by_session[found[0]["session"]] = began, found
    rows = [
        row for _, (_, found) in sorted(by_session.items(), key=lambda pair: (pair[1][0], pair[0])) for row in found
    ]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return gzip.compress(text.getvalue().encode(), mtime=0), rows


def describe(rows: list[dict[str, str]]) -> list[str]:
    """Return lines on each kind of machine and load: spreads, and the arms against `a`, in percent."""
    by: dict[tuple[str, ...], dict[str, dict[str, list[float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for row in rows:
        kind = "-".join(filter(None, (row["os"], row["distro"], row["arch"], f"{row['cpus']}cpu")))
        by[kind, row["load"]][row["session"]][row["arm"]].append(float(row["value"]))
    lines = [f"{'machine':28} {'load':11} sessions  within between    b  plus5 plus10  (%)"]
    for (kind, load), sessions in sorted(by.items()):
        middles = [{arm: statistics.median(values) for arm, values in arms.items()} for arms in sessions.values()]
        within = statistics.median(_spread(values) for arms in sessions.values() for values in arms.values())
        between = _spread([middle["a"] for middle in middles])
        arms = [statistics.median(m[arm] / m["a"] - 1 for m in middles) * 100 for arm in ("b", "plus5", "plus10")]
        columns = " ".join(f"{value:+6.1f}" for value in arms)
        lines.append(f"{kind:28} {load:11} {len(sessions):8} {within * 100:7.1f} {between * 100:7.1f} {columns}")
    return lines


def _spread(values: list[float]) -> float:
    """Return the standard deviation over the mean; 0 for one value."""
    return statistics.stdev(values) / statistics.fmean(values) if len(values) > 1 else 0.0


def main() -> int:
    """Write the file and print what it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--dataset", default="hosted-noise")
    options = parser.parse_args()
    content, rows = pack(options.folders, options.dataset)
    options.output.write_bytes(content)
    print("\n".join(describe(rows)))
    print(
        f"{options.output.name}: {len(rows)} runs, {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
