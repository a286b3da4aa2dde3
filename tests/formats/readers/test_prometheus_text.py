"""Prometheus' text and OpenMetrics: every trap of one scrape, and of two."""

from __future__ import annotations

import math
import re

import pytest
from cases import DATA, values_of
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from perfgate.core.errors import CannotDecideError
from perfgate.core.sources.series import Ratio, parse_selector
from perfgate.formats.contents import Contents, read
from perfgate.formats.convert import to_runs
from perfgate.formats.detect import detect, named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.record import Record, Share, Single, Skipped
from perfgate.formats.parsing.source import Source
from perfgate.formats.readers.prometheus_text import PROCESS, SCRAPED_AT, between, parse

INF = math.inf


def scrape(text: str, name: str = "after.prom") -> Source:
    return Source(name, content=text.encode())


def to_number(text: str, options: ForeignOptions | None = None) -> Contents:
    return read(scrape(text), named("prometheus-text"), options or ForeignOptions())


def only(text: str, options: ForeignOptions | None = None) -> Record:
    [record] = to_number(text, options).records
    return record


def differences(before: str, after: str, options: ForeignOptions | None = None) -> list[Record | Skipped]:
    return list(between(scrape(before), scrape(after), options or ForeignOptions()))


def histogram(
    *counts: float, name: str = "t_seconds", bounds: tuple[str, ...] = ("0.1", "+Inf"), more: str = ""
) -> str:
    lines = [f'{name}_bucket{{le="{b}"}} {c}\n' for b, c in zip(bounds, counts, strict=True)]
    return f"# TYPE {name} histogram\n{''.join(lines)}{name}_sum 1.5\n{name}_count {counts[-1]}\n{more}"


def test_a_histogram_keeps_its_buckets_and_says_that_it_counts_since_the_start() -> None:
    record = only(histogram(3, 4))
    assert record.payload.buckets == ((0.1, 3.0), (INF, 4.0))
    assert (record.count, record.metric, record.unit, record.better, record.flags) == (
        4, "duration", "s", "lower", ("snapshot",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "factor", "unit"),
    [("t_ms", 1e-3, "s"), ("t_milliseconds", 1e-3, "s"), ("t_us", 1e-6, "s"), ("t_bytes", 1, "B"), ("rows", 1, "1")],
)
def test_the_unit_is_at_the_end_of_the_name(name: str, factor: float, unit: str) -> None:
    record = only(histogram(3, 4, name=name))
    assert (record.payload.buckets[0][0], record.unit) == (pytest.approx(0.1 * factor), unit)


def test_openmetrics_may_state_the_unit() -> None:
    assert only(f"# UNIT t seconds\n{histogram(3, 4, name='t')}# EOF").unit == "s"


def test_what_is_neither_a_time_nor_a_size_has_no_direction_until_the_user_gives_one() -> None:
    assert (only(histogram(3, 4, name="rows")).better, only(histogram(3, 4, name="rows")).is_side) == (None, True)
    record = only(histogram(3, 4, name="rows"), ForeignOptions(direction="higher"))
    assert (record.better, record.is_side) == ("higher", False)


def test_a_histogram_without_a_type_is_told_by_its_buckets() -> None:
    text = "\n".join(line for line in histogram(3, 4).split("\n") if not line.startswith("#"))
    assert detect(scrape(text)) is named("prometheus-text")
    assert (only(text).payload.kind, only(text).count) == ("histogram", 4)


def test_labels_are_sorted_and_keep_their_escapes() -> None:
    text = '# TYPE q gauge\nq{z="1", path="a \\"b\\" \\\\ c\\nd",brace="}",} 3 1700000000000\n'
    assert only(text).benchmark == 'q{brace="}",path="a \\"b\\" \\\\ c\\nd",z="1"}'


def test_labels_of_machines_are_left_out() -> None:
    assert only('# TYPE q gauge\nq{instance="box:80",job="a"} 3\n').benchmark == 'q{job="a"}'


