"""Never green by silence: interruptions, crashes, broken installations and outputs that cannot be written."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from support import Outcome, Project, assert_cannot_decide

if TYPE_CHECKING:
    from pathlib import Path

PERFGATE = (sys.executable, "-m", "perfgate")
SLEEPY = """
import os, time
listed = os.scandir
def slow(path="."):
    if "model_runs" in str(path):
        open("started", "w").close()
        time.sleep(60)
    return listed(path)
os.scandir = slow
"""


def heed_ctrl_c() -> None:
    """Let a child hear what a background job's children are born deaf to."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(project: Project, *arguments: str, **variables: str) -> Outcome:
    """Run perfgate until a file ``started`` is there, then send it what Ctrl-C sends."""
    process = subprocess.Popen(
        [*PERFGATE, *arguments], cwd=project.root, env=project.environment(**variables), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - one thread here, and nothing but the call
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not project.path("started").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    return Outcome(process.returncode, stdout, stderr)


def test_ctrl_c_while_a_command_is_measured_exits_2(green: Project) -> None:
    outcome = interrupted(green, "run", "--", "sh", "-c", "touch started; exec sleep 60")
    assert_cannot_decide(outcome, "interrupted", "again")


def test_ctrl_c_while_checking_exits_2(green: Project) -> None:
    green.write("slow/sitecustomize.py", SLEEPY)
    outcome = interrupted(green, "check", "--report", "r.json", PYTHONPATH=str(green.path("slow")))
    assert_cannot_decide(outcome, "interrupted", "again")
    assert not green.path("r.json").exists()


def test_ctrl_c_while_refreshing_exits_2_and_changes_nothing(green: Project) -> None:
    green.write("slow/sitecustomize.py", SLEEPY)
    before = green.baseline_files()
    outcome = interrupted(green, "baseline", "refresh", PYTHONPATH=str(green.path("slow")))
    assert_cannot_decide(outcome, "interrupted", "again")
    assert green.baseline_files() == before


def piped_to_nobody(project: Project, *arguments: str) -> Outcome:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*PERFGATE, *arguments], cwd=project.root, env=project.environment(), stdout=writer,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)
    return Outcome(done.returncode, "", done.stderr)


def written_to(project: Project, path: str, *arguments: str) -> Outcome:
    with open(path, "w", encoding="utf-8") as stdout:
        done = subprocess.run(
            [*PERFGATE, *arguments], cwd=project.root, env=project.environment(), stdout=stdout,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    return Outcome(done.returncode, "", done.stderr)


COMMANDS = {
    "check": ("check", "--report", "r.json"),
    "check-json": ("check", "--format", "json", "--report", "r.json"),
    "collect": ("collect",),
    "list": ("baseline", "list"),
    "help": ("--help",),
    "schema": ("schema", "run"),
}
FIRST = {"check", "collect"}
EACH = [pytest.param(c, id=n, marks=[] if n in FIRST else pytest.mark.slow) for n, c in COMMANDS.items()]


@pytest.mark.parametrize("arguments", EACH)
def test_a_reader_that_goes_away_is_told_and_costs_no_report(green: Project, arguments: tuple[str, ...]) -> None:
    outcome = piped_to_nobody(green, *arguments)
    assert_cannot_decide(outcome, "reader of the output ended", "> FILE")
    assert green.path("r.json").exists() == ("r.json" in arguments)


@pytest.mark.parametrize(
    "words", [["run", "-n", "2", "--", "true"], ["check", "--report", "r.json"]], ids=["run", "check"]
)
def test_a_closed_stdout_has_a_hint_that_works(green: Project, words: list[str]) -> None:
    command = [*PERFGATE, *words]
    outcome = green.command("sh", "-c", f"{shlex.join(command)} >&-")
    assert_cannot_decide(outcome, r"stdout is closed \[output-closed\]", "let it go to a file: > FILE")
    assert green.command("sh", "-c", f"{shlex.join(command)} > out").code in {0, 1}


@pytest.mark.parametrize(
    "words", [["run", "--", "true"], ["check"], ["collect"], ["ab", "--", "true"], ["runs", "list"]]
)
def test_a_working_folder_that_was_removed_is_named(green: Project, words: list[str]) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && {shlex.join([*PERFGATE, *words])}"
    outcome = green.command("sh", "-c", script)
    assert_cannot_decide(outcome, r"the working folder was removed \[folder-removed\]", "cd FOLDER")


@pytest.mark.parametrize("arguments", EACH)
def test_a_full_disk_behind_stdout_is_told_and_costs_no_report(green: Project, arguments: tuple[str, ...]) -> None:
    outcome = written_to(green, "/dev/full", *arguments)
    assert_cannot_decide(outcome, "No space left", "check the disk")
    assert green.path("r.json").exists() == ("r.json" in arguments)


def test_a_full_disk_behind_stderr_does_not_change_the_code(green: Project) -> None:
    green.drop_runs("new-*")
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*PERFGATE, "check"],
            cwd=green.root,
            env=green.environment(),
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )
    assert done.returncode == 2


