"""The configuration's texts: what they mean, and every fault with its place at once."""

from __future__ import annotations

import json
import re

import pytest
from records import refused
from toml_places import place_in

from perfgate import config, schema
from perfgate.core.errors import CannotDecideError
from perfgate.core.policy import Floor

EVERYTHING = """
runs = ["out/*.json", "more"]
baselines = "base"
machine_class = "gha-4cpu"
exclude = ["slow", "*:peak_memory"]

[defaults]
false_alarms = "2%"
threshold = "+10%"
floor = { time = "+1ms", bytes = "+1MB", rate = "+1/s" }
on_suspected = "fail"
on_too_noisy = "error"
resolution = "+10%"
workload = "rate"

[[rule]]
benchmark = "train.*"
metric = "elapsed_sec"
statistic = "p9*"
threshold = "-3%"
floor = "+2ms"
method = "threshold"
level = "warn"
workload = "same"

[[rule]]
floor = "auto"

[[budget]]
benchmark = "serve"
metric = "latency"
statistic = "p95"
limit = "< 100ms"
warn = "< 90ms"
level = "info"
"""


def places(text: str, origin: str = "perfgate.toml") -> list[str]:
    return [f.place for f in refused(config.parse, text, origin)]


def test_every_key_arrives_in_the_policy():
    policy = config.parse(EVERYTHING, "perfgate.toml")
    assert (policy.source, policy.runs, policy.baselines) == ("perfgate.toml", ("out/*.json", "more"), "base")
    assert (policy.machine_class, policy.exclude) == ("gha-4cpu", ("slow", "*:peak_memory"))
    assert (policy.false_alarms, policy.threshold.text) == (0.02, "+10%")
    assert policy.floor == Floor(auto=False, amounts=(("1/s", 1.0), ("B", 1e6), ("s", 0.001)))
    assert (policy.on_suspected, policy.workload) == ("fail", "rate")
    assert (policy.on_too_noisy, policy.resolution.amount) == ("error", 0.1)
    first, second = policy.rules
    assert (first.origin, first.benchmark, first.metric) == ("rule 1 (perfgate.toml)", "train.*", "elapsed")
    assert (first.statistic, first.threshold.text, first.method) == ("p9*", "-3%", "threshold")
    assert (first.level, first.workload) == ("warn", "same")
    assert first.floor == Floor(auto=False, amounts=(("s", 0.002),))
    assert (second.benchmark, second.metric, second.statistic, second.level) == ("*", "*", "p50", None)
    assert (second.floor, second.threshold, second.workload) == (Floor(auto=True), None, None)
    (budget,) = policy.budgets
    assert (budget.origin, budget.benchmark, budget.metric) == ("budget 1 (perfgate.toml)", "serve", "latency")
    assert (budget.limit.amount, budget.warn.amount, budget.level) == (0.1, 0.09, "info")


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1", "tool = 1"])
def test_an_empty_configuration_means_the_built_in_defaults(text):
    policy = config.parse(text, "pyproject.toml")
    assert policy == config.BUILT_IN.__class__(source="pyproject.toml", threshold=config.BUILT_IN.threshold)
    assert (policy.false_alarms, policy.threshold.text, policy.floor) == (0.01, "+5%", Floor(auto=True))


def stated_defaults(properties: dict) -> str:
    return "".join(f"{key} = {json.dumps(of['default'])}\n" for key, of in properties.items() if "default" in of)


def test_the_defaults_that_the_published_schema_states_are_the_built_in_ones():
    keys = schema.load("config")["properties"]
    text = f"{stated_defaults(keys)}[defaults]\n{stated_defaults(keys['defaults']['properties'])}"
    assert {"runs", "threshold", "false_alarms", "floor"} <= set(re.findall(r"^\w+", text, re.MULTILINE))
    assert config.parse(text, "built-in defaults") == config.BUILT_IN