def test_quoted_names_are_read() -> None:
    assert only('# TYPE "q.depth" gauge\n{"q.depth",a="1"} 3\n').benchmark == 'q.depth{a="1"}'


def test_a_summary_gives_its_quantiles_and_leaves_out_those_that_are_no_numbers() -> None:
    text = '# TYPE r_ms summary\nr_ms{quantile="0.95"} 20\nr_ms{quantile="0.5"} NaN\nr_ms_sum 60\nr_ms_count 6\n'
    assert (only(text).payload.kind, only(text).payload.points, only(text).count) == ("quantiles", ((0.95, 0.02),), 6)


def test_a_summary_without_quantiles_gives_its_mean() -> None:
    record = only('# TYPE r_ms summary\nr_ms{quantile="0.5"} NaN\nr_ms_sum 60\nr_ms_count 6\n')
    assert (record.metric, record.payload.kind, list(values_of(record))) == (
        "duration_mean",
        "value",
        [pytest.approx(0.01)],
    )


def test_a_histogram_of_one_bucket_gives_its_mean() -> None:
    assert list(values_of(only(histogram(3, bounds=("+Inf",))))) == [0.5]


def test_a_gauge_is_shown_and_never_judged() -> None:
    assert (values_of(only("# TYPE q gauge\nq 3\n")), only("# TYPE q gauge\nq 3\n").is_side) == ([3.0], True)


@pytest.mark.parametrize(
    "text",
    [
        "# TYPE t_created gauge\nt_created 1.7e9\n",
        "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 9\n",
        '# TYPE x info\nx_info{v="1"} 1\n',
        '# TYPE x stateset\nx{x="info"} 1\n',
        "# HELP t_count is only said\n",
    ],
)
def test_points_in_time_and_labels_are_no_measurements(text: str) -> None:
    end = "# EOF\n" if "info" in text else ""
    assert [r.benchmark for r in to_number(histogram(3, 4, name="t") + text + end).records] == ["t"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# TYPE n_total counter\nn_total 3\n", "give a scrape before it"),
        ("# TYPE n counter\nn_total 3\n# EOF\n", "give a scrape before it"),
        ("n_total 3\n", "give a scrape before it"),
        (histogram(0, 0, name="n"), "nothing was counted"),
        (histogram(3, math.nan, name="n"), "a count is no number"),
        ('# TYPE n histogram\nn_bucket{le="1"} 2\n', "cut off"),
        ("# TYPE n gauge\nn NaN\n", "no number"),
        ('# TYPE n gaugehistogram\nn_bucket{le="+Inf"} 2\n# EOF\n', "of one moment"),
        (histogram(4, 3, name="n"), "counts that fall"),
    ],
)
def test_what_cannot_be_used_is_skipped_with_its_reason(text: str, why: str) -> None:
    [skipped] = to_number(f"{histogram(3, 4)}{text}").skipped
    assert (skipped.benchmark.removesuffix("_total"), why in skipped.why) == ("n", True)


def test_exemplars_and_timestamps_are_seen_through() -> None:
    text = (
        '# TYPE t_seconds histogram\nt_seconds_bucket{le="1"} 2 1.7e9 # {trace="}"} 0.5 1.7e9\nt_seconds_count 2\n# EOF'
    )
    assert only(text).payload.buckets == ((1.0, 2.0), (INF, 2.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (histogram(3, 4) + "t_seconds_cou", "line 6"),
        (histogram(3, 4)[:-1], "cut off"),
        (histogram(3, 4) + "# TYPE x info\n", '"# EOF"'),
        (histogram(3, 4) * 2, "more than one scrape"),
        (histogram(3, 4) + "# EOF\n" + histogram(3, 4, name="u"), "more than one scrape"),
        (histogram(3, 4) + 'x{a="1" 3\n', "no sample"),
        (histogram(3, 4) + 'x{a="1",a="2"} 3\n', "no sample"),
        (histogram(3, 4) + "<html>\n", "no sample"),
        (histogram(3, 4, bounds=("NaN", "+Inf")), '"NaN" as le'),
    ],
)
def test_a_broken_scrape_is_one_clear_error(text: str, message: str) -> None:
    with pytest.raises(CannotDecideError) as caught:
        to_number(text)
    [reported] = caught.value.diagnostics
    assert message in f"{reported.place} {reported.message}"


