"""``--paths``: a change that touches nothing measured is skipped, and nothing else ever is."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from ab_cases import CALM, FAST, RUN, listing
from support import ROOT, Outcome, Project

SRC = ("--paths", "src/**")
NOT_MEASURED = 'SKIPPED  Not measured: {} among --paths "src/**".'


@pytest.fixture
def repository(project: Project) -> Project:
    """Return a repository whose program lies in src/; a branch is checked out that has changed nothing yet."""
    project.git("init", "-q", "-b", "main")
    project.write("perfgate.toml", CALM)
    project.write("src/bench.sh", FAST)
    project.write("docs/a.md", "a\n")
    project.write("requirements.txt", "x==1\n")
    project.write("baselines/ci/README", "x\n")
    project.commit("Base")
    project.git("checkout", "-q", "-b", "change")
    return project


def ab(project: Project, *words: str, cwd: str = ".", **env: str) -> Outcome:
    """Compare versions; whatever set-up there is leaves a trace."""
    spare = project.root.parent / "spare"
    spare.mkdir(exist_ok=True)
    command = ("--setup", "touch ../set-up", *words, "--", "sh", "src/bench.sh")
    outcome = project.cli("ab", "-n", "2", *command, cwd=cwd, env={"TMPDIR": str(spare), **env})
    assert list(spare.iterdir()) == []
    return outcome


def is_skipped(project: Project, outcome: Outcome) -> bool:
    """Was nothing measured, and said so?"""
    skipped = outcome.stdout.startswith("SKIPPED")
    assert (outcome.code, outcome.stderr) == (0, "") or not skipped, str(outcome)
    assert (project.root.parent / "set-up").exists() is not skipped
    return skipped


def assert_refused(outcome: Outcome, slug: str) -> None:
    assert (outcome.code, outcome.cause.rpartition(" ")[2]) == (2, f"[{slug}]"), str(outcome)
    assert "Traceback" not in outcome.stdout + outcome.stderr


def said(outcome: Outcome) -> str:
    return " ".join(outcome.stdout.split()).replace("SKIPPED ", "SKIPPED  ")


def test_a_change_outside_of_the_paths_is_skipped_without_a_worktree_or_set_up(repository: Project) -> None:
    repository.write("docs/a.md", "b\n")
    repository.write("README.md", "new\n")
    repository.commit("Docs")
    repository.write("notes.txt", "untracked\n")
    before = listing(repository)
    outcome = ab(repository, *SRC, "--report", "../r.json")
    assert is_skipped(repository, outcome)
    assert said(outcome) == NOT_MEASURED.format("none of the 3 changed files is")
    assert listing(repository) == before
    report = repository.read_json("../r.json")
    assert (report["verdict"], report["exit_code"]) == ("skipped", 0)
    assert report["skipped"] == {"changed": 3, "paths": ["src/**"]}
    assert report["provenance"]["baseline_commits"] == [repository.git("rev-parse", "main")]


def test_one_changed_file_and_none_have_sentences_of_their_own(repository: Project) -> None:
    assert_refused(ab(repository, *SRC), "no-base")
    repository.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    outcome = ab(repository, *SRC)
    assert is_skipped(repository, outcome)
    assert said(outcome) == "SKIPPED  Not measured: no file differs from the base."
    repository.write("docs/a.md", "b\n")
    assert said(ab(repository, *SRC)) == NOT_MEASURED.format("the changed file is not")


@pytest.mark.sampled
@pytest.mark.parametrize(
    "path",
    [
        "src/new.py", "src/a\nb\x1b[31m.py", "perfgate.toml", "baselines/ci/README", "requirements.txt",
        "docs/requirements.txt", "web/package-lock.json", ".github/workflows/x.yml", ".gitlab-ci.yml",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["committed", "uncommitted"])
def test_a_change_of_the_paths_of_the_gate_or_of_dependencies_is_measured(
    repository: Project, path: str, kind: str
) -> None:
    repository.write(path, CALM + "# changed\n")
    if kind == "committed":
        repository.commit("Change")
    assert not is_skipped(repository, ab(repository, *SRC))


def test_a_name_that_is_no_text_is_one_as_well(repository: Project) -> None:
    (repository.root / os.fsdecode(b"docs/\xff\xfe")).write_text("x")
    repository.commit("Odd name")
    assert is_skipped(repository, ab(repository, *SRC))
    (repository.root / os.fsdecode(b"src/\xff\xfe")).write_text("x")
    repository.commit("Odd name below src")
    assert not is_skipped(repository, ab(repository, *SRC))


@pytest.mark.parametrize(("was", "now"), [("src/bench.sh", None), ("src/bench.sh", "docs/b"), ("docs/a.md", "src/b")])
def test_a_deleted_file_counts_and_a_renamed_one_by_both_names(repository: Project, was: str, now: str | None) -> None:
    repository.write("src/other.sh", "x\n")
    repository.commit("More")
    repository.git("branch", "-f", "main")
    repository.git(*(["rm", "-q", was] if now is None else ["mv", was, now]))
    repository.commit("Move")
    outcome = repository.cli("ab", "-n", "2", *SRC, "--", "true")
    assert not outcome.stdout.startswith("SKIPPED"), str(outcome)


def test_a_submodule_counts_by_its_path_also_where_gitmodules_hides_it(repository: Project) -> None:
    other = Project(repository.root.parent / "other")
    other.git("init", "-q")
    other.write("a", "1\n")
    other.commit("One")
    first = other.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},lib/other")
    repository.write(".gitmodules", '[submodule "o"]\n\tpath = lib/other\n\turl = ../other\n\tignore = all\n')
    repository.git("add", ".gitmodules")
    repository.git("commit", "-q", "-m", "Submodule")
    repository.git("branch", "-f", "main")
    repository.git("update-index", "--cacheinfo", f"160000,{repository.git('rev-parse', 'HEAD')},lib/other")
    repository.git("commit", "-q", "-m", "Newer")
    repository.path("lib/other").mkdir(parents=True)
    assert not is_skipped(repository, ab(repository, "--paths", "lib/*"))
    (repository.root.parent / "set-up").unlink()
    assert is_skipped(repository, ab(repository, *SRC))
    inside = ab(repository, "--paths", "lib/other/**")
    assert_refused(inside, "paths-match-nothing")
    assert 'did you mean "lib/other"?' in inside.block


def test_exclusions_alone_mean_everything_else(repository: Project) -> None:
    repository.write("docs/a.md", "b\n")
    assert is_skipped(repository, ab(repository, "--paths", "!docs/**"))
    repository.write("other", "x\n")
    assert not is_skipped(repository, ab(repository, "--paths", "!docs/**"))


@pytest.mark.parametrize(
    ("glob", "hint"),
    [
        ("scr/**", "correct it: it is read from the top"),
        ("src", 'did you mean "src/**"?'),
        ("SRC/**", 'did you mean "src/**"?'),
        ("Docs/A.md", 'did you mean "docs/a.md"?'),
        ("DOCS/*.MD", 'did you mean "docs/a.md"?'),
        ("*.sh", 'did you mean "**/*.sh"?'),
        ("src/a\u202eb", "correct it"),
    ],
)
def test_a_glob_that_matches_nothing_is_no_pass(repository: Project, glob: str, hint: str) -> None:
    if not glob.isprintable():
        assert_refused(ab(repository, "--paths", glob), "usage")
        return
    repository.write("docs/a.md", "b\n")
    outcome = ab(repository, *SRC, "--paths", glob)
    assert_refused(outcome, "paths-match-nothing")
    assert f'--paths "{glob}" matches no file' in outcome.cause
    assert hint in outcome.block


def test_a_glob_of_the_folder_where_it_was_typed_is_explained(repository: Project) -> None:
    repository.write("services/api/run.sh", FAST)
    repository.commit("Service")
    outcome = repository.cli("ab", "--paths", "*.sh", "--", "sh", "run.sh", cwd="services/api")
    assert 'did you mean "services/api/*.sh"?' in outcome.block
    outcome = repository.cli("ab", "--paths", "api/**", "--", "sh", "api/run.sh", cwd="services")
    assert 'did you mean "services/api/**"?' in outcome.block


def test_a_glob_may_match_files_of_the_base_alone_or_untracked_ones(repository: Project) -> None:
    repository.write("old/a", "x\n")
    repository.commit("Old")
    repository.git("branch", "-f", "main")
    repository.git("rm", "-q", "-r", "old")
    repository.commit("Remove it")
    assert not is_skipped(repository, ab(repository, "--paths", "old/**"))
    (repository.root.parent / "set-up").unlink()
    repository.git("branch", "-f", "main")
    repository.write("fresh/a", "x\n")
    assert not is_skipped(repository, ab(repository, "--paths", "fresh/**"))


@pytest.mark.parametrize("glob", ["src/", "/src/**", "./src/**", "**.py", "[z-a]"])
def test_a_glob_that_can_match_nothing_is_a_usage_error(repository: Project, glob: str) -> None:
    assert_refused(ab(repository, "--paths", glob), "usage")


def test_two_commands_have_no_commits_that_differ(repository: Project) -> None:
    outcome = repository.cli("ab", *SRC, "--base-cmd", "true", "--head-cmd", "true")
    assert_refused(outcome, "usage")
    assert "two commands have no commits" in outcome.cause


def test_bisecting_takes_a_commit_that_touches_nothing_for_good(repository: Project) -> None:
    repository.write("docs/a.md", "b\n")
    repository.commit("Docs")
    assert is_skipped(repository, ab(repository, *SRC, "--for-bisect", "--base", "main", "--head", "HEAD"))


def test_a_clone_that_lacks_the_base_is_an_error_as_ever(repository: Project) -> None:
    repository.write("docs/a.md", "b\n")
    repository.commit("Docs")
    clone = Project(repository.root.parent / "clone")
    words = ["git", "clone", "-q", "--depth", "1", f"file://{repository.root}", str(clone.root)]
    subprocess.run(words, check=True, env=repository.environment())
    outcome = clone.cli("ab", *SRC, "--base", "origin/main", "--", *RUN)
    assert_refused(outcome, "ref-missing")
    assert_refused(clone.cli("check", *SRC, "--baseline-ref", "origin/main"), "ref-missing")


def test_each_format_says_that_nothing_was_measured(repository: Project) -> None:
    repository.write("docs/a.md", "b\n")
    names = ("r.json", "r.md", "r.html", "junit.xml", "codequality.json", "metrics.prom")
    reports = [word for name in names for word in ("--report", f"../{name}")]
    summary, outputs = repository.root.parent / "summary", repository.root.parent / "outputs"
    env = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    outcome = ab(repository, *SRC, *reports, "--github", **env)
    assert outcome.code == 0, str(outcome)
    sentence = 'Not measured: the changed file is not among `--paths "src/**"`.'
    text = {name: (repository.root.parent / name).read_text() for name in names}
    assert text["r.md"] == f"⏭️ perfgate: {sentence}\n"
    assert summary.read_text().strip() == text["r.md"].strip()
    assert "verdict" in outputs.read_text()
    assert "skipped" in outputs.read_text()
    assert "– Skipped" in text["r.html"]
    assert "Not measured" in text["r.html"]
    assert '<testcase classname="perfgate" name="not-measured"' in text["junit.xml"]
    assert '<skipped type="not-measured" message="Skipped. Not measured: ' in text["junit.xml"]
    assert 'skipped="1"' in text["junit.xml"]
    (entry,) = json.loads(text["codequality.json"])
    assert (entry["severity"], entry["check_name"]) == ("info", "perfgate-skipped")
    assert 'perfgate_verdict{verdict="skipped"} 1\n' in text["metrics.prom"]
    assert 'perfgate_verdict{verdict="pass"} 0\n' in text["metrics.prom"]
    assert "::notice title=perfgate%3A skipped::Not measured" in outcome.stdout
    again = repository.cli("report", "../r.json")
    assert (again.code, again.stdout.split()[0]) == (0, "SKIPPED")


def test_a_report_that_contradicts_itself_is_refused(repository: Project) -> None:
    repository.write("docs/a.md", "b\n")
    ab(repository, *SRC, "--report", "../r.json")
    report = repository.read_json("../r.json")
    for changes in ({"verdict": "pass"}, {"skipped": None}, {"skipped": {"changed": -1, "paths": ["a"]}}):
        repository.write("../r.json", json.dumps({k: v for k, v in (report | changes).items() if v is not None}))
        assert_refused(repository.cli("report", "../r.json"), "report-invalid")
    worse = json.loads((ROOT / "tests/golden/report.json").read_text(encoding="utf-8"))
    worse |= {"verdict": "skipped", "exit_code": 0, "skipped": report["skipped"]}
    for changes in ({}, {"problems": []}, {"findings": []}):
        repository.write("../r.json", json.dumps(worse | changes))
        assert_refused(repository.cli("report", "../r.json"), "report-invalid")


def test_a_check_compares_with_the_commit_of_its_gate(green: Project) -> None:
    green.write(".gitignore", "outputs/\n")
    green.write("src/a.py", "1\n")
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    green.git("checkout", "-q", "-b", "change")
    assert green.cli("check", *SRC, "--baseline-ref", "main").stdout.split()[0] != "SKIPPED"  # a commit and itself
    green.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    green.write("docs.md", "x\n")
    green.drop_runs("*")
    outcome = green.cli("check", *SRC, "--baseline-ref", "main")
    assert (outcome.code, outcome.stdout.split()[0]) == (0, "SKIPPED"), str(outcome)
    assert_refused(green.cli("check", "--baseline-ref", "main"), "no-runs")
    outcome = green.cli("check", *SRC)
    assert_refused(outcome, "paths-no-base")
    assert "--baseline-ref" in outcome.block
    green.write("src/a.py", "2\n")
    assert_refused(green.cli("check", *SRC, "--baseline-ref", "main"), "no-runs")
    assert_refused(green.cli("check", *SRC, "--baseline", "baselines"), "usage")
    assert_refused(green.cli("check", *SRC, "--runs-from", "HEAD"), "usage")


def test_a_check_takes_the_base_that_the_ci_system_names(green: Project) -> None:
    green.write(".gitignore", "outputs/\n")
    green.write("src/a.py", "1\n")
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    green.git("update-ref", "refs/remotes/origin/main", "HEAD")
    green.git("checkout", "-q", "-b", "change")
    green.write("docs.md", "x\n")
    green.commit("Docs")
    job = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    outcome = green.cli("check", *SRC, "--report", "../r.json", env=job)
    assert (outcome.code, outcome.stdout.split()[0]) == (0, "SKIPPED"), str(outcome)
    green.git("update-ref", "-d", "refs/remotes/origin/main")
    outcome = green.cli("check", *SRC, "--report", "../r.json", env=job)
    assert_refused(outcome, "paths-no-base")
    assert "not in this clone" in outcome.cause


def test_where_no_change_is_under_review_everything_is_judged(green: Project) -> None:
    green.git("init", "-q", "-b", "main")
    green.write("src/a.py", "1\n")
    green.commit("Gate")
    outcome = green.cli("check", *SRC, "--baseline-ref", "auto")
    assert outcome.stdout.split()[0] != "SKIPPED", str(outcome)
    assert outcome.code == 0


def test_a_skipped_report_confirms_nothing(green: Project) -> None:
    green.write(".gitignore", "outputs/\n")
    green.write("src/a.py", "1\n")
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    green.write("docs.md", "x\n")
    assert green.cli("check", *SRC, "--baseline-ref", "main", "--report", "../r.json").code == 0
    outcome = green.cli("check", "--confirm", "../r.json")
    assert outcome.code == 2, str(outcome)


def test_explain_says_what_skipped_means(project: Project) -> None:
    outcome = project.cli("explain", "skipped")
    assert outcome.code == 0, str(outcome)
    assert "--paths" in outcome.stdout


def test_what_a_link_leads_to_may_lie_anywhere(repository: Project) -> None:
    (repository.root / "src" / "data").symlink_to("../docs/data.txt")
    repository.write("docs/data.txt", "1\n")
    repository.commit("A link")
    repository.git("branch", "-qf", "main")
    repository.write("docs/data.txt", "2\n")
    repository.commit("What it leads to")
    assert not is_skipped(repository, ab(repository, *SRC))


def test_how_git_writes_a_file_changes_the_file(repository: Project) -> None:
    repository.write(".gitattributes", "src/bench.sh text eol=crlf\n")
    repository.commit("Line ends")
    assert not is_skipped(repository, ab(repository, *SRC))


def test_on_the_main_branch_of_a_ci_system_files_that_a_job_left_skip_nothing(repository: Project) -> None:
    repository.write("left.txt", "1\n")
    assert_refused(ab(repository, *SRC, CI="true"), "no-base")
