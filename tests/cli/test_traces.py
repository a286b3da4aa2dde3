"""`perfgate golden` and `perfgate trace`: exit codes and files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from trace_cases import lines, otlp

from perfgate.__main__ import run
from perfgate.measure import init_tracer

SDK = Path(__file__).parents[1] / "formats/data/otlp/spans.jsonl"
ONE = ("cart", 0, 9, ("load", 1, 5, ("query", 1, 2)))
MANY = ("cart", 0, 9, ("load", 1, 8, *(("query", 1 + i, 2 + i) for i in range(5))))
OTHER = ("job", 0, 3)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, outside_ci):
    """Work in an empty folder, outside CI."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, *trees):
    with open(name, "w", encoding="utf-8") as file:
        file.write(lines(*trees))
    return name


def test_a_check_passes_on_the_same_structure_and_fails_when_it_changes(capsys):
    assert run(["golden", "refresh", write("one.jsonl", ONE, ONE)]) == 0
    assert run(["golden", "check", write("same.jsonl", ONE)]) == 0
    capsys.readouterr()
    assert run(["golden", "check", write("many.jsonl", ONE, MANY)]) == 1
    assert "changed in 1 of 2 traces" in (shown := capsys.readouterr().out)
    assert "  `query` 1 -> 5 calls in `load`\n" in shown


def test_a_refresh_of_the_same_traces_changes_no_golden_file(folder):
    run(["golden", "refresh", write("one.jsonl", ONE, OTHER)])
    files = {p.name: p.read_bytes() for p in (folder / "artifacts/golden").iterdir()}
    assert len(files) == 3
    run(["golden", "refresh", "one.jsonl"])
    assert files == {p.name: p.read_bytes() for p in (folder / "artifacts/golden").iterdir()}


def test_a_golden_root_that_no_trace_has_is_never_green(capsys):
    run(["golden", "refresh", write("one.jsonl", ONE, OTHER)])
    assert run(["golden", "check", write("less.jsonl", ONE)]) == 2
    assert 'no complete trace begins with "job"' in capsys.readouterr().err
    assert run(["golden", "check", write("worse.jsonl", MANY)]) == 2


def test_a_new_root_beside_known_ones_is_listed_and_passes(capsys):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    assert run(["golden", "check", write("more.jsonl", ONE, OTHER)]) == 0
    assert "job: new" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["golden", "check"], ["golden", "refresh"], ["trace"]], ids=" ".join)
@pytest.mark.parametrize("content", [
    "", "{}\n", '{"resourceSpans": []}\n',
    '{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "a", "spanId": "b", "parentSpanId": "c"}]}]}]}',
], ids=["empty", "no OTLP", "no spans", "no complete trace"])  # fmt: skip
def test_files_without_a_complete_trace_are_exit_code_2(command, content, folder, capsys):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    (folder / "odd.jsonl").write_text(content)
    capsys.readouterr()
    assert run([*command, "odd.jsonl"]) == 2
    assert capsys.readouterr().err.startswith("cannot decide: ")


def test_no_golden_file_and_no_trace_file_are_exit_code_2(capsys):
    assert run(["golden", "check", write("one.jsonl", ONE)]) == 2
    assert "there are no golden files" in capsys.readouterr().err
    assert run(["trace"]) == 2
    assert "there are no files of traces" in capsys.readouterr().err