def test_crlf_and_bom_change_nothing() -> None:
    assert only("\ufeff" + histogram(3, 4).replace("\n", "\r\n")) == only(histogram(3, 4))


def test_two_real_scrapes_differ_by_what_an_independent_parser_says() -> None:
    before, after = (DATA / "prometheus" / f"{side}.prom" for side in ("before", "after"))
    samples = [
        {(s.name, *sorted(s.labels.items())): s.value for f in text_string_to_metric_families(text) for s in f.samples}
        for text in (before.read_text(), after.read_text())
    ]
    found = list(between(Source(str(before)), Source(str(after)), ForeignOptions(direction="lower")))
    records = {r.benchmark: r for r in found if isinstance(r, Record)}
    assert [s for s in found if isinstance(s, Skipped)] == [
        Skipped(benchmark="idle_seconds", metric="duration", why="nothing was counted")
    ]
    for route in ("/home", "/slow"):
        for bound, count in records[f'request_duration_seconds{{route="{route}"}}'].payload.buckets:
            le = "+Inf" if bound == INF else str(bound)
            key = ("request_duration_seconds_bucket", ("le", le), ("route", route))
            assert count == samples[1][key] - samples[0][key]
        key = ("requests_total", ("code", "200"), ("route", route))
        assert values_of(records[f'requests_total{{code="200",route="{route}"}}']) == [
            samples[1][key] - samples[0][key]
        ]
    assert records["response_size_bytes"].count == 500
    assert records["write_seconds"].metric == "duration_mean"
    assert not [r for r in records.values() if r.flags]


def test_a_series_that_is_new_began_at_nothing() -> None:
    [record] = differences("# TYPE q gauge\nq 1\n", histogram(3, 4))
    assert isinstance(record, Record)
    assert (record.count, record.flags) == (4, ())


@pytest.mark.parametrize("before", [histogram(1, 2), histogram(5, 9)], ids=["it-grew", "it-fell"])
def test_a_counter_that_says_that_it_began_anew_counts_in_full_and_says_so(before: str) -> None:
    before, after = f"{before}t_seconds_created 1\n", histogram(3, 4, more="t_seconds_created 2\n")
    [record] = [r for r in differences(before, after) if isinstance(r, Record)]
    assert (record.payload.buckets[0], record.flags) == ((0.1, 3.0), ("snapshot",))


@pytest.mark.parametrize("counted", [(3, 4), (70, 900)])
def test_scrapes_of_two_processes_are_refused(counted: tuple[int, int]) -> None:
    before = histogram(5, 9, more="process_start_time_seconds 51.5\n")
    with pytest.raises(CannotDecideError, match="another process"):
        differences(before, histogram(*counted, more="process_start_time_seconds 52\n"))


def stamped(counts: tuple[int, int], **facts: int) -> str:
    """Return a scrape with what it says of itself: `start`, `at`, `number`."""
    names = {"start": "process_start_time_seconds", "at": SCRAPED_AT, "number": PROCESS}
    return histogram(*counts, more="".join(f"{names[fact]} {value}\n" for fact, value in facts.items()))


OPEN = "the program was restarted, a second worker answered, or the scrapes are in the wrong order"
KNOWN = "the program was restarted, or a second worker answered"
OTHER = "a second worker answered, or the program was restarted"


