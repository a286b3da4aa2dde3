from __future__ import annotations

import pytest
from adapter import read
from command_line import checked_by_process, family_of
from deployed import score_deployed
from draws import draw, slowed
from experiment import IN_TURNS, UNCHANGED, Results, Scale, Setting, Share, Task, run, score
from gate import outcomes
from noise import DATA, STRESS, load
from page import PAGE, filled, held, stale
from tables import BENCHMARKS, tables

pytestmark = pytest.mark.heavy

NOISE = load()
SMALL = Scale(unchanged=30, slowed=15)
CALM = [each.name for each in NOISE.sets if each.name != STRESS]


def requests_of(name, setting, count):
    return Task(DATA, name, setting, Scale(count, count), peers=False).requests()


def scored(setting):
    """Score a few pull requests of every calm data set, by the peers as well."""
    cells = {(setting, n): score(requests_of(n, setting, SMALL.unchanged), setting, SMALL, peers=True) for n in CALM}
    return Results(cells, SMALL)


@pytest.fixture(scope="module")
def few():
    """A few pull requests, scored in turns and against five sessions."""
    return {sessions: scored(Setting(sessions, BENCHMARKS)) for sessions in (IN_TURNS, 5)}


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [IN_TURNS, 5])
def test_unchanged_pull_requests_fail_far_less_often_than_by_p95_plus_three_percent(few, sessions):
    ours, theirs = (
        few[sessions].of(Setting(sessions, BENCHMARKS), gate, UNCHANGED) for gate in (("perfgate", 0), ("p95 +3 %", 0))
    )
    assert theirs.percent > 25
    assert ours.percent < theirs.percent / 8


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [IN_TURNS, 5])
def test_a_benchmark_twice_as_slow_is_nearly_always_found(few, sessions):
    assert few[sessions].of(Setting(sessions, BENCHMARKS), ("perfgate", 0), "+100 %").percent > 85


@pytest.mark.slow
def test_more_is_found_in_turns_than_against_sessions(few):
    found = {s: few[s].of(Setting(s, BENCHMARKS), ("perfgate", 0), "+10 %").percent for s in few}
    assert found[IN_TURNS] > found[5] + 10


@pytest.mark.slow
def test_a_third_session_only_clears_what_the_second_left(few):
    scores = next(iter(few[5].cells.values()))
    for what, share in scores["perfgate", 2].items():
        assert share.hits <= scores["perfgate", 1][what].hits


def test_a_change_that_was_really_deployed_is_found_and_equal_versions_pass():
    scores = score_deployed(NOISE.deployed, count=60, seed=3)["perfgate, threshold +5%"]
    assert scores["the same code"].percent <= 5
    assert scores["about 85 % slower"].percent > 85
    assert scores["the same code"].hits < scores["about 5 % slower"].hits


@pytest.mark.parametrize("sessions", [IN_TURNS, 5])
@pytest.mark.parametrize("name", CALM)
def test_the_same_seed_draws_the_same_however_many_are_wanted(name, sessions):
    setting = Setting(sessions, BENCHMARKS)
    assert requests_of(name, setting, 2) == requests_of(name, setting, 3)[:2]
    other = Task(DATA, name, setting, Scale(2, 2, seed=2), peers=False).requests()
    assert other != requests_of(name, setting, 2)


@pytest.mark.parametrize("name", [each.name for each in NOISE.sets])
def test_a_pull_request_has_the_size_that_was_asked_for(name):
    (request,) = requests_of(name, Setting(2, 7, runs=5), 1)
    assert len(request.rows) == 7
    for base, current in request.rows:
        assert [len(session) for session in base] == [5, 5]
        assert [len(session) for session in current] == [5, 5, 5]


def test_too_few_recorded_sessions_give_no_pull_request():
    blocks = next(s for s in NOISE.sets if s.name == STRESS)
    assert draw(blocks.apart, 1, count=1, rows=1, sessions=9, runs=10)
    assert draw(blocks.apart, 1, count=1, rows=1, sessions=10, runs=10) == []


def test_slowing_touches_the_current_runs_of_the_first_benchmark_alone():
    (request,) = requests_of("php", Setting(2, 3), 1)
    changed = slowed(request, 2.0)
    assert changed.rows[1:] == request.rows[1:]
    assert changed.rows[0][0] == request.rows[0][0]
    assert changed.rows[0][1] == [[pytest.approx(2 * v) for v in s] for s in request.rows[0][1]]


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [IN_TURNS, 5])
@pytest.mark.parametrize("form", ["profile", "runs"])
def test_the_command_line_says_the_same_as_the_decision_in_process(sessions, form, monkeypatch):
    monkeypatch.setenv("EVAL_INPUT", form)
    monkeypatch.setenv("EVAL_MODE", "")
    monkeypatch.setenv("EVAL_THRESHOLD", "")
    setting = Setting(sessions, BENCHMARKS)
    request = slowed(requests_of("gab", setting, 1)[0], 1.5)
    said = outcomes(request, setting.threshold, in_turns=sessions == IN_TURNS)
    assert any(not outcome.is_clean for outcome in said)
    assert checked_by_process(request, setting) == said