def test_the_folder_of_traces_is_read_by_default_and_incomplete_traces_are_counted(folder, capsys):
    os.makedirs("artifacts/traces")
    write("artifacts/traces/7.jsonl", *[ONE] * 9)
    half = otlp(ONE, trace_id="f" * 32)
    del half["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    (folder / "artifacts/traces/8.jsonl").write_text(json.dumps(half) + "\n")
    assert run(["golden", "refresh"]) == 0
    assert run(["golden", "check"]) == 0
    assert "1 incomplete traces were left out: 1 spans without their parent" in capsys.readouterr().err


def test_a_golden_file_that_was_edited_wrongly_is_exit_code_2(folder):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    (file,) = (folder / "artifacts/golden").glob("cart-*.json")
    file.write_text(file.read_text().replace('"query", 1', '"query", 0'))
    assert run(["golden", "check", "one.jsonl"]) == 2


@pytest.mark.parametrize("form", ["text", "json", "chrome", "prometheus", "svg"])
def test_a_file_holds_what_stdout_would(form, folder, capsys):
    write("one.jsonl", ONE)
    capsys.readouterr()
    assert run(["trace", "one.jsonl", "--format", form]) == 0
    assert run(["trace", "one.jsonl", "--format", form, "-o", "deep/out"]) == 0
    assert (folder / "deep/out").read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_check_as_json_names_the_changes(capsys):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    capsys.readouterr()
    assert run(["golden", "check", write("many.jsonl", MANY), "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["changed"][0]["changes"] == ["`query` 1 -> 5 calls in `load`"]


def test_a_file_of_the_opentelemetry_sdk_passes_against_itself_and_fails_with_one_more_call(folder, capsys):
    text = SDK.read_text(encoding="utf-8")
    (folder / "sdk.jsonl").write_text(text, encoding="utf-8")
    assert run(["golden", "refresh", "sdk.jsonl"]) == 0
    assert run(["golden", "check", "sdk.jsonl"]) == 0
    batches = [json.loads(line) for line in text.splitlines()]
    spans = batches[0]["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans.append({**next(s for s in spans if s["name"] == "guards"), "spanId": "00000000000000ff"})
    (folder / "twice.jsonl").write_text("\n".join(map(json.dumps, batches)), encoding="utf-8")
    capsys.readouterr()
    assert run(["golden", "check", "twice.jsonl"]) == 1
    assert "tick: changed in 1 of 20 traces" in (shown := capsys.readouterr().out)
    assert "  `guards` 1 -> 2 calls in `tick`\n" in shown


@pytest.mark.parametrize(("broken", "code"), [(1, 0), (2, 2)], ids=["a-tenth", "more"])
def test_a_change_cannot_hide_in_traces_that_are_incomplete(broken, code, folder, capsys):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    write("odd.jsonl", *[ONE] * 9)
    with open("odd.jsonl", "a", encoding="utf-8") as file:
        for number in range(broken):
            span = {"traceId": f"{number + 1:032x}f", "spanId": "b", "parentSpanId": "c", "name": "query"}
            file.write(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    capsys.readouterr()
    assert run(["golden", "check", "odd.jsonl"]) == code
    assert ("[golden-incomplete]" in capsys.readouterr().err) is (code == 2)


def test_a_misspelled_attribute_is_exit_code_2_and_chosen_ones_are_kept(folder, capsys):
    tabled = write("t.jsonl", ("cart", 0, 9, ("query", {"table": "prices"}, 1, 2)))
    assert run(["golden", "refresh", tabled, "--attribute", "tabel"]) == 2
    assert 'no span has the attribute "tabel"' in capsys.readouterr().err
    assert run(["golden", "refresh", tabled, "--attribute", "table"]) == 0
    (file,) = (folder / "artifacts/golden").glob("cart-*.json")
    chosen = file.read_bytes()
    assert run(["golden", "refresh", tabled]) == 0
    assert file.read_bytes() == chosen


# --- what to do ---


def test_a_change_says_how_it_is_accepted_and_how_its_cause_is_found(capsys):
    run(["golden", "refresh", write("one.jsonl", ONE), "--out", "kept here"])
    capsys.readouterr()
    assert run(["golden", "check", write("many.jsonl", MANY), "--golden", "kept here"]) == 1
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "What to do:",
        "- If the change is intended: perfgate golden refresh --out 'kept here' many.jsonl",
        "  and commit 'kept here'.",
        "- Else find the caller: perfgate trace many.jsonl",
    ]
    assert run(["golden", "check", "many.jsonl", "--golden", "kept here", "--format", "json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["changed"]
    assert "perfgate golden refresh --out 'kept here' many.jsonl" in shown.err


def test_many_files_are_not_repeated_in_the_commands_and_none_needs_no_name(folder, capsys):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    names = [write(f"{number}.jsonl", MANY) for number in range(4)]
    assert run(["golden", "check", *names]) == 1
    assert "perfgate golden refresh FILES\n  and commit artifacts/golden.\n" in capsys.readouterr().out
    os.makedirs("artifacts/traces")
    write("artifacts/traces/1.jsonl", MANY)
    assert run(["golden", "check"]) == 1
    assert "- Else find the caller: perfgate trace\n" in capsys.readouterr().out


def test_what_was_left_out_is_said_after_the_reason_that_nothing_is_decided(folder, capsys):
    run(["golden", "refresh", write("one.jsonl", ONE, OTHER)])
    (folder / "less.jsonl").write_text(lines(ONE, began=-(10**9)))
    capsys.readouterr()
    assert run(["golden", "check", "less.jsonl"]) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("cannot decide: artifacts/golden/job-")
    assert any(line.startswith("warning: 3 spans have no end") for line in rest)


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("file", "file is a file, not a folder [golden-unreadable]\n  hint: name a folder\n"),
        ("file/deep", "file/deep: a part of this path is a file [golden-unreadable]\n  hint: name a folder\n"),
        ("/proc/absent", "  hint: name a folder that can be written to: --out DIR\n"),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_named_with_a_hint_that_helps(out, said, folder, capsys):
    (folder / "file").touch()
    assert run(["golden", "refresh", write("one.jsonl", ONE), "--out", out]) == 2
    assert capsys.readouterr().err.endswith(said)


def test_a_refresh_prints_lines_of_80_columns(folder, capsys):
    long = "GET /api/of/a/shop/and/its/carts"
    run(["golden", "refresh", write("one.jsonl", ONE, (long, 0, 3), (f"{long} kept", 0, 3))])
    run(["golden", "refresh", write("two.jsonl", MANY, (long, 0, 3, ("query", 1, 2)))])
    run(["golden", "refresh", "two.jsonl"])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert ".json:\n  1 structure of 1 trace\n" in shown
    assert ": kept\nNo trace begins with the root of a file that was kept.\n" in shown


# --- files that hold no traces ---


@pytest.mark.parametrize("command", [["golden", "check"], ["golden", "refresh"], ["trace"]], ids=" ".join)
@pytest.mark.parametrize("indent", [None, 2], ids=["one-line", "indented"])
def test_an_exported_trace_in_the_folder_of_traces_is_named_for_what_it_is(command, indent, folder, capsys):
    run(["golden", "refresh", write("one.jsonl", ONE)])
    tracer = init_tracer()
    tracer.start_trace("tick")
    exported = tracer.export_to_json(tracer.finish_trace())
    init_tracer(enabled=False)
    os.makedirs("artifacts/traces")
    write("artifacts/traces/1.jsonl", ONE)
    (folder / "artifacts/traces/a.json").write_text(json.dumps(exported, indent=indent))
    capsys.readouterr()
    assert run(command) == 2
    cause, hint = capsys.readouterr().err.splitlines()[:2]
    assert cause.startswith("cannot decide: artifacts/traces/a.json: this is the output of export_to_json of perfgate.")
    assert "set PERFGATE_TRACE_FILE" in hint


def test_a_line_that_was_cut_off_is_named_as_such(folder, capsys):
    (folder / "cut.jsonl").write_text(lines(ONE, ONE)[:-40])
    assert run(["trace", "cut.jsonl"]) == 2
    assert capsys.readouterr().err.startswith(
        "cannot decide: cut.jsonl: its last line, line 2, is cut off [format-invalid]\n"
        "  hint: copy the file again once its program has ended\n"
    )
    (folder / "odd.jsonl").write_text(lines(ONE)[:-40] + "\n" + lines(ONE))
    assert run(["trace", "odd.jsonl"]) == 2
    assert "1 of 2 lines are no batches; the first is line 1" in capsys.readouterr().err


# --- traces that are checked as what they measure ---


def halves(name, whole, half):
    """Write a file with whole traces, and with some of which the root is missing."""
    write(name, *[ONE] * whole)
    with open(name, "a", encoding="utf-8") as file:
        for number in range(half):
            batch = otlp(ONE, trace_id=f"{number:x}f")
            del batch["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
            file.write(json.dumps(batch) + "\n")
    return name


UNKNOWN = "odd.jsonl: 4 of 12 traces are incomplete (4 spans without their parent), more than a tenth: calls and times"


def test_a_check_of_incomplete_traces_says_first_that_they_are(folder, capsys):
    assert run(["baseline", "refresh", write("one.jsonl", *[ONE] * 10)]) == 0
    capsys.readouterr()
    assert run(["check", halves("odd.jsonl", 8, 4)]) == 2
    first, hint, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith(f"cannot decide: {UNKNOWN} of stages are unknown")
    assert hint.startswith("  hint: export whole traces to one file")
    assert any("calls:load" in line and "no run contains the metric" in line for line in rest)
    (folder / "perfgate.toml").write_text(
        '[[budget]]\nbenchmark = "cart"\nmetric = "stage:load"\nstatistic = "p50"\nlimit = "< 1s"\n'
    )
    (folder / "baselines").rename(folder / "elsewhere")
    assert run(["check", "odd.jsonl"]) == 2
    assert capsys.readouterr().err.startswith(f"cannot decide: {UNKNOWN}")


def test_incomplete_traces_are_a_warning_where_nothing_asks_for_stages(folder, capsys):
    (folder / "perfgate.toml").write_text(
        '[[budget]]\nbenchmark = "cart"\nmetric = "duration"\nstatistic = "p50"\nlimit = "< 1s"\n'
    )
    assert run(["check", halves("odd.jsonl", 8, 4)]) == 0
    assert run(["import", "odd.jsonl"]) == 0
    assert capsys.readouterr().err.startswith(f"warning: {UNKNOWN}")


def test_a_stage_that_is_gone_is_not_put_down_to_few_incomplete_traces(capsys):
    assert run(["baseline", "refresh", write("one.jsonl", *[ONE] * 10)]) == 0
    without = ("cart", 0, 9, ("load", 1, 5))
    write("gone.jsonl", *[without] * 10)
    with open("gone.jsonl", "a", encoding="utf-8") as file:
        span = {"traceId": "ff", "spanId": "b", "parentSpanId": "c", "name": "load"}
        file.write(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    capsys.readouterr()
    assert run(["check", "gone.jsonl"]) == 2
    assert "stages-unknown" not in capsys.readouterr().err


def test_a_dry_run_lists_every_metric_of_stages_that_an_import_writes(folder, capsys):
    write("one.jsonl", *[ONE] * 10)
    assert run(["import", "one.jsonl", "--dry-run", "--json"]) == 0
    listed = {(r["benchmark"], r["metric"]) for r in json.loads(capsys.readouterr().out)}
    assert {("cart", "calls:load"), ("cart", "stage:query"), ("cart", "stage:tick_total")} <= listed
    assert run(["import", "one.jsonl", "-o", "runs"]) == 0
    files = [json.loads(path.read_text()) for path in (folder / "runs").iterdir()]
    written = {(f["benchmark"], s) for f in files for s in f["series"]}
    assert {m for m in written if ":" in m[1]} == {m for m in listed if ":" in m[1]}
