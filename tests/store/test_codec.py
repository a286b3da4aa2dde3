"""Baselines as bytes: a round trip loses nothing but digits, and what disagrees with itself is refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from records import a_profile, refused

from perfgate.core.metrics import ELAPSED, PEAK_MEMORY
from perfgate.core.profile import MetricProfile, Profile, Provenance, Sample, Session
from perfgate.core.text.canonical import short_hash
from perfgate.store.codec import (
    decode_baseline,
    decode_profiles,
    encode_baseline,
    encode_profiles,
    file_name,
    known_runs,
    version_of,
)
from perfgate.store.stated import round_values

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
VALUES = st.lists(st.floats(0, 1e12), min_size=1, max_size=4)
LABELS = st.dictionaries(TEXT, TEXT, max_size=2).map(lambda d: tuple(sorted(d.items())))


@st.composite
def profiles(draw) -> Profile:
    """Return any profile that a collection may give."""
    ids = draw(st.lists(TEXT, min_size=1, max_size=3, unique=True))
    metrics = draw(st.sampled_from([(ELAPSED,), (ELAPSED, PEAK_MEMORY)]))
    return Profile(
        benchmark=draw(NAME), labels=draw(LABELS), machine_class=draw(NAME), environment=draw(LABELS),
        sessions=tuple(
            Session(
                id=i, started_at=draw(TEXT), machine=draw(TEXT), commit=draw(TEXT),
                rows_used=tuple(draw(st.lists(st.integers(0, 2**53), max_size=2))), runs=(short_hash(i),),
                cpu_model=draw(TEXT), failed=draw(st.integers(0, 2**53)),
            )
            for i in ids
        ),
        metrics=tuple(
            MetricProfile(
                metric=m, sources=tuple(draw(st.lists(TEXT, max_size=1))),
                samples=tuple(Sample(session=i, values=tuple(draw(VALUES))) for i in ids),
            )
            for m in metrics
        ),
        provenance=draw(st.none() | st.builds(Provenance, commit=TEXT, date=TEXT, tool=TEXT, reason=TEXT)),
    )  # fmt: skip


def round_metric(profile: Profile, **changes) -> Profile:
    """Return the profile with its values as a file keeps them."""
    fields = {f: getattr(profile, f) for f in Profile.__slots__}
    metrics = tuple(
        MetricProfile(
            metric=m.metric, sources=m.sources,
            samples=tuple(Sample(session=s.session, values=round_values(s.values)) for s in m.samples),
        )
        for m in profile.metrics
    )  # fmt: skip
    return Profile(**{**fields, "metrics": metrics, **changes})


@LAWS
@given(profiles())
def test_a_round_trip_loses_nothing_but_digits(profile):
    content = encode_baseline(profile)
    decoded, is_present = decode_baseline(content, "b.json")
    assert decoded == round_metric(profile)
    assert is_present
    assert encode_baseline(decoded) == content


@LAWS
@given(st.lists(profiles(), min_size=1, max_size=2))
def test_a_profile_file_makes_the_same_round_trip_without_provenance(several):
    content = encode_profiles(tuple(several))
    decoded = decode_profiles(content, "p.json")
    assert decoded == tuple(round_metric(p, provenance=None) for p in several)
    assert encode_profiles(decoded) == content


def test_a_file_holds_one_line_for_each_session():
    lines = encode_baseline(a_profile({"s1": (0.1, 0.25), "s/2": (3.0,)}, labels=(("a", "1"),))).decode().splitlines()
    assert '  "labels": {"a": "1"},' in lines
    assert '        "s1": [0.1, 0.25],' in lines
    assert '        "s/2": [3]' in lines
    assert sum(line.startswith('    "s1": {"started_at": ') for line in lines) == 1
    assert lines[0] == "{"
    assert lines[-1] == "}"
    assert encode_baseline(a_profile()).endswith(b"}\n")


def test_a_session_without_a_known_processor_or_failed_runs_says_nothing_of_them():
    content = encode_baseline(a_profile())
    assert b"cpu_model" not in content
    assert b"failed" not in content


def test_a_profile_file_is_laid_out_in_the_same_way():
    lines = encode_profiles((a_profile(), a_profile(benchmark="b"))).decode().splitlines()
    assert '            "s1": [0.1, 0.2],' in lines


COUNTED = a_profile({"s1": (0.1, 0.2), "s2": (0.04,)})
COUNTED = replace(
    COUNTED,
    metrics=(
        replace(
            COUNTED.metrics[0],
            samples=(
                Sample(session="s1", values=(0.1, 0.2), stands_for=5),
                Sample(session="s2", values=(1 / 3,), stands_for=3, hits=1),
            ),
        ),
    ),
)


def test_what_values_stand_for_stays_with_them():
    decoded, _ = decode_baseline(encode_baseline(COUNTED), "b.json")
    assert [(s.stands_for, s.hits) for s in decoded.metrics[0].samples] == [(5, None), (3, 1)]
    assert encode_baseline(decoded) == encode_baseline(COUNTED)


@pytest.mark.parametrize(
    ("key", "counts", "place"),
    [
        pytest.param("stands_for", {"s1": 2, "s2": 3}, "stands_for/s1", id="for-no-more"),
        pytest.param("stands_for", {"s1": 5, "s2": 3, "x": 9}, "stands_for/x", id="for-no-values"),
        pytest.param("hits", {"s2": 2}, "hits/s2", id="another-share"),
        pytest.param("hits", {"s2": 4}, "hits/s2", id="more-than-all"),
        pytest.param("hits", {"s1": 1, "s2": 1}, "hits/s1", id="of-several-values"),
        pytest.param("hits", {"s2": 1, "x": 1}, "hits/x", id="of-no-values"),
        pytest.param("n", 9, "n", id="sum"),
    ],
)
def test_counts_that_contradict_the_values_are_refused(key, counts, place):
    document = json.loads(encode_baseline(COUNTED))
    document["metrics"]["elapsed"][key] = counts
    (fault,) = refused(decode_baseline, json.dumps(document).encode(), "b.json")
    assert (fault.slug, fault.place) == ("baseline-inconsistent", f"b.json: /metrics/elapsed/{place}")


def test_a_share_of_no_calls_is_refused():
    document = json.loads(encode_baseline(COUNTED))
    elapsed_ = document["metrics"]["elapsed"]
    elapsed_ |= {"hits": {"s2": 0}, "stands_for": {"s1": 5}, "n": 6}
    (fault,) = refused(decode_baseline, json.dumps(document).encode(), "b.json")
    assert (fault.slug, fault.place) == ("baseline-inconsistent", "b.json: /metrics/elapsed/hits/s2")


def changed(**changes) -> bytes:
    """Return a baseline's bytes with some of its keys changed; None deletes one."""
    document = {**json.loads(encode_baseline(a_profile())), **changes}
    return json.dumps({k: v for k, v in document.items() if v is not None}).encode()


