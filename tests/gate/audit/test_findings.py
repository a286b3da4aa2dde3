"""What an audit finds in baselines, each at its boundary."""

from __future__ import annotations

import pytest
from audit_cases import QUIET, audited, baseline, found, only, row, sessions
from gate_cases import ERRORS, percentiles, policy, profile, rule
from msgspec.structs import replace

from perfgate.core.metrics import Metric
from perfgate.core.policy import Budget, Floor
from perfgate.core.text.units import parse_change, parse_limit
from perfgate.gate.audit.replay import newest_again, sessions_of
from perfgate.gate.audit.sensitivity import DetectableChange
from perfgate.gate.audit.wording import percent

CALLS = Metric(name="calls", unit="1", better="lower")
RATE = Metric(name="rate", unit="1/s", better="higher")


def slugs(result):
    return {f.slug for f in result.findings}


def test_a_quiet_fresh_baseline_of_five_sessions_is_clean():
    result = audited(baseline())
    assert result.findings == ()
    assert not result.has("note")


@pytest.mark.parametrize(
    ("today", "level"),
    [("2026-04-20", None), ("2026-04-21", "note"), ("2026-07-19", "note"), ("2026-07-20", "warning")],
)
def test_a_baseline_is_old_beyond_90_days_and_very_old_beyond_180(today, level):
    assert [f.level for f in found(audited(baseline(day=20), today=today), "baseline-old")] == [level] * bool(level)


def test_each_baseline_has_its_own_age_and_the_class_that_of_its_newest_run():
    result = audited(baseline(name="old", day=10), baseline(name="new", day=28), today="2026-04-15")
    assert only(result, "baseline-old").message.endswith(": old")
    assert result.classes[0].age == 77
    assert result.classes[0].newest.startswith("2026-01-28")


def test_an_age_that_nobody_states_is_unknown():
    undated = baseline()
    undated = replace(undated, sessions=tuple(replace(s, started_at="") for s in undated.sessions))
    assert audited(undated, today="2030-01-01").classes[0].age is None


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        pytest.param(1 / 2.1, "2.1 x faster than this baseline: +110% would pass", id="faster"),
        pytest.param(1.5, "1.5 x slower than this baseline: unchanged code may fail", id="slower"),
    ],
)
def test_slack_says_how_far_the_newest_session_has_left_the_baseline(factor, said):
    moved = sessions([0, 0, 0, 0, factor - 1], within=1e-9)
    finding = only(audited(baseline({"elapsed": moved})), "baseline-slack")
    assert finding.level == "warning"
    assert finding.message == f"the newest session is {said}"
    assert finding.place == "train elapsed p50"
    assert "--replace" in finding.hint


def test_a_rate_that_has_doubled_may_fall_to_half():
    moved = sessions([0, 0, 0, 0, 1.0], within=1e-9)
    finding = only(audited(baseline({RATE: moved}), by=policy(rule(metric="rate"))), "baseline-slack")
    assert "2 x better" in finding.message
    assert "-50% would pass" in finding.message


def test_the_oldest_session_and_one_within_the_noise_are_no_slack():
    noisy = (0.2, -0.2, 0.25, -0.15, 0.3)
    assert not found(audited(baseline({"elapsed": sessions([0.6, 0, 0, 0, 0])})), "baseline-slack")
    assert not found(audited(baseline({"elapsed": sessions(noisy)})), "baseline-slack")


@pytest.mark.parametrize(
    ("count", "levels"), [(1, ["warning"]), (2, ["warning"]), (3, ["note"]), (4, ["note"]), (5, [])]
)
def test_fewer_than_three_sessions_are_a_warning_and_fewer_than_five_a_note(count, levels):
    result = audited(baseline({"elapsed": sessions(QUIET[:count])}))
    assert [f.level for f in found(result, "sessions-few")] == levels
    assert bool(found(result, "alarms-unknown")) is (count < 3)
    assert (result.classes[0].alarms is None) is (count < 3)


@pytest.mark.parametrize(("runs", "levels"), [(2, ["warning"]), (3, ["note"]), (4, ["note"]), (5, [])])
def test_fewer_than_three_runs_are_a_warning_and_fewer_than_five_a_note(runs, levels):
    result = audited(baseline({"elapsed": sessions(QUIET, runs=runs)}))
    assert [f.level for f in found(result, "runs-few")] == levels


def test_a_class_without_baselines_is_told_only_when_it_is_this_machines():
    assert only(audited(baseline(), machine_class="class-b"), "class-foreign").level == "note"
    assert not found(audited(baseline(), machine_class="class-a"), "class-foreign")
    assert not found(audited(baseline()), "class-foreign")


def test_classes_of_machine_with_different_benchmarks_are_told():
    result = audited(baseline(name="both"), baseline(name="one"), baseline(name="both", kind="class-b"))
    finding = only(result, "classes-unlike")
    assert (finding.place, finding.level) == ("class-b", "note")
    assert finding.message.endswith(": one")


