"""The HTML report of five thousand values beside that of twenty: bytes, CPU to make it, time to load and to use it.

Run it by hand: `python tests/benchmarks/bench_html.py`. It needs Chromium.
"""

from __future__ import annotations

import gzip
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "builders"), str(ROOT)]

from browser import Browser  # noqa: E402 - the path has to be set before
from situations import many  # noqa: E402 - see above

from perfgate.render import render  # noqa: E402 - see above
from perfgate.report.compose import compose  # noqa: E402 - see above

REPEAT = 9
CASES = {20: (10, 5), 5_000: (2_500, 62)}
"""Values -> benchmarks, each with a median and a tail, and how many of them got worse."""
LOADED = "(e => e.loadEventEnd - e.startTime)(performance.getEntriesByType('navigation')[0])"
PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
TIMED = (
    "(() => {{ const start = performance.now(); {}; document.body.offsetHeight; return performance.now() - start }})()"
)
USES = {
    "filter": "document.getElementById('words').value = 'parser'; document.getElementById('filter').oninput()",
    "sort": "document.querySelector('[data-key=change] button').click()",
}


def main() -> None:
    """Print sizes and ratios."""
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        paths = {}
        for values, (benchmarks, slow) in CASES.items():
            document = compose(many(benchmarks, slow))
            begin = time.process_time()
            page = render(document, "html").encode()
            cost = time.process_time() - begin
            paths[values] = Path(folder, f"{values}.html")
            paths[values].write_bytes(page)
            squeezed = len(gzip.compress(page))
            print(f"{values:,} values: {len(page):,} bytes, {squeezed:,} gzip, made in {cost * 1e3:.0f} ms CPU")
        times: dict[tuple[str, int], list[float]] = {}
        for _ in range(REPEAT):
            for values, path in paths.items():  # alternating, so that the load of the machine hits both
                browser.open(path)
                times.setdefault(("painted", values), []).append(browser.run(PAINTED))
                times.setdefault(("loaded", values), []).append(browser.run(LOADED))
                for name, script in USES.items():
                    times.setdefault((name, values), []).append(browser.run(TIMED.format(script)))
    for what in ("loaded", "painted", *USES):
        small, large = (statistics.median(times[what, values]) for values in CASES)
        print(f"{what:8} {small:7.1f} ms, {large:7.1f} ms: {large / small:.1f} times")
    print("goal: 5,000 values load in at most 6 times the time of 20")


if __name__ == "__main__":
    main()
