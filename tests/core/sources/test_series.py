"""Selectors mean what they mean in Prometheus and cannot take long; a misspelled label makes no ratio of 0."""

from __future__ import annotations

import pytest

from perfgate.core.sources.series import (
    Counted,
    Ratio,
    describe_unused,
    divide,
    family_of,
    parse_selector,
    unit_of,
    without_label,
)


@pytest.mark.parametrize(
    ("text", "labels", "is_selected"),
    [
        ("a_total", {"code": "200"}, True),
        ("a_total{}", {"code": "200"}, True),
        ('a_total{code="200"}', {"code": "200"}, True),
        ('a_total{code="200"}', {"code": "201"}, False),
        ('a_total{code!="200"}', {"code": "201"}, True),
        ('a_total{code!="200"}', {}, True),
        ('a_total{code=~"5.."}', {"code": "503"}, True),
        ('a_total{code=~"5.."}', {"code": "1503"}, False),
        ('a_total{code=~"4..|5.."}', {"code": "404"}, True),
        ('a_total{code!~"2.."}', {"code": "404"}, True),
        ('a_total{path=~"/api/.*"}', {"path": "/api/users"}, True),
        ('a_total { code = "200" , path = "/a" , }', {"code": "200", "path": "/a"}, True),
        ('a_total{path="a\\"b,}"}', {"path": 'a"b,}'}, True),
        ("b_total", {"code": "200"}, False),
    ],
)
def test_a_selector_selects_as_prometheus_does(text, labels, is_selected):
    assert parse_selector(text).selects("a_total", labels) is is_selected


@pytest.mark.parametrize(
    "text",
    ["", "1a", "a b", "a{", 'a{b="c"', "a{b=c}", 'a{b="c" d="e"}', 'a{b=~"("}', 'a{b=~"(a+)+"}', 'a{b=~"(a|a)*b"}',
     'a{b=~"a**"}', 'a{b=~".*.*.*"}', 'a{b=~"x{1000}"}', 'a{b=~"[^a]"}', 'a{1="b"}', 'a{b=~"[z-a]"}', 'a{b!~"[z-a]"}'],
)  # fmt: skip
def test_what_is_no_selector_or_could_take_long_is_refused(text):
    with pytest.raises(ValueError, match=r"selects no series|is no label|the pattern"):
        parse_selector(text)


def test_the_worst_pattern_that_is_accepted_is_matched_at_once():
    selector = parse_selector('a{b=~".*a.*ac"}')
    assert not selector.selects("a", {"b": "a" * 2_000})
    assert not selector.selects("a", {"b": "a" * 10_000_000 + "ac"}), "a value that is longer than any name"


def test_the_family_of_a_series_is_its_name():
    assert family_of('http_requests_total{code="200"}') == "http_requests_total"
    assert family_of("up") == "up"


def ratio(part, whole="ops_total", **options):
    return Ratio(name="r", part=parse_selector(part), whole=parse_selector(whole), better="lower", **options)


OPS = [
    Counted("ops_total", {"op": "hit", "model": "a"}, 80.0),
    Counted("ops_total", {"op": "miss", "model": "a"}, 20.0),
    Counted("ops_total", {"op": "miss", "model": "b"}, 5.0),
]


def test_series_are_added_up_and_divided():
    assert divide(ratio('ops_total{op="hit"}'), OPS) == ([("ops_total", 80.0, 105.0)], "")


def test_a_ratio_by_label_is_one_for_each_value():
    found, why = divide(ratio('ops_total{op="hit"}', by=("model",)), OPS)
    assert found == [('ops_total{model="a"}', 80.0, 100.0), ('ops_total{model="b"}', 0.0, 5.0)]
    assert why == ""


def test_what_never_happened_is_none_of_the_whole():
    assert divide(ratio('ops_total{op="error"}'), OPS) == ([("ops_total", 0.0, 105.0)], "")


@pytest.mark.parametrize(
    ("part", "whole", "why"),
    [
        ('ops_total{opp="hit"}', "ops_total", "no series of ops_total has the label opp"),
        ('opps_total{op="hit"}', "ops_total", 'no series is opps_total{op="hit"}'),
        ('ops_total{op="hit"}', "opps_total", "no series is opps_total"),
        ('ops_total{op="hit"}', 'ops_total{opp!="miss"}', "no series of ops_total has the label opp"),
        ('ops_total{op="hit"}', 'ops_total{op="all"}', 'no series is ops_total{op="all"}'),
        ('ops_total{op="hit"}', 'ops_total{op="Hit"}', 'op="Hit" selects no series; the values are "hit", "miss"'),
    ],
)
def test_a_misspelled_series_or_label_is_no_ratio_of_zero(part, whole, why):
    assert divide(ratio(part, whole), OPS) == ([], why)


