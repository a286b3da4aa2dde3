"""Drawing the comment of a report of five thousand rows, as a ratio to `json.loads` of the same report.

Run it by hand: `python tests/benchmarks/bench_comment.py [ROWS]`.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "builders"), str(ROOT)]

from gate_cases import finding, verdict  # noqa: E402 - the path has to be set before
from verdicts import lawful  # noqa: E402 - see above

from perfgate.core.finding import Status  # noqa: E402 - see above
from perfgate.render.comment import comment  # noqa: E402 - see above
from perfgate.render.markdown.spans import code  # noqa: E402 - see above
from perfgate.report.codec import from_data, to_data  # noqa: E402 - see above
from perfgate.report.verdict.value import value_of  # noqa: E402 - see above

REPEAT = 7


def main() -> None:
    """Print the ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    kinds = [s for s in Status if s not in {Status.REGRESSED, Status.OVER_BUDGET}] + [Status.UNCHANGED] * 20
    found = [
        lawful(finding(
            kinds[i % len(kinds)], benchmark=f"suite.bench_{i:05}", baseline=1.0, current=1 + i / rows,
            change=i / rows, limit=0.05, limit_text="+5%", interval=(0.0, 0.1),
        ))
        for i in range(rows)
    ]  # fmt: skip
    content = json.dumps(to_data(verdict(*found)))
    read = from_data(json.loads(content), "report.json")
    costs: dict[str, list[float]] = {"json.loads": [], "comment": []}
    for _ in range(REPEAT):
        for name, call in (
            ("json.loads", lambda: json.loads(content)),
            ("comment", lambda: comment([("", read)], ident="default", run_page="")),
        ):
            code.cache_clear()
            value_of.cache_clear()
            begin = time.process_time()
            call()
            costs[name].append(time.process_time() - begin)
    medians = {name: statistics.median(c) for name, c in costs.items()}
    print(f"{rows:,} rows, a report of {len(content) / 1e6:.1f} MB")
    for name, cost in medians.items():
        print(f"{name:12} {cost * 1e3:8.1f} ms CPU")
    print(f"comment / json.loads: {medians['comment'] / medians['json.loads']:.2f} (goal 5)")


if __name__ == "__main__":
    main()
