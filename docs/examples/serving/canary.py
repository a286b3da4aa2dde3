"""Two versions of the service side by side, three times: a good canary, a slow one, and one that answered little.

``.venv/bin/python canary.py`` takes one to three minutes and needs what README.md installs, but no Prometheus. It
listens on loopback only, writes below ``build/``, and stops what it started.
"""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from run import BUILD, PERFGATE, call, free_port, load, must, require_all, serve, wait_for

STABLE_MS, SLOW_MS = "20", "60"
"""What each prediction takes longer, so that the noise of a busy machine is small beside it."""
USERS, FEW = 10, 3
ANALYSES = 6
"""As `looks` in perfgate.toml: a canary that is held is loaded and judged again."""
BUDGETS = ("--budget", "latency", "--budget", "hits", "--budget", "logging")
"""Those of a prediction log; the others are of scrapes and of the client."""
VERDICTS = ("promote", "rollback", "hold")
"""By exit code."""
CASES = (
    ("good", STABLE_MS, USERS, ANALYSES, "promote"),
    ("slow", SLOW_MS, USERS, ANALYSES, "rollback"),
    ("young", STABLE_MS, FEW, 1, "hold"),
)
"""Name of the canary, what its predictions take longer, its users, analyses at most, and what is expected."""


def judge(name: str, slow_ms: str, users: int, analyses: int) -> str:
    """Run a fresh stable version beside a canary, load both at the same time, and return the verdict."""
    stable, canary = f"canary-{name}-stable", f"canary-{name}"
    logs = [f"--{arm}=build/{of}-logs/predictions.jsonl" for arm, of in (("baseline", stable), ("canary", canary))]
    words = ["--phase", "50", "--state", f"build/{canary}-state.json", "--report", f"build/{canary}.json", *BUDGETS]
    ports = free_port(), free_port()
    verdict = "hold"
    with (
        serve(ports[0], stable, SLOW_MS=STABLE_MS, VERSION="v1"),
        serve(ports[1], canary, SLOW_MS=slow_ms, VERSION=f"v2-{name}"),
        ThreadPoolExecutor(2) as pool,
    ):
        for port in ports:
            wait_for(port, "/health")
        for _ in range(analyses):
            loads = [pool.submit(load, ports[0], stable, USERS), pool.submit(load, ports[1], canary, users)]
            for each in loads:
                each.result()
            verdict = VERDICTS[call(*PERFGATE, "canary", *logs, *words)]
            if verdict != "hold":
                break
    return verdict


def main() -> None:
    """Run the example; the exit code is 0 when each canary got the verdict that is expected."""
    require_all("canary.py")
    BUILD.mkdir(exist_ok=True)
    for old in BUILD.glob("canary-*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    must(sys.executable, "train.py")
    unexpected = []
    for name, slow_ms, users, analyses, expected in CASES:
        verdict = judge(name, slow_ms, users, analyses)
        print(f"the {name} canary: {verdict}, expected {expected}", flush=True)
        if verdict != expected:
            unexpected.append(name)
    if unexpected:
        raise SystemExit(f"not as expected: {', '.join(unexpected)}; see build/")


if __name__ == "__main__":
    main()
