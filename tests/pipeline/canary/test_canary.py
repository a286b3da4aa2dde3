"""`perfgate canary`, by its command line and real logs."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from canary_cases import START, latencies, rows, write_log

from perfgate.__main__ import run
from perfgate.store.lock import refresh_lock

FAST = [*latencies(2000, seed=1)]
EQUAL = [*latencies(2000, seed=2)]
SLOW = [*latencies(2000, factor=1.5, seed=3)]


@pytest.fixture(autouse=True)
def folder(workdir):
    """Work beside the logs of a baseline and of canaries."""
    write_log(workdir / "base.jsonl", rows(FAST))
    write_log(workdir / "good.jsonl", rows(EQUAL, version="v2"))
    write_log(workdir / "slow.jsonl", rows(SLOW, version="v2"))
    write_log(workdir / "few.jsonl", rows(EQUAL[:30], version="v2"))
    return workdir


def state_of(changes):
    """Return a state file with one phase, and changes in it."""
    phase = {"first_analysis": "2026-01-31T10:00:00Z", "analyses": 1, "eligible": 0, "inputs": "a", "outcome": "hold"}
    return json.dumps({"schema": "perfgate/canary-state/1", "phases": {"10": {**phase, **changes}}})


def judge(*words, base="base.jsonl"):
    return run(["canary", "--baseline", base, *words])


def flat(text):
    """Return a text without its line breaks."""
    return " ".join(text.split())


def as_json(capsys):
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("log", "codes"),
    [("good", (0, 0, 0, 2)), ("slow", (1, 1, 1, 0)), ("few", (2, 2, 0, 2))],
)
def test_the_verdict_is_the_exit_code_and_callers_that_know_two_choose_theirs(log, codes, capsys):
    words = ["--canary", f"{log}.jsonl"]
    asked = [[], ["--exit-zero-if", "promote"], ["--exit-zero-if", "not-rollback"], ["--exit-zero-if", "rollback"]]
    assert tuple(judge(*words, *more) for more in asked) == codes
    verdicts = {"good": "promote", "slow": "roll back", "few": "hold"}
    assert f"Canary: {verdicts[log]}" in capsys.readouterr().out


def test_the_report_names_what_is_beyond_its_limit_and_what_to_do(capsys):
    judge("--canary", "slow.jsonl")
    text = capsys.readouterr().out
    assert re.search(r"p95 is beyond its limit \+15%: at least \+[34]\d\.\d%", text)
    assert "Send all traffic back to the baseline" in text


def test_one_log_of_both_versions_is_divided_by_a_field_that_is_no_part_of_a_name(folder, capsys):
    parts = [rows(side, version=version, series=series)
             for series in ("a", "b") for side, version in ((FAST, "v1"), (SLOW, "v2"), (EQUAL, "v3"))]  # fmt: skip
    write_log(folder / "both.jsonl", *parts)
    words = ["both.jsonl", "--arm-field", "model_version", "--baseline-arm", "v1", "--canary-arm"]
    assert run(["canary", *words, "v2", "--format", "json"]) == 1
    found = as_json(capsys)
    assert {t["benchmark"] for t in found["triggers"] if t["trigger"] == "p95"} == {"a", "b"}
    assert 'rows of neither arm are left out; there are "v3"' in found["notes"][0]["message"]
    assert run(["canary", *words, "v3"]) == 0


def test_any_field_of_a_table_divides_it(folder):
    lines = ["latency_ms,track"] + [
        f"{v * 1000},{track}" for side, track in ((FAST, "old"), (SLOW, "new")) for v in side
    ]
    (folder / "load.csv").write_text("\n".join(lines))
    (folder / "perfgate.toml").write_text(
        '[[map]]\nname = "load"\nfiles = ["*.csv"]\nvalues = [{ value = "latency_ms" }]'
    )
    assert run(["canary", "load.csv", "--arm-field", "track", "--baseline-arm", "old", "--canary-arm", "new"]) == 1


def test_labels_of_run_summaries_and_of_series_divide_too(folder, capsys):
    runs = folder / "runs"
    runs.mkdir()
    for i, (side, version) in enumerate([(FAST, "v1"), (SLOW, "v2")]):
        for j, seconds in enumerate(side[:200]):
            labels = {"version": version}
            summary = {"run_id": f"r{i}-{j}", "elapsed_sec": seconds, "rows_used": 1, "peak_memory_mb": 1.0}
            (runs / f"r{i}-{j}.json").write_text(json.dumps({**summary, "benchmark": "train", "labels": labels}))
    words = ["--arm-field", "version", "--baseline-arm", "v1", "--canary-arm", "v2"]
    assert run(["canary", "runs", *words]) == 1
    assert "train" in capsys.readouterr().out
    edges = (0.05, 0.1, 0.2, 0.4)
    text = ["# TYPE latency_seconds histogram"]
    for version, counts in (("v1", (960, 1000, 1000, 1000)), ("v2", (500, 500, 700, 1000))):
        labels = f'version="{version}"'
        text += [f'latency_seconds_bucket{{{labels},le="{le}"}} {n}' for le, n in zip(edges, counts, strict=True)]
        text += [f'latency_seconds_bucket{{{labels},le="+Inf"}} 1000', f"latency_seconds_sum{{{labels}}} 90",
                 f"latency_seconds_count{{{labels}}} 1000"]  # fmt: skip
    (folder / "after.prom").write_text("\n".join(text) + "\n")
    assert run(["canary", "after.prom", *words]) == 1


def test_failed_runs_count_as_failures(folder):
    for name, failed in (("was", 0), ("now", 60)):
        (folder / name).mkdir()
        for j in range(200):
            summary = {"run_id": f"{name}-{j}", "elapsed_sec": FAST[j], "rows_used": 1, "peak_memory_mb": 1.0}
            status = "failed" if j < failed else "ok"
            (folder / name / f"{j}.json").write_text(json.dumps({**summary, "benchmark": "train", "status": status}))
    assert run(["canary", "--baseline", "was", "--canary", "now"]) == 1


class TestPhases:
    """A phase asks for an age and a number of requests, and carries its analyses."""

    @pytest.fixture(autouse=True)
    def phases(self, folder):
        text = '[canary]\nlooks = 4\nphases = [{ weight = 10, min_age = "1h", min_samples = 500 }, { weight = 100 }]'
        (folder / "perfgate.toml").write_text(text)

    def test_the_age_is_that_of_the_rows_or_as_the_caller_says(self, folder, capsys):
        assert judge("--canary", "good.jsonl", "--phase", "10") == 2
        assert "it has served for 33 min of 1 h" in flat(capsys.readouterr().out)
        assert judge("--canary", "good.jsonl", "--phase", "10", "--age", "90m") == 0
        assert "Go on with 100 % of the traffic." in capsys.readouterr().out
        write_log(folder / "old.jsonl", rows(EQUAL, version="v2", gap=2.0))
        assert judge("--canary", "old.jsonl", "--phase", "10") == 0

    def test_a_weight_that_is_no_phase_is_refused(self, capsys):
        assert judge("--canary", "good.jsonl", "--phase", "25") == 2
        assert "there is no phase of 25 %" in capsys.readouterr().err

    def test_each_new_log_is_one_more_analysis_and_the_same_again_is_none(self, folder, capsys):
        numbers = []
        for count in (600, 600, 900, 1200):
            write_log(folder / "now.jsonl", rows(EQUAL[:count], version="v2"))
            judge("--canary", "now.jsonl", "--phase", "10", "--state", "state.json", "--format", "json")
            numbers.append(as_json(capsys)["analysis"]["number"])
        assert numbers == [1, 1, 2, 3]
        assert judge("--canary", "good.jsonl", "--phase", "100", "--state", "state.json", "--format", "json") == 0
        assert as_json(capsys)["analysis"]["number"] == 1

    def test_analyses_beyond_the_plan_are_named(self, folder, capsys):
        for count in range(600, 1200, 100):
            write_log(folder / "now.jsonl", rows(EQUAL[:count], version="v2"))
            judge("--canary", "now.jsonl", "--phase", "10", "--state", "state.json")
        text = capsys.readouterr().out
        assert "analysis 4 of 4" in text
        assert "analysis 6, beyond the plan" in text
        assert "analysis 6 of 4 that are planned: it can prove clear harm alone" in text.replace("\n", " ").replace(
            "  ", " "
        )

    def test_a_canary_that_was_rolled_back_stays_so_in_every_phase(self, capsys):
        assert judge("--canary", "slow.jsonl", "--phase", "10", "--state", "state.json") == 1
        assert judge("--canary", "good.jsonl", "--phase", "10", "--state", "state.json") == 1
        assert "an earlier analysis at 10 % rolled the canary back" in flat(capsys.readouterr().out)
        assert judge("--canary", "few.jsonl", "--phase", "100", "--state", "state.json") == 1

    @pytest.mark.parametrize(
        "text",
        [
            *("", "{", "[]", "null", '{"schema": "perfgate/canary-state/2", "phases": {}}'),
            '{"schema": "perfgate/canary-state/1", "phases": {}, "phases": {}}',
            state_of({"first_analysis": "yesterday"}),
            state_of({"eligible": 2}),
            state_of({"analyses": -1}),
            state_of({"more": 1}),
            state_of({"outcome": "fine"}),
        ],
    )
    def test_a_torn_or_hostile_state_decides_nothing_and_stays_as_it_is(self, folder, capsys, text):
        (folder / "state.json").write_text(text)
        assert judge("--canary", "slow.jsonl", "--phase", "10", "--state", "state.json") == 2
        assert "cannot decide: state.json" in capsys.readouterr().err
        assert (folder / "state.json").read_text() == text

    def test_a_state_of_an_earlier_call_is_gone_on_from(self, folder, capsys):
        (folder / "state.json").write_text(state_of({"analyses": 2}))
        judge("--canary", "good.jsonl", "--phase", "10", "--state", "state.json", "--format", "json")
        assert as_json(capsys)["analysis"]["number"] == 3

    def test_calls_at_once_count_each_other_and_a_rollback_is_not_lost(self, folder, capsys):
        with ThreadPoolExecutor(1) as pool, refresh_lock(""):
            other = pool.submit(judge, "--canary", "slow.jsonl", "--phase", "10", "--state", "state.json")
            time.sleep(0.3)
            assert not (folder / "state.json").exists()
        assert other.result() == 1
        assert judge("--canary", "good.jsonl", "--phase", "10", "--state", "state.json") == 1

    def test_a_report_in_the_place_of_the_state_is_refused(self, capsys):
        assert judge("--canary", "good.jsonl", "--state", "s.json", "--report", "./s.json") == 2
        assert "--report and --state have the same path" in capsys.readouterr().err

    def test_a_state_that_cannot_be_kept_decides_nothing(self, folder, capsys):
        (folder / "there").write_text("")
        assert judge("--canary", "slow.jsonl", "--phase", "10", "--state", "there/state.json") == 2
        assert "state.json" in capsys.readouterr().err


class TestOddInput:
    """What cannot be judged is exit 2, with its cause."""

    def test_a_file_in_both_arms_is_not_compared_with_itself(self, capsys):
        assert judge("--canary", "base.jsonl") == 2
        assert "a file is in both arms" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--canary", "none.jsonl"], "none.jsonl does not exist"),
            (["--canary", "*.none"], "no file matches"),
            ([], "--canary is missing"),
            (["--canary", "good.jsonl", "--canary-arm", "v2"], "need --arm-field"),
            (["--arm-field", "model_version", "--baseline-arm", "v1"], "needs the names of both arms"),
            (["--arm-field", "model_version", "--baseline-arm", "v1", "--canary-arm", "v1"], 'both arms are "v1"'),
            (["--arm-field", "model_version", "--baseline-arm", "v1", "--canary-arm", "v9"], 'model_version = "v9"'),
            (["--canary", "good.jsonl", "--age", "2 weeks"], "is no time"),
            (["--canary", "good.jsonl", "--report", "x.html"], "must end in .md, .json, .txt or .prom"),
        ],
    )  # fmt: skip
    def test_arms_that_are_not_clear_are_refused(self, capsys, words, message):
        assert judge(*words) == 2
        assert message in capsys.readouterr().err

    def test_paths_without_a_field_are_refused(self, capsys):
        assert run(["canary", "base.jsonl"]) == 2
        assert "PATHS need --arm-field" in capsys.readouterr().err

    def test_rows_of_the_future_decide_nothing(self, folder, capsys):
        write_log(folder / "ahead.jsonl", rows(EQUAL, version="v2", start=START + 40 * 365 * 86_400))
        assert judge("--canary", "ahead.jsonl") == 2
        assert "in the future" in capsys.readouterr().err

    def test_latencies_below_zero_decide_nothing(self, folder, capsys):
        write_log(folder / "odd.jsonl", rows([-v for v in EQUAL], version="v2"))
        assert judge("--canary", "odd.jsonl") == 2
        assert "zero or below" in capsys.readouterr().err

    def test_arms_of_different_hours_are_named(self, folder, capsys):
        write_log(folder / "late.jsonl", rows(EQUAL, version="v2", start=START + 86_400))
        assert judge("--canary", "late.jsonl") == 0
        assert "the arms were not measured at the same time" in flat(capsys.readouterr().out)

    def test_rows_of_the_baseline_from_before_the_canary_are_left_out(self, folder, capsys):
        before = rows(SLOW, start=START - 86_400 // 4, gap=1.0)
        write_log(folder / "days.jsonl", before, rows(FAST))
        judge("--canary", "slow.jsonl", "--format", "json", base="days.jsonl")
        found = as_json(capsys)
        assert (found["verdict"], [n["slug"] for n in found["notes"]]) == ("rollback", ["arm-window"])
        assert found["triggers"][0]["n_baseline"] == 2000

    def test_the_age_of_a_canary_in_a_log_of_both_is_its_own(self, folder, capsys):
        parts = rows(FAST, start=START - 20_000, gap=10.0), rows(EQUAL[:600], version="v2", start=START - 600, gap=1.0)
        write_log(folder / "both.jsonl", *parts)
        words = ["both.jsonl", "--arm-field", "model_version", "--baseline-arm", "v1", "--canary-arm", "v2"]
        run(["canary", *words, "--phase", "10", "--format", "json"])
        found = as_json(capsys)
        assert found["age_sec"] == 599
        assert found["triggers"][0]["n_baseline"] == 60

    def test_a_canary_that_answered_more_than_its_weight_allows_is_named(self, capsys):
        judge("--canary", "base.jsonl", "--phase", "10", base="few.jsonl")
        assert "check that --baseline and --canary are not exchanged" in flat(capsys.readouterr().out)

    def test_files_of_several_versions_in_one_arm_are_named(self, folder, capsys):
        write_log(folder / "mixed.jsonl", rows(EQUAL, version="v2"), rows(SLOW[:10], version="v3"))
        judge("--canary", "mixed.jsonl")
        text = flat(capsys.readouterr().out)
        assert 'the canary\'s files hold 2 versions: "v2", "v3"' in text

    def test_a_short_log_beside_a_long_one_is_counted_in_either_order(self, folder, capsys):
        write_log(folder / "long.jsonl", rows(latencies(3000, seed=8), version="v2"))
        for logs in (("few.jsonl", "long.jsonl"), ("long.jsonl", "few.jsonl")):
            judge(*(word for log in logs for word in ("--canary", log)), "--format", "json")
            assert as_json(capsys)["triggers"][0]["n_canary"] == 3030

    def test_a_log_with_each_line_twice_decides_nothing(self, folder, capsys):
        write_log(folder / "twice.jsonl", rows(EQUAL[:200], version="v2"), rows(EQUAL[:200], version="v2"))
        assert judge("--canary", "twice.jsonl") == 2
        assert "twice.jsonl: each line is there twice [format-invalid] hint: remove the copy" in flat(
            capsys.readouterr().err
        )

    def test_copies_of_a_file_count_once(self, folder, capsys):
        (folder / "copy.jsonl").write_bytes((folder / "few.jsonl").read_bytes())
        judge("--canary", "few.jsonl", "--canary", "copy.jsonl", "--format", "json")
        assert as_json(capsys)["requests"] == 30

    def test_other_buckets_in_one_arm_decide_nothing(self, folder, capsys):
        def scrape(name, edges):
            lines = ["# TYPE t_seconds histogram"]
            lines += [f't_seconds_bucket{{le="{edge}"}} {100 * (i + 1)}' for i, edge in enumerate(edges)]
            lines += [f't_seconds_bucket{{le="+Inf"}} {100 * len(edges)}', "t_seconds_sum 1",
                      f"t_seconds_count {100 * len(edges)}"]  # fmt: skip
            (folder / name).write_text("\n".join(lines) + "\n")

        scrape("a.prom", (0.1, 0.2))
        scrape("b.prom", (0.1, 0.3))
        assert run(["canary", "--baseline", "a.prom", "--canary", "b.prom"]) == 2


def test_a_budget_on_a_series_is_judged_by_its_buckets(folder, capsys):
    def scrape(name, counts):
        lines = ["# TYPE latency_seconds histogram"]
        edges = ("0.05", "0.1", "0.2", "+Inf")
        lines += [f'latency_seconds_bucket{{le="{edge}"}} {n}' for edge, n in zip(edges, counts, strict=True)]
        (folder / name).write_text("\n".join([*lines, "latency_seconds_sum 90", "latency_seconds_count 1000"]) + "\n")

    scrape("a.prom", (500, 990, 1000, 1000))
    scrape("b.prom", (500, 800, 1000, 1000))
    stated = 'name = "slow"\nseries = "latency_seconds"\nmetric = "latency"\nstatistic = "p95"\nlimit = "< 100ms"'
    (folder / "perfgate.toml").write_text(f"[[budget]]\n{stated}")
    assert judge("--canary", "b.prom", "--format", "json", base="a.prom") == 1
    (found,) = (t for t in as_json(capsys)["triggers"] if t["trigger"] == "slow")
    assert (found["state"], found["message"]) == ("worse", "20.0% of the requests are beyond it, and 5% may be")
    judge("--canary", "b.prom", base="a.prom")
    words = flat(capsys.readouterr().out)
    assert re.search(r"roll back: slow is beyond its limit < 100ms: at least 1\d\.\d\d% beyond it\.", words)


@pytest.mark.parametrize(("hits", "words"), [(0.97, "at least 9"), (0.5, "at most 5")])
def test_bounds_of_what_should_be_high_are_named_on_the_side_that_matters(folder, capsys, hits, words):
    lines = [json.loads(line) for line in rows(EQUAL, version="v2")]
    lines = [{**row, "cache_hit": i % 100 < 100 * hits} for i, row in enumerate(lines)]
    write_log(folder / "now.jsonl", map(json.dumps, lines))
    stated = 'name = "hits"\nbenchmark = "*"\nmetric = "cache_hit_rate"\nstatistic = "p50"\nlimit = "> 80%"'
    (folder / "perfgate.toml").write_text(f"[[budget]]\n{stated}")
    judge("--canary", "now.jsonl")
    assert re.search(rf"hits s 100.00% -> {hits:.2%}, bounds {words}\d\.\d\d%", flat(capsys.readouterr().out))


def test_budgets_that_neither_arm_measures_hold_unless_others_are_chosen(folder, capsys):
    def stated(name, metric):
        return f'[[budget]]\nname = "{name}"\nbenchmark = "*"\nmetric = "{metric}"\nstatistic = "p95"\nlimit = "< 9s"\n'

    (folder / "perfgate.toml").write_text(stated("service", "latency_total") + stated("training", "elapsed"))
    assert judge("--canary", "good.jsonl") == 2
    assert "choose the budgets of the service by --budget NAME" in flat(capsys.readouterr().out)
    assert judge("--canary", "good.jsonl", "--budget", "service") == 0
    assert judge("--canary", "good.jsonl", "--budget", "servce") == 2


def test_a_report_of_many_series_shows_the_worst(folder, capsys):
    parts = [rows(side[:80], series=f"s{i}", version=v) for i in range(60) for side, v in ((FAST, "v1"), (EQUAL, "v2"))]
    write_log(folder / "many.jsonl", *parts)
    run(["canary", "many.jsonl", "--arm-field", "model_version", "--baseline-arm", "v1", "--canary-arm", "v2"])
    assert "And 140 more triggers" in flat(capsys.readouterr().out)


class TestInputs:
    """Where the policy names samples of the inputs, a canary is judged with a word on them."""

    @pytest.fixture(autouse=True)
    def samples(self, folder):
        def write(name, values):
            (folder / name).write_text("".join(f"{json.dumps({'history': v})}\n" for v in values))

        write("was.jsonl", ["good"] * 300)
        write("now.jsonl", ["bad"] * 300)
        (folder / "perfgate.toml").write_text('[drift]\nsamples = ["now.jsonl"]\n')
        assert run(["baseline", "drift", "was.jsonl"]) == 0

    def test_times_say_that_inputs_differ_and_level_fail_holds_the_canary(self, folder, capsys):
        assert judge("--canary", "good.jsonl", "--format", "json") == 0
        found = as_json(capsys)
        assert [t["message"] for t in found["triggers"] if t["trigger"] == "p95"] == ["inputs differ"]
        assert [n["slug"] for n in found["notes"]] == ["inputs-differ"]
        (folder / "perfgate.toml").write_text('[drift]\nsamples = ["now.jsonl"]\nlevel = "fail"\n')
        assert judge("--canary", "good.jsonl") == 2
        assert "hold: the inputs differ from their reference" in flat(capsys.readouterr().out)
        assert judge("--canary", "slow.jsonl") == 1

    def test_a_reference_that_is_not_there_decides_nothing(self, folder, capsys):
        (folder / "baselines/input-reference.json").unlink()
        assert judge("--canary", "good.jsonl") == 2
        assert "there is no reference of input samples" in capsys.readouterr().err


def test_instances_are_read_from_the_rows(folder, capsys):
    hosts = [latencies(600, factor=f, seed=i) for i, f in enumerate((0.7, 1.0, 1.35))]
    slower = [latencies(600, factor=f, seed=9 + i) for i, f in enumerate((1.0, 1.3, 1.5))]

    def mixed(parts):
        return [v for values in zip(*parts, strict=True) for v in values]

    write_log(folder / "a.jsonl", rows(mixed(hosts), instances=3))
    write_log(folder / "b.jsonl", rows(mixed(slower), version="v2", instances=3))
    assert judge("--canary", "b.jsonl", base="a.jsonl") == 2
    for name, side, version in (("c.jsonl", mixed(hosts), "v1"), ("d.jsonl", mixed(slower), "v2")):
        write_log(folder / name, rows(side, version=version))
    assert judge("--canary", "d.jsonl", base="c.jsonl") == 1
    assert judge("--canary", "d.jsonl", "--instance-field", "pod", base="c.jsonl") == 2
    assert 'no row of the baseline has the field "pod"' in capsys.readouterr().err


def test_reports_go_to_files_of_each_format(folder, capsys):
    reports = [word for name in ("r.md", "r.json", "r.txt", "r.prom") for word in ("--report", name)]
    assert judge("--canary", "slow.jsonl", *reports) == 1
    assert "**Canary: roll back**" in (folder / "r.md").read_text()
    assert json.loads((folder / "r.json").read_text())["verdict"] == "rollback"
    assert 'perfgate_canary_verdict{verdict="rollback"} 1' in (folder / "r.prom").read_text()
    assert "Canary: roll back" in (folder / "r.txt").read_text()
    capsys.readouterr()
    assert judge("--canary", "slow.jsonl", "--format", "openmetrics") == 1
    assert capsys.readouterr().out == (folder / "r.prom").read_text()


class TestTicks:
    """The rollout of a loop that ticks: 10 % for 2 h, 50 % for 4 h, 100 %; its names and its limits."""

    POLICY = """