@pytest.mark.parametrize(
    ("table", "required"),
    [("rule", ""), ("budget", 'benchmark = "b"\nmetric = "m"\nstatistic = "p95"\nlimit = "< 1s"\n')],
)
def test_stating_the_defaults_of_a_rule_or_a_budget_changes_nothing(table, required):
    stated = stated_defaults(schema.load("config")["properties"][table]["items"]["properties"])
    assert stated
    texts = (f"[[{table}]]\n{required}", f"[[{table}]]\n{required}{stated}")
    without, with_them = (config.parse(text, "perfgate.toml") for text in texts)
    assert without == with_them


def test_in_a_pyproject_only_our_table_counts():
    text = '[project]\nname = "x"\n[tool.perfgate]\nbaselines = "base"\n'
    assert config.parse(text, "a/pyproject.toml").baselines == "base"


@pytest.mark.parametrize(
    ("stated", "place", "message"),
    [
        pytest.param('[defaults]\nthreshold = "5"', "/defaults/threshold", 'did you mean "+5%"?', id="threshold"),
        pytest.param("[defaults]\nthreshold = 5", "/defaults/threshold", 'did you mean "+5%"?', id="number"),
        pytest.param("[[rule]]\nthreshold = 0.05", "/rule/0/threshold", 'did you mean "+5%"?', id="share"),
        pytest.param("[[rule]]\nthreshold = -5", "/rule/0/threshold", 'write "-5%"', id="negative-number"),
        pytest.param("[[rule]]\nthreshold = true", "/rule/0/threshold", "expected a string", id="flag"),
        pytest.param('[[rule]]\nthreshold = "+1"', "/rule/0/threshold", '"+1 1" for a plain number', id="plain-number"),
        pytest.param('[defaults]\nfalse_alarms = "0.01"', "/defaults/false_alarms", 'write it like "1%"', id="share"),
        pytest.param('[defaults]\nfalse_alarms = "x%"', "/defaults/false_alarms", 'write it like "1%"', id="no-share"),
        pytest.param('[defaults]\nresolution = "25%"', "/defaults/resolution", 'mean "+25%"?', id="no-sign"),
        pytest.param('[defaults]\nresolution = "-25%"', "/defaults/resolution", 'write it like "+25%"', id="less"),
        pytest.param('[defaults]\nresolution = "+0%"', "/defaults/resolution", 'write it like "+25%"', id="nothing"),
        pytest.param('[defaults]\nresolution = "+1ms"', "/defaults/resolution", "is not a share", id="amount"),
        pytest.param('[defaults]\nthreshold = "-150%"', "/defaults/threshold", "accepts everything", id="below-zero"),
        pytest.param('[defaults]\nthreshold = "-100%"', "/defaults/threshold", "accepts everything", id="to-zero"),
        pytest.param(
            f'[[rule]]\nthreshold = "+{"9" * 400}%"', "/rule/0/threshold", "accepts everything", id="without-end"
        ),
        pytest.param('[defaults]\nfloor = "5%"', "/defaults/floor", "has no sign", id="floor-without-sign"),
        pytest.param('[defaults]\nfloor = "+5%"', "/defaults/floor", "not an absolute amount", id="floor-relative"),
        pytest.param('[defaults]\nfloor = "-1ms"', "/defaults/floor", "not an absolute amount", id="floor-negative"),
        pytest.param('[defaults]\nfloor = {time = "+1MB"}', "/defaults/floor/time", "amount of time", id="floor-kind"),
        pytest.param('[defaults]\nfloor = {time = "1"}', "/defaults/floor/time", "has no sign", id="floor-no-sign"),
        pytest.param('[[rule]]\nthreshold = "105%"', "/rule/0/threshold", 'did you mean "+5%"?', id="rule"),
        pytest.param('[[rule]]\nstatistic = "mean"', "/rule/0/statistic", "matches none of p50", id="statistic"),
        pytest.param("[[rule]]\nfloor = 3", "/rule/0/floor", "", id="floor-of-a-wrong-type"),
        pytest.param("[rules]\n", "/rules", 'did you mean "rule"?', id="mistyped-key"),
        pytest.param('machine_class = "a/b"', "/machine_class", "", id="class"),
        pytest.param('machine_class = "a\\n"', "/machine_class", "", id="class-with-a-line-break"),
        pytest.param("runs = []", "/runs", "must not be empty", id="no-runs"),
    ],
)  # fmt: skip
def test_a_faulty_text_is_refused_with_place_and_cure(stated, place, message):
    (fault,) = refused(config.parse, stated, "perfgate.toml")
    assert fault.place == place_in(stated, place)
    assert message in fault.message
    assert fault.hint


