"""`perfgate --verbose`: what was read, on stderr, behind everything else."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from perfgate.core.text import steps

if TYPE_CHECKING:
    import pytest
    from support import Project


def test_it_says_which_configuration_files_baselines_and_methods(green: Project) -> None:
    outcome = green.cli("--verbose", "check")
    assert outcome.code == 0
    assert outcome.stdout == green.cli("check").stdout
    lines = outcome.stderr.splitlines()
    assert all(line.startswith("perfgate: ") for line in lines)
    assert outcome.stderr.count("perfgate: configuration: ") == 1
    for start in (
        "configuration: ",
        "run files: 40 by outputs/model_runs/*.json: outputs/",
        "baselines: 2 from ",
        "judged: ",
    ):
        assert any(line.startswith(f"perfgate: {start}") for line in lines), start


def test_without_it_nothing_is_said_and_logging_is_not_loaded_for_it(green: Project) -> None:
    assert green.cli("check").stderr == ""
    program = (
        "import sys; from perfgate.core.text.steps import log_step; log_step('x'); print('logging' in sys.modules)"
    )
    assert green.command(sys.executable, "-S", "-c", program).stdout == "False\n"


def test_the_first_line_of_exit_code_2_is_the_cause(green: Project) -> None:
    green.drop_runs("*-score-*")
    outcome = green.cli("--verbose", "check")
    assert outcome.code == 2
    assert outcome.cause.startswith("cannot decide: ")
    assert "\nperfgate: configuration: " in outcome.stderr


def test_behind_check_it_shows_all_values_as_well(green: Project) -> None:
    outcome = green.cli("check", "--verbose")
    assert outcome.code == 0
    assert outcome.stderr == green.cli("--verbose", "check").stderr
    assert "\nHow this was measured\n" in outcome.stdout
    assert "\nPercentiles of too few runs (2)\n" in outcome.stdout


def test_behind_a_command_without_it_it_is_refused_with_the_words_that_work(green: Project) -> None:
    outcome = green.cli("validate", "--verbose")
    assert outcome.code == 2
    assert outcome.block == (
        "cannot decide: --verbose stands before the command [usage]\n  hint: perfgate --verbose validate"
    )


def test_the_words_of_a_measured_command_are_not_said(project: Project) -> None:
    outcome = project.cli("--verbose", "run", "-n", "1", "--", "true", "--token=hunter2")
    assert outcome.code == 0
    assert "perfgate: benchmark: true" in outcome.stderr
    assert "hunter2" not in outcome.stderr


def test_a_command_has_an_option_of_that_name_for_itself(project: Project) -> None:
    assert project.cli("run", "-n", "1", "--", "echo", "--verbose").code == 0


def test_a_program_that_listens_to_the_logger_hears_the_steps(caplog: pytest.LogCaptureFixture) -> None:
    steps.log_step("not heard: %s", 1)
    with caplog.at_level(logging.INFO, logger="perfgate"):
        steps.log_step("heard: %s", 2)
    assert caplog.messages == ["heard: 2"]