def crashing(module: str, error: str = "RuntimeError('torn')") -> str:
    return (
        f"import perfgate.render.{module} as renderer\n"
        "def crash(document, style=None):\n"
        f"    raise {error}\n"
        "renderer.render = crash\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "form"),
    [
        pytest.param("terminal.report", "text", id="text"),
        pytest.param("markdown.report", "markdown", id="markdown"),
        pytest.param("as_json", "json", id="json"),
    ],
)
def test_a_crash_of_a_renderer_is_no_verdict(green: Project, module: str, form: str) -> None:
    green.write("broken/sitecustomize.py", crashing(module))
    outcome = green.cli("check", "--format", form, env={"PYTHONPATH": str(green.path("broken"))})
    assert_cannot_decide(outcome, r"crashed: RuntimeError: torn, in render/", "this is a fault of perfgate")


@pytest.mark.parametrize(
    "error",
    [
        "SystemExit(0)",
        pytest.param("SystemExit(1)", marks=pytest.mark.slow),
        pytest.param("RecursionError()", marks=pytest.mark.slow),
        "MemoryError()",
        pytest.param("OSError(5)", marks=pytest.mark.slow),
    ],
)
def test_whatever_a_crash_raises_it_is_no_verdict(green: Project, error: str) -> None:
    green.write("broken/sitecustomize.py", crashing("terminal.report", error))
    outcome = green.cli("check", "--report", "r.json", env={"PYTHONPATH": str(green.path("broken"))})
    assert_cannot_decide(outcome, ".", ".")
    assert json.loads(green.path("r.json").read_text())["exit_code"] == 0


def test_a_crash_while_a_regression_is_shown_is_no_regression(green: Project) -> None:
    green.change_runs("new-train-*", elapsed_sec=9.0)
    green.write("broken/sitecustomize.py", crashing("terminal.report"))
    outcome = green.cli("check", "--report", "r.json", env={"PYTHONPATH": str(green.path("broken"))})
    assert_cannot_decide(outcome, "crashed", "fault of perfgate")
    assert green.read_json("r.json")["verdict"] == "regression"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("raise ImportError('half of it is missing')", id="import-error"),
        pytest.param("import missing_part_of_it", id="missing-part"),
        pytest.param("raise RuntimeError('bad build')", id="crash"),
        pytest.param("def broken(:", id="syntax"),
        pytest.param("raise SystemExit(1)", id="exit-1"),
    ],
)
@pytest.mark.parametrize(
    "library",
    ["click", pytest.param("msgspec", marks=pytest.mark.slow)],
)
def test_a_broken_installation_is_no_verdict(green: Project, library: str, content: str) -> None:
    green.write(f"broken/{library}/__init__.py", content + "\n")
    outcome = green.cli("check", env={"PYTHONPATH": str(green.path("broken"))})
    assert_cannot_decide(outcome, ".", ".")
    if "mport" in content:
        assert_cannot_decide(outcome, "installation is broken", "install perfgate again from its repository")