@pytest.mark.parametrize(
    ("text", "share"),
    [("0.01%", 0.0001), ("20%", 0.2), (" 1% ", 0.01), ("0.009%", None), ("20.1%", None), ("nan%", None), ("-1%", None)],
)
def test_the_accepted_chance_lies_between_a_hundredth_of_a_percent_and_twenty(text, share):
    stated = f'[defaults]\nfalse_alarms = "{text}"'
    if share is None:
        assert places(stated) == ["perfgate.toml:2"]
    else:
        assert config.parse(stated, "perfgate.toml").false_alarms == share


@pytest.mark.parametrize(
    ("limit", "warn", "message"),
    [
        pytest.param("< 100ms", "< 90ms", "", id="before"),
        pytest.param("< 100ms", "< 100ms", "", id="at-the-same"),
        pytest.param("< 100ms", "<= 100ms", "", id="at-the-same-in-other-words"),
        pytest.param("< 100ms", "< 101ms", "could never warn first", id="behind"),
        pytest.param(">= 180/s", ">= 200/s", "", id="a-rate-before"),
        pytest.param(">= 180/s", ">= 170/s", "could never warn first", id="a-rate-behind"),
        pytest.param("< 100ms", "> 90ms", "do not point the same way", id="the-other-way"),
        pytest.param("< 100ms", "< 90MB", "do not point the same way", id="another-unit"),
        pytest.param("< 100ms", "90ms", "is not a limit", id="no-comparison"),
    ],
)
def test_a_budget_warns_before_it_fails(limit, warn, message):
    text = f'[[budget]]\nbenchmark="b"\nmetric="m"\nstatistic="p95"\nlimit="{limit}"\nwarn="{warn}"'
    if message:
        (fault,) = refused(config.parse, text, "perfgate.toml")
        assert fault.place == "perfgate.toml:6"
        assert message in fault.message
    else:
        assert len(config.parse(text, "perfgate.toml").budgets) == 1


def test_a_budget_without_a_readable_limit_is_refused():
    text = '[[budget]]\nbenchmark="b"\nmetric="m"\nstatistic="p95"\nlimit="100ms"\nwarn="< 90ms"'
    assert places(text) == ["perfgate.toml:5"]


def test_all_faults_of_a_kind_are_told_at_once():
    shape = places('rulez = 1\n[defaults]\nthreshold = 5\n[[budget]]\nmetric = ""')
    assert {"perfgate.toml:1", "perfgate.toml:3", "perfgate.toml:4"} < set(shape)
    texts = places('[defaults]\nthreshold = "5"\nfloor = "x"\n[[rule]]\nthreshold = "7"\n[[rule]]\nfloor = "y"')
    assert texts == ["perfgate.toml:2", "perfgate.toml:3", "perfgate.toml:5", "perfgate.toml:7"]


@pytest.mark.parametrize(
    ("text", "key"), [('baselines = "a\\u0000b"', "baselines"), ('runs = ["a", "b\\u0000"]', "runs")]
)
def test_a_path_that_no_file_can_have_is_refused(text, key):
    (fault,) = refused(config.parse, text, "perfgate.toml")
    assert (fault.place, fault.message.split(": ")[0]) == ("perfgate.toml:1", key)


@pytest.mark.parametrize("text", ["x = ", "x = " + "9" * 5000, "[a\n", "x = 1\nx = 2", "a = " + "[" * 10_000])
def test_what_is_no_toml_is_refused(text):
    (fault,) = refused(config.parse, text, "perfgate.toml")
    assert fault.message.startswith("is not TOML")