@pytest.mark.parametrize(("floor", "is_found"), [(0.98, False), (1.02, True)])
def test_a_floor_beyond_which_a_value_must_more_than_double_is_told(floor, is_found):
    by = policy(floor=Floor(auto=True, amounts=(("s", floor),)))
    values = sessions(QUIET, within=1e-9)
    result = audited(baseline({"elapsed": values}), by=by)
    assert bool(found(result, "floor-hides")) is is_found
    assert [f.hint for f in found(result, "rows-blind")] == ([] if is_found else ["lower the floor"])


def test_a_rate_cannot_fall_below_a_floor_as_large_as_itself():
    by = policy(rule(metric="rate"), floor=Floor(auto=True, amounts=(("1/s", 2.0),)))
    finding = only(audited(baseline({RATE: sessions(QUIET)}), by=by), "row-never-fails")
    assert (finding.level, finding.place) == ("error", "rule 1 (perfgate.toml)")
    assert "floor" in finding.message


def test_an_error_rate_of_zero_can_fail_although_no_change_is_a_share_of_it():
    calm = audited(baseline({ERRORS: {name: [0.0] for name in sessions(QUIET)}}))
    assert found(calm, "row-never-fails") == []


@pytest.mark.parametrize(("runs", "is_found"), [(58, True), (59, False)])
def test_a_gated_tail_of_few_runs_can_never_fail(runs, is_found):
    by = policy(rule(metric="elapsed", statistic="p95"))
    result = audited(baseline({"elapsed": sessions(QUIET, runs=runs)}), by=by)
    assert bool(found(result, "row-never-fails")) is is_found
    assert (row(result, statistic="p95").now.once is None) is is_found


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        pytest.param({"rules": (rule(benchmark="trian"),)}, "rule-matches-nothing", id="rule"),
        pytest.param({"rules": (rule(1), rule(2, benchmark="train"))}, "rule-shadowed", id="shadowed"),
        pytest.param(
            {
                "budgets": (
                    Budget(origin="b", benchmark="x", metric="elapsed", statistic="p50", limit=parse_limit("<1s")),
                )
            },
            "budget-matches-nothing",
            id="budget",
        ),
        pytest.param({"exclude": ("trian",)}, "exclude-matches-nothing", id="exclude"),
        pytest.param({"exclude": ("train:cpu",)}, "exclude-matches-nothing", id="exclude-metric"),
        pytest.param({"rules": (rule(level="info"),)}, "nothing-gated", id="nothing-gated"),
    ],
)
def test_what_does_nothing_is_told(given, slug):
    assert slug in slugs(audited(baseline(), by=replace(policy(), **given)))


def test_an_excluded_benchmark_is_not_audited():
    result = audited(baseline(), baseline(name="noisy"), by=policy(exclude=("noisy",)))
    assert [p.benchmark for p in result.classes[0].profiles] == ["train"]
    assert not found(result, "exclude-matches-nothing")


def test_sessions_that_worked_on_different_rows_can_match_no_run():
    torn = baseline()
    torn = replace(torn, sessions=(replace(torn.sessions[0], rows_used=(7,)), *torn.sessions[1:]))
    assert only(audited(torn), "sessions-disagree").level == "error"
    assert not found(audited(torn, by=policy(workload="rate")), "sessions-disagree")


def test_peaks_of_memory_that_were_had_in_two_ways_are_no_row_that_can_be_judged():
    torn = baseline(
        {"peak_memory": {s: [v * 1e8 for v in of] for s, of in sessions(QUIET).items()}}, sources=("a", "b")
    )
    finding = only(audited(torn), "row-undecidable")
    assert finding.level == "error"
    assert "a, b" in finding.message


@pytest.mark.parametrize(
    ("threshold", "is_found"), [pytest.param("+3%", True, id="below"), pytest.param("+90%", False, id="above")]
)
def test_a_plain_ratio_within_the_noise_is_told_with_its_rate(threshold, is_found):
    noisy = sessions([0.2, -0.1, 0.15, -0.2, 0.1])
    by = policy(rule(metric="elapsed", threshold=threshold, method="threshold"))
    told = found(audited(baseline({"elapsed": noisy}), by=by), "threshold-in-noise")
    assert bool(told) is is_found
    assert not told or "3 of 5 sessions would have failed" in told[0].message


def test_a_count_that_never_varies_is_gated_without_noise():
    by = policy(rule(metric="calls", threshold="+1%", method="exact"))
    steady, counting = ({CALLS: {f"s{i}": [1000.0 + step * i] * 5 for i in range(5)}} for step in (0, 20))
    assert slugs(audited(baseline(steady), by=by)) == set()
    assert "threshold-in-noise" in slugs(audited(baseline(counting), by=by))


@pytest.mark.parametrize(("threshold", "is_found"), [("+0.5%", True), ("+20%", False)])
def test_a_threshold_far_below_what_its_rows_see_promises_too_much(threshold, is_found):
    by = policy(rule(metric="elapsed", threshold=threshold))
    told = found(audited(baseline({"elapsed": sessions([0.03, -0.02, 0.01, -0.03, 0.02])}), by=by), "threshold-unseen")
    assert bool(told) is is_found
    assert not told or (told[0].level, told[0].place) == ("note", "rule 1 (perfgate.toml)")


