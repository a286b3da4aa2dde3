"""Spoil every real file many times; only records or a clear error may come out.

``python tests/formats/fuzz_all.py 10000 [FORMAT…]``
"""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from mutate import feed, mutated  # noqa: E402 - the path has to be set before
from test_fuzz import FILES  # noqa: E402 - see above

from perfgate.formats.detect import named  # noqa: E402 - see above


def main() -> int:
    """Spoil the files and return how many faults were found."""
    number, chosen, faults = int(sys.argv[1]), sys.argv[2:], 0
    for name, (known, path) in sorted(FILES.items()):
        if chosen and name not in chosen:
            continue
        random, content, records, begin = Random(name), path.read_bytes(), 0, time.process_time()
        for _ in range(number):
            spoilt = mutated(random, content)
            try:
                records += feed(named(known), path, spoilt)
            except Exception:  # noqa: BLE001 - whatever gets through is what is looked for
                faults += 1
                traceback.print_exc()
        print(f"{name:24} {number:,} spoilt files, {records:,} records, {time.process_time() - begin:.0f} s")
    print(f"faults: {faults}")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