@pytest.mark.parametrize(
    ("before", "after", "message", "may_be_swapped"),
    [
        pytest.param(stamped((5, 9)), stamped((3, 4)), f"t_seconds fell from 9 to 4: {OPEN}", True, id="all fell"),
        pytest.param(stamped((5, 9), start=1), stamped((3, 4), start=1), f"from 9 to 4: {OPEN}", True, id="start"),
        pytest.param(stamped((5, 9)), stamped((3, 20)), f"from 5 to 3: {KNOWN}", False, id="some grew"),
        pytest.param(stamped((5, 9), at=1), stamped((3, 4), at=9), f"from 9 to 4: {KNOWN}", False, id="in time"),
        pytest.param(
            stamped((5, 9), at=1, number=7), stamped((3, 4), at=9, number=7), "the program set it back", False, id="one"
        ),
        pytest.param(stamped((5, 9), at=9), stamped((3, 4), at=1), "was taken before", True, id="wrong order"),
        pytest.param(
            stamped((5, 9), at=1, number=7), stamped((3, 4), at=9, number=8), f"differs): {OTHER}", False, id="worker"
        ),
        pytest.param(stamped((5, 9), start=1), stamped((3, 4), start=2), f"differs): {OTHER}", False, id="restart"),
        pytest.param(
            stamped((5, 9), start=2),
            stamped((3, 4), start=1),
            "or the scrapes are in the wrong order",
            True,
            id="older",
        ),
        pytest.param(
            stamped((5, 9), start=2, at=1), stamped((3, 4), start=1, at=9), f"differs): {OTHER}", False, id="second"
        ),
    ],
)
def test_counters_that_contradict_are_told_with_what_is_known_and_a_hint_to_swap_only_where_it_may_help(
    before: str, after: str, message: str, *, may_be_swapped: bool
) -> None:
    with pytest.raises(CannotDecideError) as caught:
        differences(before, after)
    [fault] = caught.value.diagnostics
    assert message in fault.message
    assert ("first" in fault.hint) is may_be_swapped


@pytest.mark.parametrize(("bad", "count"), [("before", 5), ("after", 5000)])
def test_a_histogram_whose_count_is_not_its_last_bucket_is_no_measurement(bad: str, count: int) -> None:
    sides = {"before": histogram(0, 0), "after": histogram(960, 1000)}
    sides[bad] = re.sub(r"t_seconds_count \d+", f"t_seconds_count {count}", sides[bad])
    slow = replace(HITS, part=parse_selector("t_seconds_sum"), whole=parse_selector("t_seconds_count"))
    found = differences(sides["before"], sides["after"], ForeignOptions(ratios=(slow,)))
    assert not [f for f in found if isinstance(f, Record)]
    assert all(f"its count is {count}, and its bucket" in f.why for f in found if isinstance(f, Skipped))


def test_one_scrape_of_a_histogram_whose_count_is_not_its_last_bucket_is_no_measurement() -> None:
    text = histogram(3, 4).replace("t_seconds_count 4", "t_seconds_count 5")
    [skipped] = parse(scrape(text), ForeignOptions())
    assert isinstance(skipped, Skipped)
    assert 'it contradicts itself: its count is 5, and its bucket le="+Inf" holds 4' in skipped.why


def test_buckets_that_changed_between_the_scrapes_are_skipped() -> None:
    [skipped] = differences(histogram(3, 4), histogram(5, 6, bounds=("0.2", "+Inf")))
    assert skipped == Skipped(benchmark="t_seconds", why="its buckets are not those of the first scrape")


def test_a_series_that_is_gone_is_told() -> None:
    assert differences(histogram(3, 4), "# TYPE q gauge\nq 1\n")[1] == Skipped(
        benchmark="t_seconds", why="it is not in the second scrape"
    )


def test_a_counter_has_no_direction_until_the_user_gives_one() -> None:
    before, after = "# TYPE n_total counter\nn_total 3\n", "# TYPE n_total counter\nn_total 10\n"
    [record] = differences(before, after)
    assert isinstance(record, Record)
    assert (values_of(record), record.better, record.is_side) == ([7.0], None, True)
    [record] = differences(before, after, ForeignOptions(direction="lower"))
    assert isinstance(record, Record)
    assert (record.metric, record.better, record.is_side) == ("total", "lower", False)


