"""The fast decoders and the published schemas are one contract: they accept and refuse the same documents."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from drift_cases import all_kinds, summary_of
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import LAWS
from ledger_cases import a_record
from records import a_profile, summary

from perfgate import schema
from perfgate.core.errors import CannotDecideError
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.schema.baseline_types import StoredBaseline, StoredProfiles
from perfgate.schema.config_types import ConfigFile
from perfgate.schema.drift_types import StoredReference
from perfgate.schema.history_types import StoredHeader, StoredRow
from perfgate.store.codec import encode_baseline, encode_profiles
from perfgate.store.drift.reference import encode
from perfgate.store.history.record import encode as encode_record

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = settings(LAWS, max_examples=60)
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
WORD = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
AMOUNT = st.floats(0, 1e12) | st.integers(0, 10**12)
NUMBER = st.floats(-1e12, 1e12) | st.integers(-(10**12), 10**12)
INSTANT = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
COUNT = st.integers(0, 2**53)
STRINGS = st.dictionaries(TEXT, TEXT, max_size=3)
JUNK = (
    None, True, False, -1, 0, 1, 7, 1.0, 1.5, -0.5, 2**53, 2**53 + 1, 10**30, 1e300, "", "x", "a\n", "fail", "rate",
    "perfgate/run/1", "0123456789ab", "0123456789ab\n", "p95", "+5%", [], {}, [1], ["x"], [""], [[]], {"a": 1},
    {"a": "b"}, {"time": "+1ms"}, {"": {"value": 1}},
)  # fmt: skip


def optional(required: dict[str, Any], more: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return documents that hold all of the one and some of the other keys."""
    return st.fixed_dictionaries(required, optional=more)