def test_an_adapter_tells_of_a_suite_that_moved_together_by_its_last_benchmark(tmp_path, monkeypatch):
    monkeypatch.setenv("EVAL_MODE", "one")
    row = '{"benchmark": "%s", "metric": "elapsed", "statistic": "p50", "status": "%s"}'
    rows = ", ".join(row % each for each in (("a", "unchanged"), ("b", "suspected"), ("(all benchmarks)", "regressed")))
    (tmp_path / "report-current.json").write_text(f'{{"findings": [{rows}]}}')
    assert {name: said["p50"] for name, said in read(tmp_path, None).items()} == {"a": "pass", "b": "fail"}


def test_the_sessions_of_a_baseline_are_handed_out_oldest_first():
    (request,) = requests_of("php", Setting(3, 1), 1)
    runs = family_of(request)["bench00"]["baseline"]
    assert [run["session"] for run in runs] == ["s3"] * 10 + ["s2"] * 10 + ["s1"] * 10


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0, 16.11)]
)
def test_intervals_are_those_of_a_published_table(hits, of, low, high):
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3
    assert Share(hits, of).interval() == pytest.approx((low, high), abs=0.006)


@pytest.mark.slow
def test_the_page_holds_what_is_found_today():
    # Two rows and a table stand for the rest, which `evaluate.py --check` compares in full.
    scale = Scale()
    results = run(DATA, [(Setting(sessions, 1), False) for sessions in (IN_TURNS, 1)], scale, jobs=1)
    found = tables(results, score_deployed(NOISE.deployed, scale.unchanged, scale.seed))
    page = held(PAGE.read_text(encoding="utf-8"))
    rows = [line for line in found["families"].splitlines()[2:] if "| – |" not in line]
    advice = "run: python tests/evaluation/evaluate.py --write"
    assert len(rows) == 3
    assert set(rows) <= set(page["families"].splitlines()), advice
    assert page["deployed"] == found["deployed"], advice


def test_a_page_with_another_figure_is_stale():
    text = "a\n<!-- table one -->\n<!-- end -->\nb\n<!-- table two -->\nkept\n<!-- end -->\n"
    full = filled(text, {"one": "| 1 |\n"})
    assert stale(full, {"one": "| 1 |\n"}) == []
    assert stale(full, {"one": "| 2 |\n", "three": "| 3 |\n"}) == ["one", "three"]
    assert held(full)["two"] == "kept\n"


def percent_of(page, table, row, column):
    """Return a share on the page, in percent."""
    head, _, *lines = (line.strip("| ").split(" | ") for line in held(page)[table].splitlines())
    (cells,) = [cells for cells in lines if cells[0] == row]
    return float(cells[head.index(column)].split()[0])


@pytest.mark.parametrize(
    ("row", "column", "least", "most"),
    [
        pytest.param("interleaved, in one job, threshold +5%", "+10 %", 60, 100, id="interleaved: most of 10 %"),
        pytest.param("5 sessions, confirmed by a second", "+25 %", 60, 100, id="five sessions: most of 25 %"),
        pytest.param("5 sessions, confirmed by a second", "+10 %", 40, 65, id="five sessions: half of 10 %"),
        pytest.param("1 session, confirmed by a second", "+50 %", 60, 100, id="one session: most of 50 %"),
        pytest.param("1 session, confirmed by a second", "+10 %", 0, 10, id="one session: next to none of 10 %"),
        pytest.param("5 sessions", "needs confirmation", 0, 15, id="few need confirmation"),
    ],
)
def test_what_the_page_says_in_words_is_in_its_table(row, column, least, most):
    assert least <= percent_of(PAGE.read_text(encoding="utf-8"), "modes", row, column) <= most


def test_every_recorded_file_has_its_origin_and_licence_and_all_are_small():
    told = (DATA / "README.md").read_text(encoding="utf-8")
    files = sorted(DATA.glob("*.gz"))
    assert len(files) == 7
    assert all(f"| `{path.name}` |" in told for path in files)
    assert sum(path.stat().st_size for path in files) < 600_000
