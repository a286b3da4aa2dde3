"""Never green by silence: one fault in the configuration of a project that is green without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from collections.abc import Callable

OWN = "perfgate.toml"
RULE = '[[rule]]\nbenchmark = "train"\n'
BUDGET = '[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p95"\n'


def test_a_sound_configuration_leaves_the_project_green(green: Project) -> None:
    green.write(OWN, f'[defaults]\nthreshold = "+6%"\n{RULE}threshold = "+7%"\n{BUDGET}limit = "< 100s"\n')
    assert_green(green.cli("check"))


TEXTS: dict[str, tuple[str, str, str]] = {
    "unknown-key": ("baseline = 'x'", r"perfgate\.toml.*baseline", "schema config"),
    "unknown-default": ("[defaults]\nthreshhold = '+5%'", r"perfgate\.toml.*threshhold", "schema config"),
    "unknown-rule-key": (f"{RULE}limit = '+5%'", r"perfgate\.toml:3: .*limit", "schema config"),
    "a-ratio": ("[defaults]\nthreshold = '1.05'", r':2: threshold: .*did you mean "\+5%"', "schema config"),
    "a-bare-number": ("[defaults]\nthreshold = '5'", r':2: threshold: .*did you mean "\+5%"', "schema config"),
    "a-real-number": ("[defaults]\nthreshold = 1.05", r":2: threshold", "schema config"),
    "a-percentage-of-it": ("[defaults]\nthreshold = '105%'", r':2: threshold: .*did you mean "\+5%"', "schema config"),
    "no-sign": ("[defaults]\nthreshold = '5%'", r':2: threshold: .*did you mean "\+5%"', "schema config"),
    "an-empty-text": ("[defaults]\nthreshold = ''", r":2: threshold", "schema config"),
    "unknown-unit": ("[defaults]\nthreshold = '+3parsec'", r":2: threshold: .*parsec", "schema config"),
    "false-alarms": ("[defaults]\nfalse_alarms = '90%'", r":2: false_alarms", "schema config"),
    "rule-ratio": (f"{RULE}threshold = '1.05'", r':3: threshold: .*did you mean "\+5%"', "schema config"),
    "rule-without-benchmark": (
        '[[rule]]\nbenchmark = "trian"\nthreshold = "+5%"', r'rule 1 .*no benchmark "trian"', 'did you mean "train"',
    ),
    "rule-without-metric": (f'{RULE}metric = "elapse"', r'rule 1 .*no metric "elapse"', 'did you mean "elapsed"'),
    "rule-without-statistic": (f'{RULE}statistic = "p42"', r":3: statistic", "schema config"),
    "rule-shadowed": (f'[[rule]]\nbenchmark = "*"\n{RULE}', r"rule 2 .*never applies: rule 1", "move it"),
    "rule-of-another-unit": (f'{RULE}metric = "elapsed"\nthreshold = "+3MB"', "rule 1 .*does not fit", "share"),
    "rule-the-wrong-way": (f'{RULE}metric = "elapsed"\nthreshold = "-3%"', "rule 1 .*wrong way", r'"\+3%"'),
    "unknown-level": (f"{RULE}level = 'error'", r":3: level", "schema config"),
    "budget-without-benchmark": (
        '[[budget]]\nbenchmark = "trian"\nmetric = "elapsed"\nstatistic = "p95"\nlimit = "< 1s"',
        'budget 1 .*no benchmark matches "trian"', "correct the name",
    ),
    "budget-without-metric": (
        '[[budget]]\nbenchmark = "train"\nmetric = "latency"\nstatistic = "p95"\nlimit = "< 1s"',
        "train latency: no run contains the metric", "record it",
    ),
    "budget-of-another-unit": (f'{BUDGET}limit = "< 5MB"', "budget 1 .*does not fit", "unit of the metric"),
    "budget-without-comparison": (f'{BUDGET}limit = "100ms"', r":5: limit", "schema config"),
    "budget-warns-too-late": (f'{BUDGET}limit = "< 1s"\nwarn = "< 2s"', r":6: warn", "schema config"),
    "not-toml": ("[defaults\n", r"perfgate\.toml is not TOML.*line 1", "correct the line"),
    "not-utf-8": ("runs = ['\udcff']", r"perfgate\.toml is not UTF-8", "UTF-8"),
    "wrong-type": ("runs = 'outputs'", r"perfgate\.toml:1: runs", "schema config"),
    "everything-excluded": ('exclude = ["*"]', "nothing was judged", "exclude list"),
    "runs-elsewhere": ('runs = ["elsewhere/*.json"]', "no run files in elsewhere", "perfgate run"),
    "baselines-elsewhere": ('baselines = "elsewhere"', "elsewhere: there is no baseline", "perfgate baseline refresh"),
    "class-by-hand": ('machine_class = "laptop"', "machine class", "--machine-class"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "cause", "cure"), TEXTS.values(), ids=TEXTS)
def test_a_faulty_configuration_is_never_passed_over(green: Project, text: str, cause: str, cure: str) -> None:
    green.write(OWN, text.encode("utf-8", "surrogateescape"))
    outcome = green.cli("check", "--report", "r.json")
    assert_cannot_decide(outcome, cause, cure)
    assert green.read_json("r.json")["verdict"] == "error"
    assert "\nCANNOT DECIDE  " in f"\n{outcome.stdout}"


def _both(project: Project) -> None:
    project.write(OWN, "")
    project.write("pyproject.toml", "[tool.perfgate]\n")


FILES: dict[str, tuple[Callable[[Project], object], str, str]] = {
    "both-files": (_both, r"both perfgate\.toml and \[tool\.perfgate\]", "keep one"),
    "shared-not-toml": (
        lambda p: p.write("pyproject.toml", "[tool.perfgate]\nruns = ["), r"pyproject\.toml is not TOML",
        "correct the line",
    ),
    "folder": (lambda p: p.path(OWN).mkdir(), r"perfgate\.toml is not a file", "correct it"),
    "link-to-nowhere": (lambda p: p.path(OWN).symlink_to("gone.toml"), r"perfgate\.toml .*link", "correct it"),
    "link-loop": (lambda p: p.path(OWN).symlink_to(OWN), r"perfgate\.toml .*link", "correct it"),
    "shared-link-to-nowhere": (
        lambda p: p.path("pyproject.toml").symlink_to("gone"), r"pyproject\.toml .*link", "correct it",
    ),
    "giant": (lambda p: p.write(OWN, b"#" * (2 << 20)), r"perfgate\.toml is larger than", "--config"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "cause", "cure"), FILES.values(), ids=FILES)
def test_a_configuration_file_that_cannot_be_read_is_never_passed_over(
    green: Project, spoil: Callable[[Project], object], cause: str, cure: str
) -> None:
    spoil(green)
    outcome = green.cli("check", "--report", "r.json")
    assert_cannot_decide(outcome, cause, cure)
    assert green.read_json("r.json")["verdict"] == "error"


def test_a_configuration_named_by_hand_must_exist(green: Project) -> None:
    outcome = green.cli("check", "--config", "gone.toml", "--report", "r.json")
    assert_cannot_decide(outcome, r"gone\.toml cannot be read", "--config")
    assert green.read_json("r.json")["verdict"] == "error"


def test_every_fault_of_a_configuration_is_told_at_once(green: Project) -> None:
    green.write(OWN, f"[defaults]\nthreshold = '5'\n{RULE}threshold = '105%'\n")
    outcome = green.cli("check")
    assert outcome.code == 2
    assert [p for p in ("perfgate.toml:2: threshold", "perfgate.toml:5: threshold") if p not in outcome.stderr] == []


@pytest.mark.parametrize(
    ("arguments", "cause", "cure"),
    [
        pytest.param(("--bogus",), "no option --bogus", "perfgate --help", id="program-option"),
        pytest.param(("chekc",), 'no command "chekc"', "perfgate --help", id="command"),
        pytest.param((), "no command given", "perfgate --help", id="no-command"),
        pytest.param(("check", "--bogus"), "no option --bogus", "perfgate check --help", id="option"),
        pytest.param(("check", "--format", "xml"), "xml", "perfgate check --help", id="choice"),
        pytest.param(("check", "--report", "r.exe"), r"r\.exe", "perfgate check --help", id="report-suffix"),
        pytest.param(
            ("check", "--baseline", "b", "--baseline-ref", "HEAD"), "exclude each other", "check --help", id="both",
        ),
        pytest.param(("check", "--machine-class", "../x"), "--machine-class: .*x", "letters", id="class"),
        pytest.param(("baseline",), "no command given", "perfgate baseline --help", id="no-subcommand"),
        pytest.param(("baseline", "refersh"), "refersh", "perfgate baseline --help", id="subcommand"),
        pytest.param(("baseline", "refresh", "--keep", "0"), "keep", "perfgate baseline refresh --help", id="range"),
        pytest.param(("run",), "needs -- CMD", "perfgate run --help", id="no-cmd"),
        pytest.param(("run", "-n", "ten", "--", "true"), "ten", "perfgate run --help", id="not-a-number"),
        pytest.param(("run", "--benchmark", "", "--", "true"), "--benchmark", "perfgate run --help", id="empty-name"),
        pytest.param(("schema", "gate"), "gate", "perfgate schema --help", id="schema"),
        pytest.param(("report", "gone.json"), r"gone\.json does not exist", "path", id="report"),
        pytest.param(("explain", "trian"), 'no benchmark "trian"', 'did you mean "train"', id="explain"),
        pytest.param(("baseline", "show", "trian"), 'no benchmark "trian"', 'did you mean "train"', id="show"),
        pytest.param(("collect", "--tolerance", "nan"), '"nan" is not a number', "collect --help", id="nan-share"),
        pytest.param(("check", "--min-time", "nan"), '"nan" is not a number', "perfgate check --help", id="nan-time"),
        pytest.param(
            ("waive", "train", "elapsed", "--ceiling", "+5MB", "--until", "2099-01-01", "--reason", "x"),
            "does not fit elapsed", r"\+5%", id="ceiling-of-another-unit",
        ),
        pytest.param(("collect", "gone.json"), r"gone\.json does not exist", "runs are here", id="collect"),
    ],
)  # fmt: skip
def test_a_mistyped_command_line_exits_2(green: Project, arguments: tuple[str, ...], cause: str, cure: str) -> None:
    assert_cannot_decide(green.cli(*arguments), cause, cure)