def test_a_library_that_only_other_tables_need_stops_no_check(green: Project) -> None:
    green.write("broken/tabulate/__init__.py", "raise ImportError\n")
    environment = {"PYTHONPATH": str(green.path("broken"))}
    assert green.cli("check", env=environment).code == 0
    assert_cannot_decide(green.cli("baseline", "list", env=environment), "installation is broken", ".")


def test_a_crash_shows_its_traceback_to_those_who_ask(green: Project) -> None:
    green.write("broken/sitecustomize.py", crashing("terminal.report"))
    outcome = green.cli("check", env={"PYTHONPATH": str(green.path("broken")), "PERFGATE_DEBUG": "1"})
    assert outcome.code == 2
    assert outcome.cause.startswith("cannot decide: ")
    assert "Traceback" in outcome.stderr


def _folder(path: Path) -> str:
    path.mkdir()
    return path.name


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        pytest.param("r.md", r"r\.md is a folder", id="folder"),
        pytest.param("/dev/full", "/dev/full cannot be written .*No space", id="full-disk"),
        pytest.param("score.txt/r.md", r"score\.txt/r\.md cannot be written", id="below-a-file"),
        pytest.param("gone/loop/r.md", r"gone/loop/r\.md cannot be written", id="below-a-link-loop"),
    ],
)
def test_a_report_that_cannot_be_written_is_told_and_the_others_are_written(
    green: Project, target: str, cause: str
) -> None:
    _folder(green.path("r.md"))
    green.write("score.txt", "")
    _folder(green.path("gone"))
    green.path("gone/loop").symlink_to("loop")
    outcome = green.cli("check", "--report", target, "--report", "r.json")
    assert_cannot_decide(outcome, cause, "name a file")
    assert "\nPASS  " in outcome.stdout
    assert green.read_json("r.json")["schema"] == "perfgate/report/2"
    assert list(green.root.glob("**/*.tmp")) == []


def test_a_report_in_a_folder_that_does_not_exist_is_written(green: Project) -> None:
    assert green.cli("check", "--report", "new/folder/r.json").code == 0
    assert green.read_json("new/folder/r.json")["verdict"] == "pass"


def test_an_interruption_while_a_library_makes_its_classes_is_2_as_well(project: Project) -> None:
    # Libraries make classes by running text; the interpreter remembers an interruption of that.
    program = (
        "import os, signal, sys\n"
        "import perfgate.__main__ as door\n"
        "def run(_):\n"
        "    try:\n"
        "        exec('os.kill(os.getpid(), signal.SIGINT)\\nfor _ in range(9): pass')\n"
        "    except KeyboardInterrupt:\n"
        "        return 2\n"
        "door.run = run\n"
        "door.main()\n"
    )
    project.write("interrupted.py", program)
    done = project.command(sys.executable, "-m", "interrupted")
    assert done.code == 2, str(done)


LOST = """
import os, signal, sys
from perfgate import __main__ as door

class Callback:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        len("what is raised here is lost")

work = door.run
door.run = lambda arguments: (Callback(), work(arguments))[1]
sys.argv = ["perfgate", "--version"]
door.main()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_whose_exception_is_lost_in_a_callback_exits_2(green: Project, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOST.format(name=name)], cwd=green.root, env=green.environment(), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert_cannot_decide(Outcome(done.returncode, "", done.stderr), "interrupted", "again")


@pytest.mark.parametrize(("arguments", "code"), [(("--version",), 0), (("check",), 0), (("check", "none"), 2)])
def test_an_interpreter_that_is_to_stay_open_exits_with_the_code_all_the_same(
    green: Project, arguments: tuple[str, ...], code: int
) -> None:
    done = subprocess.run(
        [*PERFGATE, *arguments], cwd=green.root, env={**green.environment(), "PYTHONINSPECT": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