def test_a_table_that_is_no_table_is_refused():
    (fault,) = refused(config.parse, "[tool]\nperfgate = 3", "pyproject.toml")
    assert "expected an object, found 3" in fault.message


def test_an_unknown_key_hides_no_other_fault():
    faults = refused(config.parse, 'exclde = ["a"]\n[defaults]\nthreshold = "1.05"\n', "perfgate.toml")
    assert [d.place for d in faults] == ["perfgate.toml:1", "perfgate.toml:3"]


def test_rules_are_bounded_since_each_is_held_against_every_value(monkeypatch):
    monkeypatch.setattr("perfgate.config._MOST_RULES", 3)
    config.parse('[[rule]]\nlevel = "info"\n' * 3, "perfgate.toml")
    (fault,) = refused(config.parse, '[[rule]]\nlevel = "info"\n' * 4, "perfgate.toml")
    assert (fault.place, "more than 3 rules" in fault.message) == ("perfgate.toml:1", True)


@pytest.mark.parametrize(
    ("series", "metric", "limit", "tied_to"),
    [
        ("hit_rate", "hit_rate", "> 80%", ("ops_total", "hit_rate")),
        ("hit_rate", "hits", "> 80%", ("ops_total", "hit_rate")),
        ("ops_total", "hit_rate", "> 80%", ("ops_total", "hit_rate")),
        ("ops_total", "throughput", "> 80/s", ("ops_total", "")),
        ("other_total", "hit_rate", "> 80%", ("other_total", "")),
    ],
)
def test_a_budget_knows_the_ratio_that_it_limits(series, metric, limit, tied_to):
    text = f"""
[[budget]]
series = "{series}"
metric = "{metric}"
statistic = "p50"
limit = "{limit}"

[[ratio]]
name = "hit_rate"
part = 'ops_total{{op="hit"}}'
whole = "ops_total"
better = "higher"
"""
    [budget] = config.parse(text, "perfgate.toml").budgets
    assert (budget.series, budget.ratio) == tied_to


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_named_with_its_place(value):
    (fault,) = refused(config.parse, f"[trace]\ndeadline_ms = {value}\n", "perfgate.toml")
    assert fault.place == "perfgate.toml:2"
    assert fault.message.startswith("deadline_ms: expected ")


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        ("map", 'values = [{ value = "took_ms" }]'),
        ("budget", 'benchmark = "b"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1s"'),
        ("ratio", 'part = "a_total"\nwhole = "b_total"\nbetter = "lower"'),
    ],
)
def test_two_tables_of_one_kind_cannot_have_the_same_name(kind, rest):
    text = "\n".join(f'[[{kind}]]\nname = "{name}"\n{rest}\n' for name in ("one", "two", "one", "one"))
    with pytest.raises(CannotDecideError) as caught:
        config.parse(text, "perfgate.toml")
    assert [(d.place, d.message) for d in caught.value.diagnostics] == [
        (place_in(text, f"/{kind}/{i}/name"), f'name: there is a {kind} "one" already') for i in (2, 3)
    ]


def test_two_budgets_without_a_name_are_two():
    text = '[[budget]]\nbenchmark = "b"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1s"\n'
    assert len(config.parse(text * 2, "perfgate.toml").budgets) == 2


def ratio_of(part: str, whole: str = "ops_total", by: str = "") -> str:
    return f"[[ratio]]\nname = \"hits\"\npart = '{part}'\nwhole = '{whole}'\nbetter = \"higher\"\nby = [{by}]\n"