def test_what_a_runtime_tells_of_itself_is_never_judged() -> None:
    text = '# TYPE go_gc_duration_seconds summary\ngo_gc_duration_seconds{quantile="0.5"} 0.1\n'
    assert only(text, ForeignOptions(direction="lower")).is_side


BEFORE = """# TYPE ops_total counter
ops_total{op="hit"} 10
ops_total{op="miss"} 10
# TYPE models gauge
models 1
"""
AFTER = BEFORE.replace('"hit"} 10', '"hit"} 90').replace('"miss"} 10', '"miss"} 30').replace("models 1", "models 2")
HITS = Ratio(
    name="hit_rate", part=parse_selector('ops_total{op="hit"}'), whole=parse_selector("ops_total"), better="higher"
)


def test_a_ratio_is_of_what_was_counted_between_the_scrapes_with_its_counts() -> None:
    found = differences(BEFORE, AFTER, ForeignOptions(ratios=(HITS,)))
    (record,) = [r for r in found if isinstance(r, Record) and r.metric == "hit_rate"]
    assert (record.benchmark, record.payload, record.better) == ("ops_total", Share(hits=80, of=100), "higher")


def test_a_ratio_of_sums_of_times_has_no_counts() -> None:
    logging = replace(
        HITS, name="logging", part=parse_selector("log_seconds_sum"), whole=parse_selector("t_seconds_sum")
    )
    before = histogram(1, 2) + histogram(1, 2, name="log_seconds")
    after = (histogram(3, 4) + histogram(3, 4, name="log_seconds")).replace("t_seconds_sum 1.5", "t_seconds_sum 5.5")
    after = after.replace("log_seconds_sum 1.5", "log_seconds_sum 2.5")
    found = differences(before, after, ForeignOptions(ratios=(logging,)))
    (record,) = [r for r in found if isinstance(r, Record) and r.metric == "logging"]
    assert (record.benchmark, record.payload) == ("t_seconds", Single(value=0.25))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (BEFORE, BEFORE, "nothing was counted"),
        (BEFORE.replace("op=", "opp="), AFTER.replace("op=", "opp="), "no series of ops_total has the label op"),
        ("# TYPE up_total counter\nup_total 1\n", "# TYPE up_total counter\nup_total 2\n", "no series is ops_total"),
    ],
)
def test_a_ratio_of_nothing_is_skipped_by_name(before: str, after: str, why: str) -> None:
    found = differences(before, after, ForeignOptions(ratios=(HITS,)))
    assert [s.why for s in found if isinstance(s, Skipped) and s.metric == "hit_rate"] == [why]


def taken_at(text: str, seconds: float) -> str:
    return f"{text}# TYPE {SCRAPED_AT} gauge\n{SCRAPED_AT} {seconds}\n"


@pytest.mark.parametrize(("first", "second", "rate"), [(1000, 1010, 10.0), (1000, 1000, None), (None, 1000, None)])
def test_scrapes_that_say_when_they_were_taken_have_a_throughput(first, second, rate) -> None:
    before = BEFORE if first is None else taken_at(BEFORE, first)
    found = differences(before, taken_at(AFTER, second))
    rates = {r.benchmark: r.payload for r in found if isinstance(r, Record) and r.metric == "throughput"}
    assert rates == ({} if rate is None else {"ops_total": Single(value=rate)})


def test_a_second_scrape_that_was_taken_earlier_is_refused() -> None:
    with pytest.raises(CannotDecideError, match="was taken before the other scrape"):
        differences(taken_at(BEFORE, 1010), taken_at(AFTER, 1000))


