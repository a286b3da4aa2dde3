"""`perfgate drift` and `perfgate baseline drift`, through the door: each outcome with its exit code."""

from __future__ import annotations

import csv
import gzip
import json

import pytest
from drift_cases import CLIENT, draw, draw_clusters

from perfgate.__main__ import run
from perfgate.collect.samples import columns
from perfgate.monitor.input_samples import InputSampleLog

REFERENCE = "baselines/input-reference.json"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder, a repository of its own."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def samples(rows=400, seed=0, **changed):
    drawn = {
        "age": draw("integers", rows, (seed, "age")),
        "limit": draw("lognormal", rows, (seed, "limit")),
        "history": draw("levels", rows, (seed, "history")),
        **changed,
    }
    return [dict(zip(drawn, row, strict=True)) for row in zip(*drawn.values(), strict=True)]


def write(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def drift(capsys, *arguments):
    code = run(["drift", "--current", "now.jsonl", "--format", "json", *arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


@pytest.fixture
def referenced(folder, capsys):
    """A folder with a reference of three fields."""
    write(folder / "was.jsonl", samples(1000))
    assert run(["baseline", "drift", "was.jsonl"]) == 0
    capsys.readouterr()
    return folder


def test_a_reference_is_written_once_and_says_what_it_holds_and_hides(folder, capsys):
    write(folder / "was.jsonl", samples(300, email=[f"u{i}@x" for i in range(300)], note=[None] * 300,
                                        at=["2026-01-31"] * 300, tags=[[1]] * 300))  # fmt: skip
    assert run(["baseline", "drift", "was.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "7 fields of 300 samples" in out
    assert "email: 300 levels with fewer than 10 rows hidden (300 rows, all of them: not compared)" in out
    assert "note: no value" in out
    assert "at: points in time" in out
    assert "tags: lists" in out
    assert f"Commit it: git add {REFERENCE}" in out
    assert "u17@x" not in (folder / REFERENCE).read_text()
    assert run(["baseline", "drift", "was.jsonl"]) == 0
    assert f"unchanged {REFERENCE}" in capsys.readouterr().out


def test_what_the_log_of_inputs_writes_can_be_compared(referenced, capsys):
    log = InputSampleLog("now.jsonl", redact=["email"])
    for row in samples(300, 1):
        log.write({**row, "email": "someone@example.org"})
    code, document, _ = drift(capsys)
    assert (code, document["verdict"]) == (0, "drift")
    assert [f["name"] for f in document["fields"] if f["outcome"] == "drift"] == ["email"]


@pytest.mark.parametrize(
    ("shift", "level", "outcome"),
    [
        pytest.param(0.0, "fail", (0, "pass"), id="the-same"),
        pytest.param(1.0, "warn", (0, "drift"), id="warns"),
        pytest.param(1.0, "info", (0, "drift"), id="informs"),
        pytest.param(1.0, "fail", (1, "drift"), id="fails"),
    ],
)
def test_drift_fails_where_it_is_asked_to(referenced, capsys, shift, level, outcome):
    code, verdict = outcome
    write(referenced / "now.jsonl", samples(400, 1, age=draw("integers", 400, "now", shift)))
    found, document, _ = drift(capsys, "--level", level)
    assert (found, document["exit_code"], document["verdict"], document["level"]) == (code, code, verdict, level)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_people_read_first_whether_inputs_differ_and_see_both_histograms(referenced, capsys, form):
    write(referenced / "now.jsonl", samples(400, 1, age=draw("integers", 400, "now", 1.0)))
    assert run(["drift", "--current", "now.jsonl", "--format", form]) == 0
    out = capsys.readouterr().out
    assert out.replace("*", "").startswith("Inputs differ: 1 of 3 fields drifted, 400 samples with 1,000 of the")
    assert "█" in out
    assert "The level is warn" in " ".join(out.split())
    assert "Wasserstein/sd" in out
    assert "Not drifted: 2 fields" in out
    write(referenced / "now.jsonl", samples(400, 1))
    assert run(["drift", "--current", "now.jsonl", "--format", form]) == 0
    assert "No drift" in capsys.readouterr().out


def test_csv_and_packed_files_are_read_as_json_lines_are(referenced, capsys):
    rows = samples(400, 1)
    with (referenced / "now.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (referenced / "now.json.gz").write_bytes(gzip.compress(json.dumps(rows).encode()))
    for name in ("now.csv", "now.json.gz"):
        assert run(["drift", "--current", name, "--format", "json", "--level", "fail"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"]["current"] == 400


@pytest.mark.parametrize(
    ("rows", "arguments", "slug"),
    [
        pytest.param(None, (), "runs-unreadable", id="no-file"),
        pytest.param([], (), "drift-insufficient", id="empty-file"),
        pytest.param(samples(199, 1), (), "drift-insufficient", id="few-rows"),
        pytest.param(samples(400, 1), ("--cluster-field", "client"), "drift-clusters", id="clusters-of-one-side"),
        pytest.param(samples(400, 1), ("--reference", "no.json"), "drift-no-reference", id="no-reference"),
        pytest.param(samples(400, 1), ("--reference", "was.jsonl"), "drift-reference-invalid", id="no-json"),
        pytest.param([[1, 2]] * 300, (), "drift-other-samples", id="no-objects"),
        pytest.param([{"path": "/", "ms": 3}] * 300, (), "drift-other-samples", id="another-log"),
        pytest.param([{"x": {f"f{i}": 1 for i in range(1200)}}] * 3, (), "drift-too-many-fields", id="fields"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2_and_says_why(referenced, capsys, rows, arguments, slug):
    if rows is not None:
        write(referenced / "now.jsonl", rows)
    code, _, err = drift(capsys, "--level", "fail", *arguments)
    assert code == 2
    assert err.startswith("cannot decide: ")
    assert f"[{slug}]" in err


def test_a_reference_of_another_version_is_exit_code_2(referenced, capsys):
    path = referenced / REFERENCE
    path.write_text(path.read_text().replace("drift-reference/1", "drift-reference/2"))
    write(referenced / "now.jsonl", samples(400, 1))
    code, _, err = drift(capsys)
    assert (code, "[drift-reference-version]" in err) == (2, True)


def test_a_binary_file_and_one_without_header_are_no_samples(referenced, capsys):
    for content in (b"PAR1\0\0\0", b"a,,c\n1,2,3\n", b"a,a\n1,2\n"):
        (referenced / "now.jsonl").write_bytes(content)
        code, _, err = drift(capsys)
        assert (code, "[drift-samples]" in err) == (2, True)


def test_a_few_lines_that_are_cut_off_are_left_out_with_a_note(referenced, capsys):
    write(referenced / "now.jsonl", samples(400, 1))
    with (referenced / "now.jsonl").open("a") as file:
        file.write('{"age": 4')
    code, document, _ = drift(capsys)
    assert (code, [n["slug"] for n in document["notes"]]) == (0, ["drift-lines-skipped"])


def test_of_very_many_samples_some_are_compared_and_the_report_says_so(referenced, capsys, monkeypatch):
    monkeypatch.setattr(columns, "MOST_ROWS", 300)
    write(referenced / "now.jsonl", samples(1100, 1))
    code, document, _ = drift(capsys, "--level", "fail")
    assert (code, document["rows"]["current"]) == (0, 275)
    assert [n["slug"] for n in document["notes"]] == ["drift-thinned"]
    assert "of 1,100 samples one in 4 is compared" in document["notes"][0]["message"]


def test_a_glob_that_matches_nothing_and_a_folder_are_no_samples(referenced, capsys):
    (referenced / "logs").mkdir()
    for words in (["nothing-*.jsonl"], ["logs"]):
        assert run(["drift", "--current", *words]) == 2
        assert "[drift-no-samples]" in capsys.readouterr().err


def test_strong_clusters_are_insufficient_and_not_drift(folder, capsys):
    for name, clusters, seed in (("was", 36, 1), ("now", 12, 2)):
        drawn = draw_clusters(clusters, 40, 1.0, seed, fields=3)
        rows = zip(*drawn.values(), strict=True)
        write(folder / f"{name}.jsonl", [dict(zip(drawn, row, strict=True)) for row in rows])
    assert run(["baseline", "drift", "was.jsonl", "--cluster-field", CLIENT]) == 0
    assert "36 clusters by client" in capsys.readouterr().out
    code, document, err = drift(capsys, "--level", "fail")
    assert (code, document["verdict"]) == (2, "error")
    assert "worth" in err
    assert document["clusters"]["current"]["count"] == 12
    write(folder / "now.jsonl", samples(400, 1))
    assert "[drift-clusters]" in drift(capsys)[2]


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        pytest.param(("none.jsonl",), "runs-unreadable", id="no-file"),
        pytest.param(("few.jsonl",), "drift-insufficient", id="few-rows"),
        pytest.param(("was.jsonl", "--cluster-field", "client"), "drift-clusters", id="no-such-clusters"),
        pytest.param(("was.jsonl", "--field", "agee"), "drift-no-field", id="no-such-field"),
        pytest.param(("bare.jsonl",), "drift-no-field", id="no-field"),
        pytest.param(("was.jsonl", "--out", "baselines/other.json"), "drift-reference-unwritable", id="misplaced"),
        pytest.param(("was.jsonl", "--out", "baselines"), "drift-reference-unwritable", id="a-folder"),
        pytest.param((), "drift-no-samples", id="nothing-named"),
    ],
)
def test_a_reference_that_would_be_of_no_use_is_not_written(referenced, capsys, arguments, slug):
    write(referenced / "few.jsonl", samples(100))
    write(referenced / "bare.jsonl", [{}] * 300)
    before = (referenced / REFERENCE).read_bytes()
    assert run(["baseline", "drift", *arguments]) == 2
    assert f"[{slug}]" in capsys.readouterr().err
    assert (referenced / REFERENCE).read_bytes() == before


def test_the_reference_beside_the_baselines_is_no_misplaced_baseline_and_another_file_is(referenced, capsys):
    assert run(["validate"]) == 0
    assert run(["validate", REFERENCE]) == 0
    assert f"valid: {REFERENCE}" in capsys.readouterr().out
    (referenced / "baselines" / "input-reference.json").rename(referenced / "baselines" / "other.json")
    assert run(["baseline", "list"]) == 2
    assert "[baseline-misplaced]" in capsys.readouterr().err
    (referenced / REFERENCE).write_text("{}")
    assert run(["validate"]) == 2


def test_the_configuration_names_samples_reference_fields_and_level(folder, capsys):
    (folder / "perfgate.toml").write_text(
        'baselines = "none"\n[drift]\nreference = "ref/model-a.json"\nsamples = ["was.jsonl"]\nfields = ["age"]\n'
        'level = "fail"\n'
    )
    write(folder / "was.jsonl", samples(400))
    assert run(["baseline", "drift"]) == 0
    assert json.loads((folder / "ref" / "model-a.json").read_text())["fields"] == ["age"]
    assert run(["validate"]) == 0
    write(folder / "was.jsonl", samples(400, 1, age=["x"] * 400))
    assert run(["drift"]) == 1
    (folder / "perfgate.toml").write_text('baselines = "none"\n')
    assert run(["drift"]) == 2
    assert "[drift-no-reference]" in capsys.readouterr().err