@pytest.mark.parametrize("label", ["window", "budget", "severity", "__name__", "alertname"])
def test_a_ratio_cannot_be_split_by_a_label_that_the_rules_write_themselves(label):
    (fault,) = refused(config.parse, ratio_of('ops_total{op="hit"}', by=f'"op", "{label}"'), "perfgate.toml")
    assert fault.place == "perfgate.toml:6"
    assert fault.message.startswith(f'by: "{label}" is a label that the alerts set themselves; name another one')


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        ('ops_total{__name__="b"}', "ops_total", "leave out __name__"),
        ('ops_total{status="500",status="502"}', "ops_total", 'for either write status=~"500|502"'),
        ('ops_total{status="500",status!="500"}', "ops_total", 'no value is both status="500" and status!="500"'),
        ('ops_total{status=~"2..",status="500"}', "ops_total", 'no value is both status="500" and status=~"2.."'),
        ("ops_total", "ops_total", "is all of the whole"),
        ("ops_total{}", "ops_total", "is all of the whole"),
        ('ops_total{op=~".*"}', "ops_total", "is all of the whole"),
        ('ops_total{a="1",b="2"}', 'ops_total{b="2",a="1"}', "is all of the whole"),
    ],
)
def test_a_part_that_is_always_nothing_or_always_all_is_refused(part, whole, words):
    (fault,) = refused(config.parse, ratio_of(part, whole), "perfgate.toml")
    assert fault.place == "perfgate.toml:3"
    assert words in fault.message


def test_a_part_of_other_counters_may_have_the_matchers_of_the_whole():
    assert config.parse(ratio_of("hits_total", "ops_total"), "perfgate.toml").ratios
    assert config.parse(ratio_of('ops_total{op="hit",op!="miss"}', by='"route"'), "perfgate.toml").ratios


IMPOSSIBLE = """
[[budget]]
{where}
metric = "{metric}"
statistic = "p50"
limit = "{limit}"
"""


@pytest.mark.parametrize(
    ("where", "metric", "limit", "slug"),
    [
        ('series = "t_seconds"', "latency", "> 100ms", "budget-sign"),
        ('benchmark = "b"', "latency_total", "> 100ms", "budget-sign"),
        ('benchmark = "b"', "elapsed_sec", ">= 1s", "budget-sign"),
        ('benchmark = "b"', "throughput", "< 5/s", "budget-sign"),
        ('benchmark = "b"', "error_rate", "> 1%", "budget-sign"),
        ('series = "ops_total"', "throughput", "> 5ms", "budget-unit"),
        ('series = "hits"', "hits", "> 5ms", "budget-unit"),
        ('series = "hits"', "hits", "> 0%", "budget-impossible"),
        ('series = "hits"', "hits", "> 5", "budget-impossible"),
        ('benchmark = "b"', "error_rate", "< 200%", "budget-impossible"),
        ('benchmark = "b"', "error_rate", "<= 100%", "budget-impossible"),
        ('benchmark = "b"', "error_rate", "<= 0%", ""),
        ('series = "hits"', "hits", ">= 100%", ""),
        ('series = "up_seconds"', "uptime", "> 1h", ""),
        ('benchmark = "b"', "free", "> 1GB", ""),
    ],
)
def test_a_limit_that_could_never_be_broken_or_never_hold_is_refused_when_it_is_read(where, metric, limit, slug):
    text = IMPOSSIBLE.format(where=where, metric=metric, limit=limit) + ratio_of('ops_total{op="hit"}')
    found = [] if not slug else refused(config.parse, text, "perfgate.toml")
    assert [f.slug for f in found] == ([slug] if slug else [])
    assert slug or config.parse(text, "perfgate.toml")
    assert all(f.place == "budget 1 (perfgate.toml)" for f in found)


@pytest.mark.parametrize("name", ["error rate", "9errors", "e" * 101])
def test_a_name_that_a_budget_cannot_have_is_answered_with_what_it_can_be_and_no_pattern(name):
    text = IMPOSSIBLE.format(where=f'benchmark = "b"\nname = "{name}"', metric="elapsed", limit="< 1s")
    (fault,) = refused(config.parse, text, "perfgate.toml")
    assert fault.place == place_in(text, "/budget/0/name")
    assert "letters, digits, `-` and `_`, the first a letter, 100 at most" in fault.message
    assert "^[" not in fault.message
