"""What Prometheus does not have, refuses or has twice never passes in silence: each has its exit code and words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

BUDGETS = """baselines = "none"

[[budget]]
name = "{name}"
series = "{series}"
metric = "{metric}"
statistic = "{statistic}"
limit = "{limit}"

[[ratio]]
name = "failed"
part = 'asked_total{{status="500"}}'
whole = "asked_total"
better = "lower"
"""
LATENCY = {"series": "took_seconds", "metric": "latency", "statistic": "p95", "limit": "< 100ms"}
FAILED = {"series": "failed", "metric": "failed", "statistic": "p50", "limit": "< 10%"}
RATE = {"series": "asked_total", "metric": "throughput", "statistic": "p50", "limit": "> 1/s"}
QUEUE = {"series": "queue", "metric": "queue", "statistic": "p50", "limit": "< 5"}


def budget(project: Project, stated: dict[str, str]) -> None:
    project.write("perfgate.toml", BUDGETS.format(name="limited", **stated))


def answer(*series: tuple[dict[str, str], str], kind: str = "vector") -> str:
    found = [{"metric": labels, "value": [1_700_000_000, value]} for labels, value in series]
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": found}})


def bucket(le: str, **labels: str) -> dict[str, str]:
    return {"__name__": "took_seconds_bucket", "le": le, **labels}


def scrape(
    at: float, *, fast: int = 0, total: int = 0, edges: str = "0.1", good: int = 0, bad: int = 0, **_: int
) -> str:
    return (
        "# TYPE took_seconds histogram\n"
        f'took_seconds_bucket{{le="0.05"}} {fast}\ntook_seconds_bucket{{le="{edges}"}} {total}\n'
        f'took_seconds_bucket{{le="+Inf"}} {total}\ntook_seconds_count {total}\ntook_seconds_sum 1\n'
        f'# TYPE asked_total counter\nasked_total{{status="200"}} {good}\nasked_total{{status="500"}} {bad}\n'
        f"# TYPE perfgate_scrape_timestamp_seconds gauge\nperfgate_scrape_timestamp_seconds {at}\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(answer(), "holds nothing that was measured", id="empty vector"),
        pytest.param(answer(kind="matrix"), "holds nothing that was measured", id="empty matrix"),
        pytest.param(answer(({"__name__": "took_seconds"}, "NaN")), "no values: 1 point is NaN", id="stale"),
        pytest.param(
            answer((bucket("0.1"), "NaN"), (bucket("+Inf"), "9")), "not of the same points", id="stale bucket"
        ),
        pytest.param(
            '{"status": "error", "errorType": "timeout", "error": "too slow"}', "timeout: too slow", id="error"
        ),
        pytest.param(
            answer((bucket("0.1"), "9"), (bucket("0.1"), "8"), (bucket("+Inf"), "9")), "is there twice", id="twice"
        ),
        pytest.param(answer(({"__name__": "other_seconds"}, "1")), "took_seconds", id="another series"),
    ],
)
def test_an_answer_of_prometheus_that_does_not_hold_the_series_is_exit_2(project: Project, text, words):
    budget(project, LATENCY)
    project.write("answer.json", text)
    done = project.cli("check", "answer.json")
    assert done.code == 2
    assert words in done.stdout + done.stderr


@pytest.mark.parametrize(("value", "code"), [("4", 0), ("5", 1)])
def test_a_gauge_that_a_budget_names_is_judged_in_an_answer_as_in_a_scrape(project: Project, value, code):
    budget(project, QUEUE)
    project.write("answer.json", answer(({"__name__": "queue"}, value)))
    project.write("one.prom", f"# TYPE queue gauge\nqueue {value}\n")
    assert project.cli("check", "answer.json").code == project.cli("check", "one.prom").code == code


@pytest.mark.parametrize("slow", ["a", "b"])
def test_no_instance_is_lost_behind_another(project: Project, slow):
    budget(project, LATENCY)
    series = [
        (bucket(le, instance=name), "1" if (name, le) == (slow, "0.1") else "100")
        for name in ("a", "b")
        for le in ("0.1", "+Inf", "1")
    ]
    project.write("answer.json", answer(*series))
    assert project.cli("check", "answer.json").code == 1


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            (LATENCY, {}, {"fast": 500, "total": 1_000, "edges": "0.25"}, 2, 'add an edge at 0.1 (le="0.1")'), id="wide"
        ),
        pytest.param(
            (FAILED, {"good": 900}, {"good": 100, "bad": 1}, 2, "restarted, or a second worker"), id="ratio reset"
        ),
        pytest.param((RATE, {"good": 900}, {"good": 800}, 2, "fell from 900 to 800"), id="throughput reset"),
        pytest.param((QUEUE, {}, {"good": 9}, 2, 'no benchmark matches "queue"'), id="no source"),
        pytest.param((FAILED, {}, {}, 2, "nothing was counted"), id="idle"),
    ],
)
def test_two_scrapes_that_do_not_say_what_a_budget_asks_have_their_words(project: Project, case):
    stated, before, after, code, words = case
    budget(project, stated)
    before = {"edges": after.get("edges", "0.1")} | before
    project.write("before.prom", scrape(1_000.0, **before))
    project.write("after.prom", scrape(1_060.0, **after))
    done = project.cli("check", "before.prom", "after.prom")
    assert done.code == code
    assert words in " ".join((done.stdout + done.stderr).split())


def test_a_series_that_is_there_twice_in_a_scrape_is_exit_2(project: Project):
    budget(project, QUEUE)
    project.write("one.prom", "# TYPE queue gauge\nqueue 1\nqueue 9\n")
    done = project.cli("check", "one.prom")
    assert done.code == 2
    assert "queue is there twice" in done.stderr


def test_a_counter_that_fell_is_exit_2_with_what_is_known_in_either_order_of_the_files(project: Project):
    budget(project, FAILED | {"limit": "< 60%"})
    for name, good, bad in (("before.prom", 1_000, 50), ("after.prom", 100, 60)):
        text = scrape(1_000.0, good=good, bad=bad)
        project.write(name, text[: text.index("# TYPE perfgate_scrape")])
    for files in (("before.prom", "after.prom"), ("after.prom", "before.prom")):
        done = project.cli("check", *files)
        assert done.code == 2
        assert "the program was restarted, or a second worker answered" in done.stderr
        assert "first" not in done.stderr.partition("hint: ")[2].partition("\n")[0]


@pytest.mark.parametrize(("part", "code"), [("5xx", 2), ("500", 0), ("503", 0)])
def test_a_part_that_selects_nothing_by_mistake_is_exit_2_and_one_that_never_happened_passes(
    project: Project, part, code
):
    text = BUDGETS.format(name="limited", **FAILED)
    project.write("perfgate.toml", text.replace('status="500"', f'status=~"{part}"'))
    project.write("before.prom", scrape(1_000.0))
    project.write("after.prom", scrape(1_060.0, good=900))
    done = project.cli("check", "before.prom", "after.prom")
    assert done.code == code
    assert code == 0 or f'status=~"{part}" selects no series; the values are "200", "500"' in done.stderr


def test_a_histogram_that_contradicts_itself_is_exit_2(project: Project):
    budget(project, LATENCY)
    project.write("before.prom", scrape(1_000.0))
    text = scrape(1_060.0, fast=960, total=1_000).replace("took_seconds_count 1000", "took_seconds_count 5000")
    project.write("after.prom", text)
    done = project.cli("check", "before.prom", "after.prom")
    assert done.code == 2
    assert "its count is 5000" in done.stderr


def points(job: str, *values: str) -> dict[str, object]:
    return {"metric": {"job": job}, "values": [[1_700_000_000 + 15 * i, v] for i, v in enumerate(values)]}


@pytest.mark.parametrize(
    ("second", "more", "code", "words"),
    [
        pytest.param(["0.05"] * 60, {}, 0, "", id="good"),
        pytest.param(["NaN"] * 60, {}, 2, "no values: 60 points are NaN", id="nothing"),
        pytest.param(["NaN"] * 59 + ["0.05"], {}, 2, "59 of 60 points are NaN", id="nearly nothing"),
        pytest.param(["0.05"] * 60, {"warnings": ["part failed"]}, 2, 'warns: "part failed"', id="partial"),
    ],
)
def test_a_gated_budget_does_not_pass_where_a_series_that_it_limits_holds_nearly_nothing(
    project: Project, second, more, code, words
):
    gate = {"series": "x", "metric": "value", "statistic": "p95", "limit": "< 0.1"}
    text = BUDGETS.partition("[[ratio]]")[0].format(name="limited", **gate).replace('series = "x"', 'benchmark = "*"')
    project.write("perfgate.toml", text)
    result = [points("x", *["0.05"] * 60), points("y", *second)]
    data = {"resultType": "matrix", "result": result}
    project.write("answer.json", json.dumps({"status": "success", "data": data, **more}))
    done = project.cli("check", "--direction", "lower", "answer.json")
    assert done.code == code
    assert words in " ".join(done.stderr.split())


@pytest.mark.parametrize(("slow", "of", "code"), [(1, 3, 0), (2, 20, 0), (6, 100, 0), (10, 100, 1)])
def test_a_few_slow_requests_of_two_scrapes_are_suspected_until_their_counts_prove_it(project: Project, slow, of, code):
    gate = BUDGETS.partition("[[ratio]]")[0].format(name="limited", **LATENCY)
    project.write("perfgate.toml", gate)
    for name, fast, total in (("before.prom", 0, 0), ("after.prom", of - slow, of)):
        text = scrape(1_000.0, total=fast)
        text = text.replace(f'le="+Inf"}} {fast}', f'le="+Inf"}} {total}').replace(f"_count {fast}", f"_count {total}")
        project.write(
            name,
            text.replace(
                'took_seconds_bucket{le="+Inf"}',
                f'took_seconds_bucket{{le="1"}} {total}\n' + 'took_seconds_bucket{le="+Inf"}',
            ),
        )
    done = project.cli("check", "before.prom", "after.prom")
    assert done.code == code
    words = " ".join(done.stdout.split())
    assert (f"{slow} of {of} values beyond the limit do not prove" in words) is (code == 0)
