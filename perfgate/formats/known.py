"""The formats that perfgate knows: one row each, the surest first."""

from __future__ import annotations

from perfgate.formats.table import Format

FORMATS: tuple[Format, ...] = (
    Format(
        name="pytest-benchmark",
        tool="pytest-benchmark",
        keys=("machine_info", "benchmarks[]"),
        reader="pytest_benchmark",
        gives="raw samples (means over the calls of a round)",
        cure="pytest --benchmark-json=bench.json",
    ),
    Format(
        name="hyperfine",
        tool="hyperfine",
        keys=("results[].command", "results[].times|results[].mean"),
        reader="hyperfine",
        gives="raw samples (single runs of the command)",
        cure="hyperfine --export-json bench.json CMD",
    ),
)
"""In the order in which they are tried."""

UNREAD: tuple[Format, ...] = (
    Format(
        name="hyperfine-csv",
        tool="hyperfine --export-csv",
        pattern=r"\Acommand,mean,stddev,median,user,system,min,max",
        cure="it holds no samples: hyperfine --export-json bench.json CMD",
    ),
)
"""Files that people give by mistake, each with what to give in place of it."""