@pytest.mark.parametrize("part", ['ops_total{op="hit"}', "errors_total"])
def test_a_label_of_by_that_the_whole_or_the_part_lacks_is_no_ratio(part):
    errors = Counted("errors_total", {"code": "500"}, 3.0)
    lacking, label = ("ops_total", "modle") if part != "errors_total" else ("errors_total", "model")
    found = divide(ratio(part, by=(label,)), [*OPS, errors])
    assert found == ([], f"no series of {lacking} has the label {label}")


@pytest.mark.parametrize(
    ("part", "whole"), [('ops_total{op="err"}', "ops_total"), ('ops_total{op="hit"}', "ops_total")]
)
def test_a_counter_of_unknown_growth_makes_the_ratio_unknown_and_not_smaller(part, whole):
    gone = Counted("ops_total", {"op": "err", "model": "a"}, 0.0, "it is not in the second scrape")
    why = 'ops_total{model="a",op="err"}: it is not in the second scrape'
    assert divide(ratio(part, whole), [*OPS, gone]) == ([], why)


TIMED = [
    Counted("whole_seconds_sum", {"model": "a"}, 4.0),
    Counted("whole_seconds_sum", {"model": "b"}, 1.0),
    Counted("whole_seconds_sum", {"model": "idle"}, 0.0),
    Counted("part_seconds_sum", {"model": "a"}, 0.0),
    Counted("part_seconds_count", {"model": "a"}, 7.0),
    Counted("part_seconds_sum", {"model": "idle"}, 0.0),
    Counted("part_seconds_count", {"model": "idle"}, 0.0),
]


def test_what_was_timed_and_took_no_time_is_none_of_the_whole():
    found, why = divide(ratio("part_seconds_sum", "whole_seconds_sum"), TIMED)
    assert (found, why) == ([("whole_seconds", 0.0, 5.0)], "")


@pytest.mark.parametrize("extra", [[], [Counted("part_seconds_count", {"model": "b"}, 0.0)]])
def test_what_was_never_timed_is_no_share_of_zero(extra):
    found = divide(ratio("part_seconds_sum", "whole_seconds_sum", by=("model",)), [*TIMED, *extra])
    assert found == ([], 'part_seconds{model="b"}: nothing was observed, its count is 0')


def test_an_idle_version_of_which_nothing_was_timed_makes_no_other_unknown():
    found, why = divide(
        ratio("part_seconds_sum", "whole_seconds_sum", by=("model",)), [c for c in TIMED if c.labels["model"] != "b"]
    )
    assert why == ""
    assert found == [('whole_seconds{model="a"}', 0.0, 4.0), ('whole_seconds{model="idle"}', 0.0, 0.0)]


def test_a_counter_that_ends_in_sum_and_has_no_count_beside_it_is_divided_as_it_is():
    lone = [Counted("a_sum", {}, 0.0), Counted("b_sum", {}, 4.0)]
    assert divide(ratio("a_sum", "b_sum"), lone) == ([("b", 0.0, 4.0)], "")


@pytest.mark.parametrize("part", ["inference", "logging"])
def test_what_is_missing_of_a_prediction_is_named_with_its_block(part):
    stem = f"{part}_latency_seconds"
    whole = [Counted("prediction_latency_seconds_sum", {}, 4.0)]
    never = [Counted(f"{stem}_sum", {}, 0.0), Counted(f"{stem}_count", {}, 0.0)]
    share = ratio(f"{stem}_sum", "prediction_latency_seconds_sum")
    cure = f"time it in `with p.{part}():`"
    assert divide(share, whole) == ([], f"no series is {stem}_sum; {cure}")
    assert divide(share, [*whole, *never]) == ([], f"{stem}: nothing was observed, its count is 0; {cure}")


def test_a_counter_of_unknown_growth_that_is_not_divided_changes_no_ratio():
    gone = Counted("ops_total", {"op": "err", "model": "a"}, 0.0, "it is not in the second scrape")
    found, why = divide(ratio('ops_total{op="hit"}', 'ops_total{op!="err"}'), [*OPS, gone])
    assert (found, why) == ([("ops_total", 80.0, 105.0)], "")


