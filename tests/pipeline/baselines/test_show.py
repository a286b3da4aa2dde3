"""Looking at baselines, comparing two states of them, and explaining what governs a benchmark."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from records import a_profile, commit_all, refused, summary, write_json

from perfgate.core.metrics import Metric
from perfgate.core.profile import Provenance
from perfgate.pipeline.baselines.show import compose_list, compose_moves, compose_show, diff, pick
from perfgate.pipeline.explain.explain import compose_explanation
from perfgate.report.document import Bullets, Heading, Paragraph, Table
from perfgate.store.codec import encode_baseline, file_name
from perfgate.store.refresh import Move

LOSS = Metric(name="loss", unit="1", better="lower")


def put(folder, profile):
    path = folder / profile.machine_class / file_name(*profile.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_baseline(profile))
    return path


def rows(document, index=0):
    tables = [b for b in document.blocks if isinstance(b, Table)]
    return [tuple(c.text for c in e.cells) for e in tables[index].entries]


def words(document, kind):
    lines = [line for b in document.blocks if isinstance(b, kind) for line in getattr(b, "lines", None) or (b.line,)]
    return ["".join(s.text for s in line) for line in lines]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("train", ["train", "train"]),
        ("tr*", ["train", "train"]),
        ("train[size=big]", ["train"]),
        ("*", ["serve"] + ["train"] * 2),
    ],
)
def test_a_name_a_title_and_a_glob_mean_benchmarks(asked, found):
    profiles = [a_profile(benchmark="serve"), a_profile(), a_profile(labels=(("size", "big"),))]
    assert [p.benchmark for p in pick(profiles, asked)] == found


@pytest.mark.parametrize(
    ("asked", "names", "hint"),
    [
        pytest.param("trian", ["train"], 'did you mean "train"?', id="mistyped"),
        pytest.param("xyz", ["train", "serve"], "known: serve, train", id="unknown"),
        pytest.param("xyz", [], "known: none", id="none-at-all"),
    ],
)
def test_a_benchmark_that_is_not_known_is_an_error_with_a_suggestion(asked, names, hint):
    (fault,) = refused(pick, [a_profile(benchmark=n) for n in names], asked)
    assert (fault.slug, fault.hint) == ("benchmark-unknown", hint)


def test_the_list_says_what_each_baseline_holds():
    bare = a_profile({"s1": (1.0,)}, benchmark="loss", metric=LOSS, provenance=None)
    document = compose_list([a_profile(labels=(("size", "big"),)), bare], "2026-01-11")
    assert rows(document) == [
        ("train[size=big]", "ci", "2", "3", "2026-01-01", "10 days", "200 ms"),
        ("loss", "ci", "1", "1", "–", "–", "–"),
    ]


def test_a_baseline_is_shown_with_its_provenance_and_all_values():
    provenance = Provenance(commit="c" * 40, date="2026", tool="perfgate 1", reason="why")
    document = compose_show([a_profile(rows=(1000, 2), provenance=provenance), a_profile(provenance=None)])
    assert words(document, Heading) == ["train on ci", "train on ci"]
    told, bare = words(document, Paragraph)
    assert told == (
        f"file ci/{file_name('train', ())}; commit {'c' * 12}; newest run 2026; written by perfgate 1; "
        "reason why; rows used 2, 1,000"
    )
    assert bare == f"file ci/{file_name('train', ())}; rows used 100"
    assert [r[2:4] for r in rows(document)] == [("s1", "2"), ("s2", "1"), ("all", "3")]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (0.1, 0.11, ("100 ms", "110 ms", "+10.0%")), (0.1, None, ("100 ms", "–", "gone")),
        (None, 0.1, ("–", "100 ms", "new")), (0.0, 0.1, ("0 ms", "100 ms", "from zero")),
        (0.0, 0.0, ("0 s", "0 s", "0.0%")), (0.1, 0.0, ("100 ms", "0 ms", "-100%")),
    ],
)  # fmt: skip
def test_a_move_is_told_from_old_to_new(old, new, change):
    move = Move(benchmark="b", metric="elapsed", unit="s", old=old, new=new, loosens=False)
    assert rows(compose_moves([move])) == [("b", "elapsed p50", *change)]


def test_no_moves_are_told_in_words():
    assert words(compose_moves([]), Paragraph) == ["Nothing differs."]


@pytest.mark.parametrize("place", [".", "sub"])
def test_a_diff_tells_what_changed_since_a_commit(tmp_path, monkeypatch, outside_ci, place):
    folder = tmp_path / "repo"
    (folder / "sub").mkdir(parents=True)
    (folder / "perfgate.toml").write_text("")
    for name in ("same", "gone", "moved"):
        put(folder / "baselines", a_profile({"s1": (0.1,)}, benchmark=name))
    commit_all(folder)
    monkeypatch.chdir(folder / place)
    assert diff(None, "HEAD") == ()
    (folder / "baselines" / "ci" / file_name("gone", ())).unlink()
    put(folder / "baselines", a_profile({"s1": (0.2,)}, benchmark="moved"))
    put(folder / "baselines", a_profile({"s1": (0.3,)}, benchmark="new"))
    assert [(m.benchmark, m.old, m.new) for m in diff(None, "HEAD")] == [
        ("gone", 0.1, None), ("moved", 0.1, 0.2), ("new", None, 0.3),
    ]  # fmt: skip
    (folder / "baselines" / "ci" / "x.json").write_text("{")
    assert [f.slug for f in refused(diff, None, "HEAD")] == ["baseline-invalid"]


CONFIG = """
exclude = ["*:loss", "out"]
[[rule]]
benchmark = "train"
statistic = "p95"
threshold = "+3%"
method = "threshold"
[[rule]]
benchmark = "nobody"
threshold = "+1%"
[[budget]]
benchmark = "train"
metric = "elapsed"
statistic = "p95"
limit = "< 1s"
"""


def test_an_explanation_says_which_rule_governs_each_row(workdir):
    (workdir / "perfgate.toml").write_text(CONFIG)
    profile = a_profile()
    more = a_profile(metric=LOSS).metrics
    put(workdir / "baselines", replace(profile, metrics=(*profile.metrics, *more)))
    put(workdir / "baselines", a_profile(benchmark="out"))
    document = compose_explanation("train", config=None)
    assert words(document, Paragraph) == ["Configuration: perfgate.toml"]
    assert words(document, Heading) == ["train"]
    assert rows(document) == [
        ("elapsed", "p50", "+5%", "auto", "fail", "defaults"),
        ("elapsed", "p95", "+3%", "threshold", "fail", "rule 1 (perfgate.toml)"),
    ]
    budget, fault = words(document, Bullets)
    assert budget == "elapsed p95 < 1s by budget 1 (perfgate.toml)"
    assert 'rule 2 (perfgate.toml): matches nothing: there is no benchmark "nobody"' in fault
    excluded = compose_explanation("out", config=None)
    assert "Excluded: it is not judged at all." in words(excluded, Paragraph)
    assert rows(excluded) == []


def test_a_benchmark_of_two_classes_is_explained_once(workdir):
    for machine_class in ("ci", "laptop"):
        put(workdir / "baselines", a_profile(machine_class=machine_class))
    assert words(compose_explanation("train", config=None), Heading) == ["train"]


def test_without_a_baseline_the_runs_say_which_metrics_there_are(workdir):
    write_json(workdir / "outputs" / "model_runs" / "a.json", summary("a", benchmark="serve"))
    assert {r[0] for r in rows(compose_explanation("serve", config=None))} == {"elapsed", "peak_memory", "throughput"}


def test_what_cannot_be_read_cannot_be_explained(workdir):
    assert [f.slug for f in refused(compose_explanation, "train", config=None)] == ["no-runs"]
    put(workdir / "baselines", a_profile()).write_text("{")
    assert [f.slug for f in refused(compose_explanation, "train", config=None)] == ["baseline-invalid"]