RUNS = optional(
    {"run_id": WORD, "elapsed_sec": AMOUNT, "rows_used": COUNT, "peak_memory_mb": AMOUNT},
    {
        "schema": st.just("perfgate/run/1"), "benchmark": WORD | st.none(), "labels": STRINGS,
        "status": st.sampled_from(["ok", "failed"]), "started_at": INSTANT | st.none(), "session": TEXT | st.none(),
        "elapsed_ns": COUNT | st.none(), "peak_memory_bytes": COUNT | st.none(), "memory_source": TEXT | st.none(),
        "shard": st.from_regex(r"[1-9][0-9]{0,3}/[1-9][0-9]{0,3}", fullmatch=True) | st.none(),
        "cpu_sec": AMOUNT | st.none(), "environment": STRINGS, "commit": TEXT | st.none(), "command": TEXT | st.none(),
        "metrics": st.dictionaries(
            WORD,
            optional({"value": NUMBER}, {"unit": TEXT, "better": st.sampled_from(["lower", "higher"]), "note": TEXT}),
            max_size=2,
        ),
        "stages": st.dictionaries(
            WORD, optional({"calls": COUNT, "total_ns": COUNT}, {"own_ns": COUNT, "note": TEXT}), max_size=2
        ),
        "traces": optional(
            {"count": st.integers(9, 2**53)},
            {"deadline_misses": st.integers(0, 9), "deadline_ms": st.floats(1e-9, 1e12), "unfinished": COUNT,
             "dropped_spans": COUNT, "spans": COUNT | st.none(), "overhead": st.floats(0, 1) | st.none()},
        ),
        "profile": st.none() | optional(
            {"fingerprint": WORD},
            {
                "function_calls": COUNT | st.none(),
                "skipped": COUNT,
                "functions": st.lists(
                    optional(
                        {"function": WORD, "file": WORD, "calls": COUNT, "own_ns": COUNT, "cumulative_ns": COUNT},
                        {"line": COUNT, "note": TEXT},
                    ),
                    max_size=2,
                ),
            },
        ),
    },
)  # fmt: skip
METRIC = optional(
    {
        "unit": WORD, "better": st.sampled_from(["lower", "higher"]), "n": st.integers(1, 9), "p50": NUMBER,
        "p95": NUMBER, "p99": NUMBER,
        "values": st.dictionaries(TEXT, st.lists(NUMBER, min_size=1, max_size=3), min_size=1, max_size=2),
    },
    {"source": st.lists(TEXT, max_size=2)},
)  # fmt: skip
SESSION = optional(
    {
        "started_at": TEXT, "machine": TEXT, "commit": TEXT, "rows_used": st.lists(COUNT, max_size=2),
        "runs": st.lists(st.text("0123456789abcdef", min_size=12, max_size=12), max_size=2),
    },
    {},
)  # fmt: skip
PROFILE: dict[str, Any] = {
    "benchmark": WORD, "labels": STRINGS, "machine_class": WORD,
    "metrics": st.dictionaries(TEXT, METRIC, min_size=1, max_size=2),
    "sessions": st.dictionaries(TEXT, SESSION, min_size=1, max_size=2),
}  # fmt: skip
PROVENANCE = optional({"commit": TEXT, "date": TEXT, "tool": TEXT, "reason": TEXT}, {})
BASELINES = optional(
    {"schema": st.just("perfgate/baseline/1"), **PROFILE}, {"environment": STRINGS, "provenance": PROVENANCE}
)
SHARD = optional(
    {
        "index": st.integers(1, 9999), "total": st.integers(1, 9999), "commit": WORD,
        "rules": st.text("0123456789abcdef", min_size=12, max_size=12),
    },
    {},
)  # fmt: skip
PROFILES = optional(
    {
        "schema": st.just("perfgate/profile/1"),
        "profiles": st.lists(optional(PROFILE, {"environment": STRINGS}), min_size=1, max_size=2),
    },
    {"shard": SHARD | st.none()},
)
LEVEL = st.sampled_from(["fail", "warn", "info"])
WORKLOAD = st.sampled_from(["same", "rate"])
FLOOR = TEXT | optional({}, {"time": TEXT, "bytes": TEXT, "rate": TEXT})
RULE = optional(
    {},
    {
        "benchmark": WORD, "metric": WORD, "statistic": WORD, "threshold": TEXT, "floor": FLOOR,
        "method": st.sampled_from(["auto", "threshold", "exact"]), "level": LEVEL, "workload": WORKLOAD,
    },
)  # fmt: skip
BUDGET = optional(
    {"benchmark": WORD, "metric": WORD, "statistic": st.sampled_from(["p50", "p90", "p95", "p99"]), "limit": TEXT},
    {"warn": TEXT, "level": LEVEL},
)
MAP = optional(
    {
        "name": WORD,
        "values": st.lists(
            optional(
                {"value": WORD},
                {
                    "metric": WORD, "unit": WORD, "better": st.sampled_from(["lower", "higher"]),
                    "share": st.booleans(),
                },
            ),
            min_size=1, max_size=2,
        ),
    },
    {
        "files": st.lists(WORD, max_size=2), "benchmark": WORD, "labels": st.lists(WORD, max_size=2), "ok": WORD,
        "time": WORD, "where": st.dictionaries(TEXT, TEXT | NUMBER | st.booleans(), max_size=2),
    },
)  # fmt: skip
DEFAULTS = optional(
    {},
    {
        "false_alarms": TEXT, "threshold": TEXT, "floor": FLOOR, "on_suspected": st.sampled_from(["pass", "fail"]),
        "on_improved": st.sampled_from(["pass", "fail"]), "on_too_noisy": st.sampled_from(["pass", "error"]),
        "resolution": TEXT,
        "threshold_is": st.sampled_from(["measured", "excluded"]),
        "workload": WORKLOAD,
    },
)  # fmt: skip
TRACE = optional(
    {},
    {
        "enabled": st.booleans(), "sample_rate": st.floats(0, 1), "deadline_ms": st.floats(0.1, 1e9),
        "export_golden": st.booleans(), "golden_trace_interval": st.integers(1, 10**9),
    },
)  # fmt: skip
DRIFT = optional(
    {},
    {
        "reference": WORD, "samples": st.lists(WORD, max_size=2), "cluster_field": WORD,
        "fields": st.lists(WORD, max_size=2), "level": LEVEL,
    },
)  # fmt: skip
CONFIGS = optional(
    {},
    {
        "runs": st.lists(WORD, min_size=1, max_size=2), "baselines": WORD,
        "machine_class": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]*", fullmatch=True),
        "baseline_changes": st.sampled_from(["report", "refuse", "allow"]),
        "exclude": st.lists(WORD, max_size=2), "defaults": DEFAULTS, "rule": st.lists(RULE, max_size=2),
        "budget": st.lists(BUDGET, max_size=2), "map": st.lists(MAP, max_size=2), "trace": TRACE,
        "drift": DRIFT,
    },
)  # fmt: skip
SHARE = st.floats(0, 1)
FEATURE = optional(
    {
        "kind": st.sampled_from(["number", "text", "boolean", "mixed", "time", "structure", "nothing"]),
        "count": COUNT, "missing": COUNT,
    },
    {
        "odd": COUNT, "intraclass": SHARE, "missing_intraclass": SHARE, "values": st.lists(NUMBER, max_size=2),
        "below": st.lists(COUNT, max_size=2), "at_most": st.lists(COUNT, max_size=2),
        "levels": st.dictionaries(TEXT, st.integers(1, 2**53), max_size=2), "least_rows": st.integers(1, 2**53),
        "hidden": COUNT, "hidden_rows": COUNT,
    },
)  # fmt: skip
CLUSTERS = optional({"field": WORD, "count": st.integers(1, 2**53), "mean_rows": st.floats(1, 1e12)}, {})
REFERENCES = optional(
    {
        "schema": st.just("perfgate/drift-reference/1"), "rows": st.integers(1, 2**53),
        "least_rows": st.integers(1, 2**53), "features": st.dictionaries(TEXT, FEATURE, max_size=2),
    },
    {"fields": st.lists(WORD, max_size=2), "clusters": st.none() | CLUSTERS},
)  # fmt: skip

