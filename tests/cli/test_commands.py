"""Commands, called in this process through the door that every process uses."""

import json
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from perfgate import __version__, schema
from perfgate.__main__ import run
from perfgate.core.text import origin
from perfgate.core.text.origin import requirement
from perfgate.pipeline.init import start
from perfgate.store.baselines import load
from perfgate.store.codec import encode_baseline, file_name

ROOT = str(Path(__file__).resolve().parents[2])
JOB = "from perfgate.measure import measure_run_context\nwith measure_run_context(rows_used=5): sum(range(1000))\n"


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    """Return an empty project that is the working directory, outside CI."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "PERFGATE_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", ROOT)  # for programs under measure
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_runs(folder, prefix, seconds, count=6):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        summary = {"run_id": f"{prefix}{i}", "elapsed_sec": seconds + i / 1000, "rows_used": 10, "peak_memory_mb": 50.1}
        (folder / f"{prefix}{i}.json").write_text(json.dumps(summary))


def test_init_makes_a_configuration_that_is_valid_and_a_second_one_changes_nothing(workdir, capsys):
    assert run(["init", "--ci", "github"]) == 0
    first = capsys.readouterr().out
    assert "made perfgate.toml" in first
    assert "made baselines/" in first
    assert (workdir / ".gitignore").read_text() == "outputs/\n"
    before = (workdir / "perfgate.toml").read_text()
    assert run(["init"]) == 0
    assert "kept perfgate.toml as it is" in capsys.readouterr().out
    assert (workdir / "perfgate.toml").read_text() == before
    write_runs(workdir / "outputs" / "model_runs", "a", 0.4)
    assert run(["baseline", "refresh"]) == 0


def test_init_adds_its_line_to_a_gitignore_that_ends_without_a_line_break(workdir):
    (workdir / ".gitignore").write_text("build")
    assert run(["init", "--ci", "laptop"]) == 0
    assert (workdir / ".gitignore").read_text() == "build\noutputs/\n"


def test_init_in_a_folder_that_cannot_be_written_to_says_so(workdir, capsys):
    (workdir / ".gitignore").mkdir()
    assert run(["init"]) == 2
    assert capsys.readouterr().err.startswith("cannot decide: ")


def test_run_prints_exactly_the_summaries_when_json_is_asked_for(workdir, capsys):
    (workdir / "job.py").write_text(JOB)
    assert run(["run", "-n", "2", "--format", "json", "--rows", "7", "--", sys.executable, "job.py"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["benchmark"] for line in lines] == ["job", "job"]
    assert [json.loads(line)["rows_used"] for line in lines] == [5, 5]  # the program's own word wins


def test_run_shows_a_table_counts_its_files_and_names_the_command_that_comes_next(workdir, capsys):
    measure = ["run", "-n", "2", "--benchmark", "noop", "--", "true"]
    assert run(measure) == 0
    out = capsys.readouterr().out
    assert out.startswith("noop: 2 runs, 1 warm-up, 0.")
    assert out.endswith("\n2 run files in outputs/model_runs\n  next: perfgate baseline refresh\n")
    assert run(["baseline", "refresh"]) == 0
    capsys.readouterr()
    assert run(measure) == 0
    assert capsys.readouterr().out.endswith("  next: perfgate check\n")
    assert run([*measure[:1], "--out", "else where", *measure[1:]]) == 0
    assert capsys.readouterr().out.endswith("in else where\n  next: perfgate check 'else where'\n")


def test_a_run_that_fails_ends_the_measuring_and_shows_what_the_command_said(workdir, capsys):
    code = "import sys; sys.stderr.write('no such table\\n'); sys.exit(3)"
    assert run(["run", "-n", "5", "--warmup", "0", "--benchmark", "bad", "--", sys.executable, "-c", code]) == 2
    err = capsys.readouterr().err
    assert err.startswith("cannot decide: bad: run 1 of 5 failed: exited with 3")
    assert "stderr: no such table" in err
    summaries = [json.loads(p.read_text()) for p in (workdir / "outputs" / "model_runs").iterdir()]
    assert [s["status"] for s in summaries] == ["failed"]


def test_a_second_command_under_a_name_of_this_session_is_refused(workdir, capsys):
    assert run(["run", "-n", "1", "--warmup", "0", "--benchmark", "x", "--", "true"]) == 0
    assert run(["run", "-n", "1", "--warmup", "0", "--benchmark", "x", "--", "true", "again"]) == 2
    assert "benchmark-name-clash" in capsys.readouterr().err


def test_a_program_that_names_itself_is_refused_too_and_the_session_of_the_hint_works(workdir, capsys, monkeypatch):
    (workdir / "fit.py").write_text(
        "from perfgate.measure import measure_run_context\n"
        "with measure_run_context(benchmark='fit-own', rows_used=3):\n    pass\n"
    )
    words = ["run", "-n", "2", "--warmup", "0"]
    program = ["--", sys.executable, "fit.py"]
    assert run([*words, *program]) == 0
    before = set((workdir / "outputs" / "model_runs").iterdir())
    assert run([*words, "--benchmark", "fit-big", *program, "--more"]) == 2
    err = capsys.readouterr().err
    assert "benchmark-name-clash" in err
    call = f"perfgate run -n 2 --warmup 0 -- {sys.executable} fit.py --more"
    assert f"PERFGATE_SESSION=fit {call}\n" in err
    assert set((workdir / "outputs" / "model_runs").iterdir()) == before
    monkeypatch.setenv("PERFGATE_SESSION", "second")
    monkeypatch.setattr("perfgate.measure.machine.facts._session", None)
    assert run([*words, "--benchmark", "fit-big", *program, "--more"]) == 0
    assert 'warning: --benchmark "fit-big" is ignored' in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x" * 501, "a\nb"], ids=["too long", "two lines"])
def test_a_name_that_no_report_could_show_is_refused(workdir, capsys, name):
    assert run(["run", "--benchmark", name, "--", "true"]) == 2
    assert "--benchmark must be a name" in capsys.readouterr().err


def test_collect_prints_a_table_or_the_profile_file(workdir, capsys):
    write_runs(workdir / "outputs" / "model_runs", "a", 0.4)
    assert run(["collect", "--output", "p.json"]) == 0
    assert "elapsed" in capsys.readouterr().out
    assert run(["collect", "--format", "json"]) == 0
    assert capsys.readouterr().out == (workdir / "p.json").read_text()


def test_baselines_can_be_listed_shown_and_explained(workdir, capsys):
    write_runs(workdir / "outputs" / "model_runs", "a", 0.4)
    assert run(["baseline", "refresh", "--dry-run"]) == 0
    assert not (workdir / "baselines").exists()
    assert run(["baseline", "refresh"]) == 0
    for words in (
        ["baseline", "list"],
        ["baseline", "show"],
        ["baseline", "show", "model_run"],
        ["explain", "model_run"],
    ):
        capsys.readouterr()
        assert run(words) == 0
        assert "model_run" in capsys.readouterr().out
    assert run(["explain", "modelrun"]) == 2
    assert 'did you mean "model_run"?' in capsys.readouterr().err


def test_a_report_can_be_rendered_again(workdir, capsys):
    write_runs(workdir / "outputs" / "model_runs", "a", 0.4)
    assert run(["baseline", "refresh"]) == 0
    write_runs(workdir / "outputs" / "model_runs", "b", 0.8)
    capsys.readouterr()
    assert run(["check", "--report", "r.json", "--format", "markdown"]) == 1
    shown = capsys.readouterr().out
    assert run(["report", "r.json", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == shown
    assert run(["report", "r.json", "--exit-code"]) == 1


def test_a_report_that_exits_2_says_what_to_do_once(workdir, capsys):
    write_runs(workdir / "outputs" / "model_runs", "a", 0.4)
    assert run(["baseline", "refresh"]) == 0
    for path in (workdir / "outputs" / "model_runs").iterdir():
        path.unlink()
    assert run(["check", "--report", "r.json"]) == 2
    checked = capsys.readouterr()
    assert run(["report", "r.json", "--exit-code"]) == 2
    again = capsys.readouterr()
    assert checked.out.endswith(again.out)
    assert "next: " not in again.out
    assert again.err.count("hint: ") == 1
    assert run(["report", "r.json"]) == 0
    assert "  next: " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["run", "baseline", "profile", "percentiles", "report", "config"])
def test_every_schema_is_printed_as_json(capsys, name):
    assert run(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == schema.load(name)["$id"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chek"], 'did you mean "check"?'),
        (["zzz"], 'no command "zzz"'),
        (["check", "--baseline", "a", "--baseline-ref", "b"], "exclude each other"),
        (["check", "--current", "a", "b"], "exclude each other"),
        (["check", "--report", "r.pdf"], "the name must end in"),
        (["run"], "perfgate run needs -- CMD"),
    ],
)
def test_a_command_line_that_cannot_be_meant_is_exit_2(workdir, capsys, words, said):
    assert run(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("cannot decide: ")
    assert said in err.splitlines()[0]


def test_init_for_github_writes_workflows_once_and_says_what_to_edit(workdir, capsys):
    assert run(["init", "--ci", "github", "--runner", "own", "--no-forks"]) == 0
    out = capsys.readouterr().out
    for name in ("perf", "perf-baseline"):
        assert f"made .github/workflows/{name}.yml" in out
    assert not (workdir / ".github/workflows/perf-comment.yml").exists()
    assert "# the command to measure" in out.partition("Next:")[2]
    (workdir / ".github/workflows/perf.yml").write_text("mine")
    assert run(["init", "--ci", "github"]) == 0
    assert "kept .github/workflows/perf.yml as it is" in capsys.readouterr().out
    assert (workdir / ".github/workflows/perf.yml").read_text() == "mine"
    assert (workdir / ".github/workflows/perf-comment.yml").exists()


def test_init_for_gitlab_writes_a_job_to_include(workdir, capsys):
    (workdir / "services/api").mkdir(parents=True)
    assert run(["init", "--ci", "gitlab", "--suite", "services/api"]) == 0
    assert "FOLDER: [services/api]" in (workdir / "perfgate.gitlab-ci.yml").read_text()


@pytest.mark.parametrize(
    ("words", "next_line"),
    [
        (("gitlab", "--runner", "hosted"), ".gitlab-ci.yml: `include: [{local: perfgate.gitlab-ci.yml}]`"),
        (("gitlab", "--runner", "own"), ".gitlab-ci.yml: `include: [{local: perfgate.gitlab-ci.yml}]`"),
        (("gitlab", "--runner", "own"), "perfgate baseline refresh --reason"),
        (("other",), "perfgate check --baseline-ref origin/main "),
    ],
)
def test_what_init_says_to_do_next_works_where_the_gate_runs(workdir, capsys, words, next_line):
    assert run(["init", "--ci", *words]) == 0
    told = capsys.readouterr().out.partition("Next:")[2]
    assert next_line in told
    assert "--baseline-ref auto" not in told, "auto knows GitHub's events only"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("github", "--runner", "hosted"), "old and new are measured in one job"),
        (("github",), "add --runner own"),
        (("github", "--runner", "own", "--suite", "web"), "leave out --shards or --suite"),
        (("gitlab", "--runner", "own"), "for GitHub only"),
        (("laptop",), "for GitHub only"),
    ],
)
def test_init_refuses_shards_that_no_workflow_would_have(workdir, capsys, words, why):
    (workdir / "web").mkdir()
    assert run(["init", "--shards", "3", "--ci", *words]) == 2
    cause = capsys.readouterr().err
    assert cause.startswith("cannot decide: --shards: ")
    assert why in cause
    assert [p.name for p in workdir.iterdir()] == ["web"]
    assert run(["init", "--shards", "3", "--ci", "github", "--runner", "own"]) == 0


@pytest.mark.parametrize("suite", ["../up", "/etc", "a b", "bü", "-x", "${{ x }}", "a\nb", "a//b", "/", "."])
def test_init_says_what_the_name_of_a_suite_may_hold(workdir, capsys, suite):
    for name in ("a b", "bü", "a"):
        (workdir / name).mkdir()
    assert run(["init", "--ci", "github", "--suite", suite]) == 2
    said = capsys.readouterr().err
    assert said.startswith("cannot decide: --suite: ")
    assert "may hold . _ - as well" in said
    assert not (workdir / ".github").exists()


def test_init_takes_only_folders_of_the_project_as_suites(workdir, capsys):
    (workdir / "file").write_text("")
    for suite in ("absent", "file"):
        assert run(["init", "--ci", "github", "--suite", suite]) == 2
        assert f'"{suite}" is not a folder of this project' in capsys.readouterr().err


@pytest.mark.parametrize("suite", ["services/api/", "./services/api", "./services/api//"])
def test_init_takes_a_suite_as_the_shell_completes_it(workdir, suite):
    (workdir / "services/api").mkdir(parents=True)
    assert run(["init", "--ci", "github", "--suite", suite]) == 0
    assert "            folder: services/api\n" in (workdir / ".github/workflows/perf.yml").read_text()


def test_init_refuses_two_suites_of_one_name(workdir, capsys):
    for name in ("a.b", "a-b"):
        (workdir / name).mkdir()
    assert run(["init", "--ci", "github", "--suite", "a.b", "--suite", "a-b"]) == 2
    assert 'two suites would be called "a-b"' in capsys.readouterr().err


GIT = "https://git.example.org/perfgate"
COMMIT = "c0ffee" * 6 + "c0ff"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (None, requirement()),
        ("{}", requirement()),
        ("no json", requirement()),
        ('{"url": "file:///somewhere", "dir_info": {"editable": true}}', requirement()),
        (json.dumps({"url": GIT, "vcs_info": {"commit_id": COMMIT}}), f"perfgate @ git+{GIT}@{COMMIT}"),
        (json.dumps({"url": GIT.replace("//", "//me:secret@"), "vcs_info": {"commit_id": COMMIT}}),
         f"perfgate @ git+{GIT}@{COMMIT}"),
        (json.dumps({"url": GIT, "vcs_info": {"commit_id": "main"}}), requirement()),
        (json.dumps({"url": f"{GIT}'; rm -rf ~", "vcs_info": {"commit_id": COMMIT}}), requirement()),
    ],
)  # fmt: skip
def test_the_install_line_comes_from_the_installed_package(monkeypatch, told, line):
    class Installed:
        version = "9.9"

        def read_text(self, name):
            return told

    monkeypatch.setattr(start.metadata, "distribution", lambda _: Installed())
    assert start.install_line() == f'python -m pip install "{line}"'


def test_a_clone_that_was_never_installed_pins_its_own_version(monkeypatch):
    def absent(name):
        raise start.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(start.metadata, "distribution", absent)
    assert start.install_line() == f'python -m pip install "perfgate @ git+{origin.REPOSITORY}@v{__version__}"'


@pytest.mark.parametrize(
    ("repository", "asks"), [(origin.REPOSITORY, True), ("https://git.host/perfgate", False)], ids=["stands-in", "real"]
)
def test_init_asks_for_the_address_of_the_repository_while_none_is_known(workdir, monkeypatch, repository, asks):
    def absent(name):
        raise start.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(start.metadata, "distribution", absent)
    monkeypatch.setattr(origin, "REPOSITORY", repository)
    for place, wanted in (("github", asks), ("laptop", False)):
        commands = start.start(str(workdir), place=place).commands
        assert any("put the address of your repository of perfgate" in c for c in commands) is wanted


@pytest.fixture
def two_baselines(workdir):
    """Return a project with the baselines of two benchmarks."""
    for name, seconds in (("solve", 0.4), ("parse", 0.9)):
        folder = workdir / "outputs" / name
        write_runs(folder, name, seconds)
        assert run(["baseline", "refresh", str(folder)]) == 0
    return workdir


def baselines_below(folder):
    return {path.name.rpartition("-")[0]: path.read_bytes() for path in folder.glob("baselines/*/*.json")}


def test_baseline_rename_moves_the_file_and_keeps_what_it_holds(two_baselines, capsys):
    before = baselines_below(two_baselines)
    (two_baselines / "perfgate.toml").write_text('[[rule]]\nbenchmark = "solve"\nthreshold = "+9%"\n')
    assert run(["baseline", "rename", "--dry-run", "solve", "solve-fast"]) == 0
    assert baselines_below(two_baselines) == before
    assert run(["baseline", "rename", "solve", "solve-fast"]) == 0
    done = capsys.readouterr()
    after = baselines_below(two_baselines)
    assert set(after) == {"solve-fast", "parse"}
    assert after["solve-fast"].replace(b'"solve-fast"', b'"solve"') == before["solve"]
    assert "solve -> solve-fast" in done.out
    assert "removed baselines/" in done.out
    assert 'these name "solve" as well: rule 1 (perfgate.toml)' in done.err


def test_baseline_rename_refuses_two_sources_of_one_name_until_one_is_named(two_baselines, capsys):
    def files():
        return {path.name: path.read_bytes() for path in two_baselines.glob("baselines/*/*.json")}

    for size, one in enumerate(load(str(two_baselines / "baselines")).profiles, 1):
        (path,) = two_baselines.glob(f"baselines/*/{file_name(*one.key)}")
        labelled = replace(one, benchmark="lab", labels=(("size", str(size)),))
        path.with_name(file_name(*labelled.key)).write_bytes(encode_baseline(labelled))
        path.unlink()
    before = files()
    assert len(before) == 2
    capsys.readouterr()
    for more in ([], ["--join"]):
        assert run(["baseline", "rename", "lab", "x[size=1]", *more]) == 2
        told = capsys.readouterr().err
        assert '"lab[size=1]" and "lab[size=2]" would both become "x[size=1]"' in told
        assert "perfgate baseline rename 'lab[size=1]' 'x[size=1]'" in told
        assert files() == before
    assert run(["baseline", "rename", "lab[size=1]", "x[size=1]"]) == 0
    assert len(files()) == 2


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        pytest.param(["solve", "parse"], "baseline-exists", id="name-is-taken"),
        pytest.param(["sole", "x"], "benchmark-unknown", id="unknown"),
        pytest.param(["*", "x"], "benchmark-unknown", id="a-glob"),
        pytest.param(["solve", "solve"], "usage", id="same"),
        pytest.param(["solve", ""], "usage", id="empty"),
        pytest.param(["solve", "a\nb"], "usage", id="two-lines"),
        pytest.param(["solve", "x", "--from", "nowhere"], "ref-unreadable", id="no-such-commit"),
    ],
)
def test_baseline_rename_refuses_what_it_cannot_do_and_changes_nothing(two_baselines, capsys, words, slug):
    before = baselines_below(two_baselines)
    assert run(["baseline", "rename", *words]) == 2
    assert f"[{slug}]" in capsys.readouterr().err
    assert baselines_below(two_baselines) == before