[canary]
deadline_ms = 200

[[map]]
name = "ticks"
files = ["*.csv"]
benchmark = "mode"
time = "at"
ok = "status"
values = [{ value = "tick_total_ms" }]

[[budget]]
name = "p95_of_a_tick"
benchmark = "*"
metric = "tick_total"
statistic = "p95"
limit = "< 200ms"
"""

    @staticmethod
    def write(path, ticks, *, failed=0.0):
        lines = ["at,mode,tick_total_ms,status"]
        for i, ms in enumerate(ticks):
            status = "failed" if i % 100 < 100 * failed else "ok"
            lines.append(f"{START + 8 * i},async,{ms},{status}")
        path.write_text("\n".join(lines))

    @pytest.mark.parametrize(
        ("phase", "change", "expected"),
        [
            (10, {}, (None, "Go on with 50 % of the traffic.")),
            (50, {}, (None, "Go on with 100 % of the traffic.")),
            (100, {}, (None, "Finish the rollout.")),
            (10, {"factor": 1.3}, ("p95", "Send all traffic back")),
            (10, {"late": 0.05}, ("deadline_miss", "Send all traffic back")),
            (10, {"failed": 0.1}, ("error_rate", "Send all traffic back")),
            (10, {"late": 0.08}, ("p95_of_a_tick", "Send all traffic back")),
        ],
    )
    def test_each_limit_rolls_back_and_each_phase_leads_on(self, folder, capsys, phase, change, expected):
        beyond, following = expected
        (folder / "perfgate.toml").write_text(self.POLICY)
        sides = []
        for seed in (1, 2):
            ticks = [1000 * v for v in latencies(2000, slow=0.0, seed=seed)]
            sides.append([min(ms, 180.0) for ms in ticks])
        late = change.get("late", 0.0)
        now = [240.0 if i % 100 < 100 * late else ms * change.get("factor", 1.0) for i, ms in enumerate(sides[1])]
        self.write(folder / "stable.csv", sides[0])
        self.write(folder / "canary.csv", now, failed=change.get("failed", 0.0))
        code = judge("--canary", "canary.csv", "--phase", f"{phase}", "--format", "json", base="stable.csv")
        found = as_json(capsys)
        worse = {t["trigger"] for t in found["triggers"] if t["state"] == "worse"}
        assert (code, beyond in worse) == ((0, False) if beyond is None else (1, True))
        judge("--canary", "canary.csv", "--phase", f"{phase}", base="stable.csv")
        assert following in flat(capsys.readouterr().out)