def reasons(found: list[Record | Skipped]) -> list[str]:
    """Return why there is no hit rate; one that is there fails."""
    assert not [r for r in found if isinstance(r, Record) and r.metric == "hit_rate"]
    return [s.why for s in found if isinstance(s, Skipped) and s.metric == "hit_rate"]


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (AFTER.replace('"hit"} 90', '"hit"} NaN'), 'ops_total{op="hit"}: it grew by nan, which is no amount'),
        (AFTER.replace('"hit"} 90', '"hit"} +Inf'), 'ops_total{op="hit"}: it grew by inf, which is no amount'),
        (AFTER.replace('ops_total{op="hit"} 90\n', ""), 'ops_total{op="hit"}: it is not in the second scrape'),
    ],
)
def test_a_counter_that_is_no_number_or_gone_is_no_ratio_of_zero(after: str, why: str) -> None:
    assert after != AFTER
    assert reasons(differences(BEFORE, after, ForeignOptions(ratios=(HITS,)))) == [why]


def test_a_ratio_of_buckets_that_changed_is_skipped() -> None:
    fast = replace(HITS, part=parse_selector('t_seconds_bucket{le="0.1"}'), whole=parse_selector("ops_total"))
    both = [BEFORE + histogram(1, 2), AFTER + histogram(3, 4, bounds=("0.2", "+Inf"))]
    [why] = reasons(differences(*both, ForeignOptions(ratios=(fast,))))
    assert why == 't_seconds_bucket{le="0.1"}: its buckets are not those of the first scrape'


def test_one_counter_that_began_anew_leaves_no_ratio_and_no_throughput_of_old_and_new_counts() -> None:
    before = taken_at(BEFORE.replace("# TYPE models", 'ops_created{op="miss"} 1\n# TYPE models'), 1000)
    after = taken_at(AFTER.replace("# TYPE models", 'ops_created{op="miss"} 2\n# TYPE models'), 1010)
    found = differences(before, after, ForeignOptions(ratios=(HITS,)))
    why = 'ops_total{op="miss"} began anew between the scrapes: a program was restarted'
    assert reasons(found) == [why]
    rates = [f for f in found if f.metric == "throughput"]
    assert rates == [Skipped(benchmark="ops_total", metric="throughput", why=why)]


def test_a_ratio_of_one_scrape_is_skipped_as_its_counters_are() -> None:
    contents = to_number(AFTER, ForeignOptions(ratios=(HITS,)))
    assert "hit_rate" not in {r.metric for r in contents.records}
    [why] = {s.why for s in contents.skipped}
    assert why == "a total since the start: give a scrape before it, too"


def test_a_matcher_without_series_is_remarked_once_in_the_notes_beside_its_ratio() -> None:
    before = BEFORE.replace('"}', '",model="a"}') + 'ops_total{op="hit",model="b"} 1\n'
    after = before.replace(" 10\n", " 20\n").replace('"b"} 1', '"b"} 2')
    misspelled = replace(HITS, part=parse_selector('ops_total{op="hti"}'), by=("model",))
    options = ForeignOptions(ratios=(misspelled,))
    found = list(between(scrape(before), scrape(after), options))
    rates = [r for r in found if isinstance(r, Record) and r.metric == "hit_rate"]
    remark = 'hit_rate: op="hti" selects no series; the values are "hit", "miss"'
    assert [r.remark for r in rates] == [remark, ""]
    contents = read(scrape(after), named("prometheus-text"), options, before=scrape(before))
    assert remark in [n.message for n in to_runs(contents, "after.prom").notes]


def test_a_gauge_with_a_budget_is_judged_in_the_direction_of_its_limit() -> None:
    found = differences(BEFORE, AFTER, ForeignOptions(limited={"models": "higher"}))
    (record,) = [r for r in found if isinstance(r, Record) and r.benchmark == "models"]
    assert (values_of(record), record.better, record.is_side) == ([2.0], "higher", False)


def test_scrapes_of_two_workers_that_began_at_the_same_instant_are_refused() -> None:
    def scraped(number: int) -> str:
        return f"# TYPE {PROCESS} gauge\n{PROCESS} {number}\nprocess_start_time_seconds 1000\n"

    with pytest.raises(CannotDecideError, match=f"is of another process .{PROCESS} differs"):
        differences(BEFORE + scraped(1), AFTER + scraped(2))
    assert differences(BEFORE + scraped(1), AFTER + scraped(1))