def test_rows_that_see_large_changes_only_are_told_with_what_would_help_and_by_how_much():
    result = audited(baseline({"elapsed": sessions([0.0, 0.12])}))
    finding = only(result, "rows-blind")
    assert finding.level == "note"
    here = row(result)
    assert here.best is not None
    assert here.best.sessions == 5
    assert finding.hint.startswith("5 sessions in the baseline instead of 2: detectable +")
    assert audited(baseline({"elapsed": sessions([0.9, -0.4, 0.3, -0.5, 0.6])})).has("warning")


@pytest.mark.parametrize(("resolution", "is_found"), [("+40%", False), ("+5.5%", True)])
def test_the_resolution_says_which_changes_a_row_has_to_detect(resolution, is_found):
    by = policy(resolution=parse_change(resolution))
    told = found(audited(baseline({"elapsed": sessions([0.03, -0.02, 0.01, -0.03, 0.02])}), by=by), "rows-blind")
    assert bool(told) is is_found
    assert all("cannot detect a change below +5.5%" in f.message for f in told)


def test_a_file_of_percentiles_is_audited_as_far_as_it_goes():
    result = audited(percentiles({"p50": 1.0, "p95": 1.2}))
    assert row(result, statistic="p95").now.once == pytest.approx(0.03)
    assert result.classes[0].alarms is None
    assert slugs(result) == {"alarms-unknown"}


def test_findings_come_worst_first():
    result = audited(
        baseline({"elapsed": sessions(QUIET[:2])}), by=policy(rule(benchmark="gone")), machine_class="other"
    )
    levels = [f.level for f in result.findings]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert set(levels) == {"error", "warning", "note"}
    assert result.has("error")


def test_what_the_newest_session_finds_again_is_gated_and_decided():
    values = {
        "elapsed": sessions(QUIET),
        "cpu": sessions(QUIET),
        "peak_memory": {name: [0.0] for name in sessions(QUIET)},
    }
    again = newest_again([baseline(values)], policy())
    assert {(f.metric, f.level) for f in again} == {("elapsed", "fail")}


def test_the_sessions_of_a_baseline_are_taken_in_the_order_in_which_they_began():
    made = baseline()
    began = [s.id for s in made.sessions]
    turned = replace(made, sessions=made.sessions[::-1])
    assert sessions_of([turned]) == tuple(began)


def test_a_gated_tail_of_times_that_are_zero_is_listed_beside_the_median_that_says_why():
    zeros = baseline({"elapsed": {name: [0.0] * 60 for name in sessions(QUIET)}})
    result = audited(zeros, by=policy(rule(metric="elapsed", statistic="p95", threshold="+7%")))
    assert row(result).obstacle == "zero-values"
    assert (row(result, statistic="p95").baseline, row(result, statistic="p95").limit_text) == (None, "+7%")


@pytest.mark.parametrize("threshold", ["+5ms", "+5%"])
def test_runs_too_few_for_any_proof_can_never_fail_whatever_the_threshold(threshold):
    two = profile({"elapsed": [1.0, 1.01]})
    finding = only(audited(two, by=policy(rule(metric="elapsed", threshold=threshold))), "row-never-fails")
    assert "so few runs can never prove a change" in finding.message


def test_the_best_remedy_counts_what_a_second_session_confirms_as_well():
    (sight,) = [r for r in audited(baseline({"elapsed": sessions(QUIET[:2])})).classes[0].rows if r.statistic == "p50"]

    def change(once, confirmed, count=3):
        return DetectableChange(sessions=count, runs=8, once=once, confirmed=confirmed)

    worth, little = change(0.2, 0.05), change(0.2, 0.195)
    assert replace(sight, now=change(0.2, 0.2), options=(worth,)).best == worth
    assert replace(sight, now=change(0.2, 0.2), options=(little,)).best is None
    assert replace(sight, now=change(0.2, None), options=(change(0.1, None),)).best is not None
    part, most = change(0.18, 0.17), change(0.06, 0.05, 5)
    assert replace(sight, now=change(0.2, 0.2), options=(part, most)).best == most
    assert replace(sight, now=change(0.2, 0.2), options=(change(0.13, 0.13), most)).best == most
    assert replace(sight, now=change(0.2, 0.2), options=(change(0.1, 0.05), most)).best != most


def test_of_the_rows_of_a_rule_the_one_that_sees_least_says_what_it_promises_too_much():
    by = policy(rule(metric="elapsed", threshold="+0.5%"))
    noisy = [0.03, -0.02, 0.01, -0.03, 0.02]
    rows = [baseline({"elapsed": sessions([f * v for v in noisy])}, name=f"b{f}") for f in (1, 4, 2)]
    seen = [r.now.confirmed for r in audited(*rows, by=by).classes[0].rows if r.statistic == "p50"]
    assert percent(max(seen)) in only(audited(*rows, by=by), "threshold-unseen").message
    assert percent(min(seen)) != percent(max(seen))