HEADERS = optional(
    {
        "schema": st.just("perfgate/history/1"), "session": WORD,
        "started_at": st.datetimes().map(lambda at: at.isoformat()[:19] + "Z") | st.just(""),
        "machine_class": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]*", fullmatch=True), "machine": TEXT, "commit": TEXT,
        "branch": TEXT, "tool": TEXT, "rows_used": st.dictionaries(TEXT, st.lists(COUNT, max_size=2), max_size=2),
        "environment": STRINGS,
    },
    {"later": TEXT},
)  # fmt: skip
ROWS = st.tuples(
    WORD, STRINGS, WORD, TEXT, st.sampled_from(["lower", "higher"]), COUNT, AMOUNT, AMOUNT | st.none(),
    AMOUNT | st.none(), st.lists(TEXT, max_size=2),
).map(list)  # fmt: skip


def reads_run(document: Any) -> bool:
    try:
        SummaryReader().parse(json.dumps(document).encode(), "a.json", "")
    except CannotDecideError as caught:  # that two numbers agree is more than a schema can ask
        return all("contradict" in d.message for d in caught.diagnostics)
    return True


def reads_baseline(document: Any) -> bool:
    return decodes(document, StoredBaseline)


def reads_reference(document: Any) -> bool:
    return decodes(document, StoredReference)


def reads_history(document: Any) -> bool:
    return decodes(document, StoredHeader) or decodes(document, StoredRow)


def reads_profiles(document: Any) -> bool:
    return decodes(document, StoredProfiles)


def decodes(document: Any, shape: Any) -> bool:
    try:
        msgspec.json.decode(json.dumps(document).encode(), type=shape)
    except msgspec.DecodeError:
        return False
    return True


def reads_config(document: Any) -> bool:
    if any(value is None for value in values(document)):  # TOML has no null; None stands for a key that is absent
        return False
    try:
        msgspec.convert(document, ConfigFile)
    except msgspec.ValidationError:
        return False
    return True


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value of a document, its own included."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


def values(node: Any) -> Iterator[Any]:
    """Yield every value of a document, the document first."""
    yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from values(inner)


def changed(draw: Any, document: Any) -> Any:
    """Return the document with one thing deleted, added or put in another's place."""
    holder = [copy.deepcopy(document)]
    *way, last = draw(st.sampled_from([(0, *p) for p in places(document)]))
    node: Any = holder
    for key in way:
        node = node[key]
    kind, junk = draw(st.sampled_from(["replace", "delete", "add"])), copy.deepcopy(draw(st.sampled_from(JUNK)))
    if kind == "add" and isinstance(node[last], dict):
        node[last][draw(st.sampled_from(["extra", "", "schema", "value", "Unit"]))] = junk
    elif kind == "add" and isinstance(node[last], list):
        node[last].append(junk)
    elif kind == "delete" and node is not holder:
        del node[last]
    else:
        node[last] = junk
    return holder[0]


KINDS = [
    pytest.param("run", RUNS, reads_run, id="run"),
    pytest.param("history", HEADERS, reads_history, id="header-of-history"),
    pytest.param("history", ROWS, reads_history, id="row-of-history"),
    pytest.param("baseline", BASELINES, reads_baseline, id="baseline"),
    pytest.param("profile", PROFILES, reads_profiles, id="profile"),
    pytest.param("config", CONFIGS, reads_config, id="config"),
    pytest.param("drift-reference", REFERENCES, reads_reference, id="drift-reference"),
]


@pytest.mark.parametrize(("name", "documents", "reads"), KINDS)
def test_a_valid_document_is_accepted_by_the_schema_and_by_the_decoder(name, documents, reads):
    validator = jsonschema.Draft202012Validator(schema.load(name))

    @MANY
    @given(documents)
    def law(document):
        assert not list(validator.iter_errors(document))
        assert reads(document)

    law()


@pytest.mark.sampled
@pytest.mark.slow
@pytest.mark.parametrize(("name", "documents", "reads"), KINDS)
def test_a_changed_document_is_accepted_by_both_or_by_neither(name, documents, reads):
    validator = jsonschema.Draft202012Validator(schema.load(name))

    @settings(MANY, max_examples=120)
    @given(st.data())
    def law(data):
        document = data.draw(documents)
        for _ in range(data.draw(st.integers(1, 2))):
            document = changed(data.draw, document)
        assert validator.is_valid(document) == reads(document)
        if not validator.is_valid(document):
            assert schema.explain(name, document)

    law()


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize("key", sorted(schema.load("run")["properties"]))
def test_every_key_of_a_run_takes_the_same_values_from_both(key, junk):
    document = {**summary(), key: junk}
    assert (schema.explain("run", document) == []) == reads_run(document)


@pytest.mark.parametrize("name", schema.NAMES)
def test_every_published_schema_is_a_valid_schema(name):
    document = schema.load(name)
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$id"] == f"perfgate/{name}/{2 if name == 'report' else 1}"
    assert document["title"]


def test_what_is_written_obeys_the_published_schemas():
    assert schema.explain("baseline", json.loads(encode_baseline(a_profile()))) == []
    assert schema.explain("profile", json.loads(encode_profiles((a_profile(),)))) == []
    assert schema.explain("drift-reference", json.loads(encode(summary_of(all_kinds())))) == []
    record = encode_record(a_record(), recorded_at="")[1]
    assert [schema.explain("history", json.loads(line)) for line in record.splitlines()] == [[], []]