def elapsed(**changes) -> dict:
    return {"elapsed": {**json.loads(encode_baseline(a_profile()))["metrics"]["elapsed"], **changes}}


@pytest.mark.parametrize(
    ("content", "slug", "place", "message"),
    [
        pytest.param(b"", "baseline-invalid", "", "is empty", id="empty"),
        pytest.param(b"{", "baseline-invalid", "", "not JSON", id="cut-off"),
        pytest.param(b"<<<<<<< HEAD\n{}", "baseline-invalid", "", "not JSON", id="merge-marks"),
        pytest.param(b'"\xff"', "baseline-invalid", "", "not JSON", id="not-utf-8"),
        pytest.param(b"[" * 100_000, "baseline-invalid", "", "not JSON", id="deep"),
        pytest.param(b"[]", "baseline-invalid", "", "not a JSON object", id="a-list"),
        pytest.param(b"{}", "baseline-version", "", 'the key "schema" is missing', id="no-schema"),
        pytest.param(changed(schema=7), "baseline-version", "", "is missing", id="a-schema-that-is-no-text"),
        pytest.param(changed(schema="x/9"), "baseline-version", "", 'unknown schema "x/9"', id="another-schema"),
        pytest.param(changed(labels=None), "baseline-invalid", "", 'the key "labels" is missing', id="missing-key"),
        pytest.param(changed(extra=1), "baseline-invalid", ": /extra", "unknown key", id="unknown-key"),
        pytest.param(
            changed(metrics=elapsed(unit="")), "baseline-invalid", ": /metrics/elapsed/unit", "empty", id="no-unit"
        ),
        pytest.param(
            changed(metrics=elapsed(p50=0.21)), "baseline-inconsistent", ": /metrics/elapsed/p50", "", id="p50"
        ),
        pytest.param(changed(metrics=elapsed(n=4)), "baseline-inconsistent", ": /metrics/elapsed/n", "", id="n"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_refused_with_place_and_cure(content, slug, place, message):
    (fault,) = refused(decode_baseline, content, "b.json")
    assert (fault.slug, fault.place) == (slug, f"b.json{place}")
    assert message in fault.message
    assert "perfgate" in fault.hint


def test_every_disagreement_of_a_file_with_itself_is_told():
    document = json.loads(encode_baseline(a_profile()))
    document["sessions"]["s3"] = document["sessions"].pop("s1")
    faults = refused(decode_baseline, json.dumps(document).encode(), "b.json")
    assert [f.place for f in faults] == ["b.json: /metrics/elapsed/values/s1", "b.json: /sessions/s3"]


def test_a_whole_number_may_have_a_point():
    document = json.loads(encode_baseline(a_profile()))
    document["sessions"]["s1"]["rows_used"] = [100.0]
    document["metrics"]["elapsed"]["n"] = 3.0
    decoded, _ = decode_baseline(json.dumps(document).encode(), "b.json")
    assert encode_baseline(decoded) == encode_baseline(a_profile())


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param(b"{", "p.json", id="cut-off"),
        pytest.param(b'{"schema": "perfgate/profile/1", "profiles": []}', "p.json: /profiles", id="nothing-in-it"),
        pytest.param(b'{"schema": "perfgate/profile/1", "profiles": 1e999}', "p.json", id="beyond-doubles"),
    ],
)
def test_a_faulty_profile_file_is_refused(content, place):
    (fault,) = refused(decode_profiles, content, "p.json")
    assert (fault.slug, fault.place) == ("baseline-invalid", place)


FLAT = {
    "schema": "perfgate/baseline/0", "benchmark": "train", "machine_class": "ci", "rows_used": 7,
    "labels": {"b": "2", "a": "1"}, "metrics": {"x": {"unit": "s", "values": [2, 1], "better": "higher"}},
}  # fmt: skip


def test_the_flat_layout_is_read_as_one_session_without_a_name():
    profile, is_present = decode_baseline(json.dumps(FLAT).encode(), "b.json")
    (session,) = profile.sessions
    assert not is_present
    assert (profile.key, profile.machine_class) == (("train", (("a", "1"), ("b", "2"))), "ci")
    assert (session.is_named, session.rows_used, session.runs) == (False, (7,), ())
    assert profile.metric("x").samples == (Sample(session=session.id, values=(2.0, 1.0)),)
    assert profile.metric("x").metric.better == "higher"
    again, is_present = decode_baseline(encode_baseline(profile), "b.json")
    assert (again, is_present) == (profile, True)


def test_a_faulty_flat_layout_is_refused():
    (fault,) = refused(decode_baseline, json.dumps({**FLAT, "metrics": {}}).encode(), "b.json")
    assert (fault.slug, fault.place) == ("baseline-invalid", "b.json")


@pytest.mark.parametrize(
    ("content", "version"),
    [(b'{"schema": "x"}', "x"), (b'{"schema": 1}', ""), (b"[]", ""), (b"{", ""), (b"\xff", ""), (b"[" * 10**5, "")],
    ids=range(6),
)
def test_the_schema_of_a_document_is_told_or_is_empty(content, version):
    assert version_of(content) == version


def test_names_and_labels_make_different_files_however_alike_they_read():
    names = [file_name("a b", ()), file_name("A b", ()), file_name("a-b", ()), file_name("a b", (("x", "1"),))]
    assert len(set(names)) == 4
    assert all(n.startswith("a-b-") and n.endswith(".json") for n in names)
    assert file_name("…", ()).startswith("benchmark-")
    assert len(file_name("x" * 500, ())) < 80
    assert file_name("a\ud800", ()).startswith("a-")


def test_the_runs_of_baselines_are_known_by_benchmark_over_all_classes():
    one, two = a_profile({"s1": (1.0,)}), a_profile({"s2": (1.0,)}, machine_class="laptop")
    other = a_profile({"s3": (1.0,)}, benchmark="serve")
    known = known_runs((one, two, other))
    assert known == known_runs({1: one, 2: two, 3: other})
    assert known["train", ()] == {short_hash("s1-0"), short_hash("s2-0")}
    assert known["serve", ()] == {short_hash("s3-0")}


@pytest.mark.parametrize(
    ("encode", "decode"),
    [(encode_baseline, decode_baseline), (lambda p: encode_profiles([p]), decode_profiles)],
    ids=["baseline", "profiles"],
)
@pytest.mark.parametrize("key", ["benchmark", "n", "unit"])
def test_a_key_that_stands_twice_is_refused(encode, decode, key):
    text = encode(a_profile()).decode()
    begin = text.index(f'"{key}":')
    end = text.index(",", begin) + 1
    (fault,) = refused(decode, (text[:end] + text[begin:end] + text[end:]).encode(), "b.json")
    assert (fault.slug, fault.message) == ("baseline-invalid", f'the key "{key}" stands twice')


def test_a_zero_has_no_sign():
    assert [math.copysign(1.0, v) for v in round_values((-0.0, 0.0, -1e-320, -5.0))] == [1.0, 1.0, -1.0, -1.0]
