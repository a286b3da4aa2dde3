"""Rows of large logs as parts: in the memory of this process, or in a folder."""

import csv
import io
import itertools
import json
import random

import pytest

duckdb = pytest.importorskip("duckdb", reason="the extra `scale` is not installed")
fsspec = pytest.importorskip("fsspec", reason="the extra `scale` is not installed")

from perfgate.formats.options import ForeignOptions  # noqa: E402 - without the extra there is nothing to import
from perfgate.pipeline.scale.collect import Asked, collect_parts  # noqa: E402 - see above

CONFIG = """
[[map]]
name = "calls"
files = ["*"]
benchmark = "{route}"
labels = ["region"]
ok = "ok"
time = "at"
values = [{ value = "v", unit = "s", better = "lower", metric = "latency" }]
"""
ASKED = (0.5, 0.9, 0.95, 0.99)


def rows_of(seed, count):
    """Return rows of groups of very different sizes: with ties, single values, failed rows and rows without a value."""
    draw = random.Random(seed)
    routes = ["/a", "/b'; DROP TABLE x; --", '/c "quoted"', "/d\u00e9", "/one"]
    weights = [draw.random() ** 3 + 0.001 for _ in routes]
    found = []
    for _ in range(count):
        route = draw.choices(routes, weights)[0]
        value = draw.choice([draw.lognormvariate(-3, 1.5), round(draw.lognormvariate(-3, 0.3), 3), 0.25])
        row = {"route": route, "region": draw.choice(["eu", "us", None]), "ok": draw.random() > 0.03, "v": value}
        row["at"] = f"2026-11-{draw.randint(27, 29)}T{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:10Z"
        if draw.random() < 0.01:
            row["v"] = None
        found.append(row)
    return found


def content_of(rows, form):
    """Return a file of rows as bytes."""
    if form == "jsonl":
        return "".join(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n" for row in rows).encode()
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["route", "region", "ok", "v", "at"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def write_parquet(rows, path):
    """Write rows as a file of Parquet on disk."""
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'")
        base.execute('CREATE TABLE r (route VARCHAR, region VARCHAR, ok BOOLEAN, v DOUBLE, "at" TIMESTAMPTZ)')
        columns = [[row[name] for row in rows] for name in ("route", "region", "ok", "v", "at")]
        if rows:
            base.execute(
                "INSERT INTO r SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), "
                "unnest(?::DOUBLE[]), unnest(?::TIMESTAMPTZ[])",
                columns,
            )
        quoted = str(path).replace("'", "''")
        base.execute(f"COPY r TO '{quoted}' (FORMAT parquet)")


def write_parts(rows, cuts, form, folder):
    """Write rows as parts that end at some cuts; return their folder."""
    folder.mkdir(parents=True)
    edges = [0, *sorted(cuts), len(rows)]
    for i, (start, end) in enumerate(itertools.pairwise(edges)):
        path = folder / f"part-{i:03}.{form}"
        if form == "parquet":
            write_parquet(rows[start:end], path)
        else:
            path.write_bytes(content_of(rows[start:end], form))
    return folder


def in_memory(name, contents):
    """Put files into the memory of this process; return the address of their folder."""
    files = fsspec.filesystem("memory")
    for path, content in contents.items():
        files.pipe(f"/{name}/{path}", content)
    return f"memory://{name}"


def exact(rows, *, by_day):
    """Return by benchmark and day what quantile_disc says of the good rows, and counts good, failed and all rows."""
    with duckdb.connect() as base:
        base.execute("CREATE TABLE r (name VARCHAR, day VARCHAR, ok BOOLEAN, v DOUBLE)")
        names = [r["route"] + (f"[region={r['region']}]" if r["region"] else "") for r in rows]
        days = [r["at"][:10] if by_day else "" for r in rows]
        base.execute(
            "INSERT INTO r SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), "
            "unnest(?::DOUBLE[])",
            [names, days, [r["ok"] for r in rows], [r["v"] for r in rows]],
        )
        quantiles = ", ".join(map(str, ASKED))
        found = base.execute(
            f"SELECT name, day, quantile_disc(v, [{quantiles}]) FILTER (ok), count(v) FILTER (ok), "
            "count(*) FILTER (NOT ok), count(*) FROM r GROUP BY ALL"
        ).fetchall()
    return {(name, day): rest for name, day, *rest in found}


def collect(*paths, by_day=False, **options):
    """Return what the local engine makes of parts, by the configuration of the working folder."""
    asked = Asked(engine="local", by_day=by_day)
    return collect_parts(paths, asked, config=None, machine_class="", foreign=ForeignOptions(**options))