CODES = [Counted("req_total", {"code": code}, 1.0) for code in ("200", "404", "500")]


@pytest.mark.parametrize(
    ("matcher", "does"),
    [
        ('code="5xx"', "selects"),
        ('code=~"5xx"', "selects"),
        ('code=~"5xx|4xx"', "selects"),
        ('code=~"50"', "selects"),
        ('code=~"[5]0"', "selects"),
        ('code!="5xx"', "excludes"),
        ('code!~"50"', "excludes"),
        ('code="500"', ""),
        ('code!="500"', ""),
        ('code=~"5.."', ""),
        ('code=~"3.."', ""),
        ('code!~"3.."', ""),
        ('code=~"500|503"', ""),
    ],
)
def test_a_matcher_that_looks_misspelled_is_described_with_the_values_and_no_other(matcher, does):
    sentence = f'{matcher} {does} no series; the values are "200", "404", "500"' if does else ""
    assert describe_unused(ratio(f"req_total{{{matcher}}}", "req_total"), CODES) == sentence
    assert describe_unused(ratio("req_total", f"req_total{{{matcher}}}"), CODES) == sentence


@pytest.mark.parametrize(
    ("matcher", "values", "is_mistake"),
    [
        ('code=~"5xx"', ("200", "500"), True),
        ('code=~"5xx|4xx"', ("200", "500"), True),
        ('code="50"', ("200",), True),
        ('code=~"[5]0"', ("200", "500"), True),
        ('code!="5xx"', ("200", "500"), True),
        ('code="HIT"', ("hit", "miss"), True),
        ('code="hits"', ("hit", "miss"), True),
        ('code="error"', ("200",), True),
        ('code="500"', ("200",), False),
        ('code=~"500|502"', ("200", "404"), False),
        ('code=~"5.."', ("200",), False),
        ('code="5xx"', ("2xx", "4xx"), False),
        ('code="error"', ("ok",), False),
        ('code="hit"', ("miss",), False),
        ('code="/api/v1"', ("/home",), False),
        ('code="get"', ("set",), False),
    ],
)
def test_a_value_that_cannot_stand_beside_the_others_makes_no_ratio_and_one_that_never_happened_is_0(
    matcher, values, is_mistake
):
    counted = [Counted("req_total", {"code": value}, 5.0) for value in values]
    selector = f"req_total{{{matcher}}}"
    found, why = divide(ratio(selector, "req_total"), counted)
    if is_mistake:
        assert not found
        assert why.startswith(f"{matcher} ")
        assert why.endswith('the values are "' + '", "'.join(values) + '"')
    else:
        assert (found, why) == ([("req_total", 0.0, 5.0 * len(values))], "")


def test_only_a_few_of_many_values_are_shown_each_cut():
    routes = [Counted("req_total", {"route": f"/{i:04}" + "x" * 3_000}, 1.0) for i in range(1_000)]
    described = describe_unused(ratio('req_total{route="/a"}', "req_total"), routes)
    assert described.endswith("and 992 more")
    assert len(described) < 500


@pytest.mark.parametrize("whole", ["log_seconds_sum", "log_seconds_count", "log_seconds_bucket", "log_seconds"])
def test_a_ratio_of_parts_of_a_histogram_belongs_to_the_histogram(whole):
    assert ratio("a_total", whole).benchmark == "log_seconds"


@pytest.mark.parametrize(
    ("name", "rest", "value"),
    [
        ('t{version="v1"}', "t", "v1"),
        ('t{code="200",version="v1"}', 't{code="200"}', "v1"),
        ('t{version="v1",code="2,0}"}', 't{code="2,0}"}', "v1"),
        ('t{code="200"}', 't{code="200"}', None),
        ("t", "t", None),
        ("train[version=v1]", "train[version=v1]", None),
        ('t{version="v1"', 't{version="v1"', None),
    ],
)
def test_a_label_is_taken_out_of_a_name(name, rest, value):
    assert without_label(name, "version") == (rest, value)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("requests_per_second", "1/s"), ("requests_per_sec", "1/s"), ("requests_per_s", "1/s"), ("api_rps", "1/s"),
        ("api_qps", "1/s"), ("took_second", "s"), ("took_seconds_total", "s"), ("took_ms", "ms"), ("size_bytes", "B"),
        ("corps", "1"), ("queue", "1"),
    ],
)  # fmt: skip
def test_the_end_of_a_name_says_its_unit_and_a_rate_is_no_time(name, unit):
    assert unit_of(name) == unit
