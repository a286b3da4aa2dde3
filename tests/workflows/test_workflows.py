"""Workflows that the project uses, writes and shows: sound by every judge that can be had, and the same everywhere."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ledger_cases
import pytest
import yaml
from steps import Runner, load
from support import ROOT

from perfgate.pipeline.init.parts import Plan
from perfgate.pipeline.init.workflows import github, gitlab

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL = Plan().install
PLANS = {
    f"{runner}-{'forks' if forks else 'own-branches'}-{'suites' if suites else 'one'}": Plan(
        runner=runner, forks=forks, suites=suites, install=INSTALL
    )
    for runner, forks, suites in itertools.product(("hosted", "own"), (True, False), ((), ("services/api", "web")))
}
PLANS["own-own-branches-shards"] = Plan(runner="own", forks=False, shards=3, install=INSTALL)
PLANS["own-forks-shards"] = Plan(runner="own", shards=3, install=INSTALL)
PLANS["own-forks-fresh"] = Plan(runner="own", refresh="release/1.x", suites=("services/api", "web"), install=INSTALL)
PLANS["own-forks-fresh-shards"] = Plan(runner="own", refresh="main", shards=3, install=INSTALL)
PLANS["own-forks-fresh-proposed"] = Plan(runner="own", refresh="rel/1.x", proposes=True, install=INSTALL)
PLANS["hosted-forks-hashed"] = Plan(requirements=".github/perfgate.txt", install=INSTALL)
LABEL = 'it\'s: \\ "#1" & ${x} ⚡'
PLANS["hosted-forks-label"] = Plan(label="bench", install=INSTALL)
PLANS["hosted-own-branches-label-suites"] = Plan(
    forks=False, label=LABEL, suites=("services/api", "web"), install=INSTALL
)
PLANS["own-forks-label-shards"] = Plan(runner="own", label=LABEL, shards=3, refresh="main", install=INSTALL)
PLANS["hosted-forks-weekly"] = Plan(keeps_watch=True, install=INSTALL)
PLANS["own-own-branches-weekly-suites"] = Plan(
    runner="own", forks=False, keeps_watch=True, suites=("services/api", "web"), install=INSTALL
)
PLANS["own-forks-weekly-shards"] = Plan(runner="own", keeps_watch=True, shards=3, refresh="main", install=INSTALL)
PUBLISHERS = {
    ("docs", "publish"): {"pages", "id-token"}, ("release", "attest"): {"attestations", "id-token"},
    ("release", "publish"): {"contents"}, ("release", "index"): {"id-token"},
}  # fmt: skip
"""What the jobs that publish may write; they hold no code, and run none but what another job built."""
KEEPERS = {("perf-history", "append"): {"contents"}}
"""What the jobs that keep what another job measured may write: of pushes to main alone, which is reviewed code."""
OFF = ("line-length", "document-start", "truthy")
STYLE = {"extends": "default", "rules": {**dict.fromkeys(OFF, "disable"), "comments": {"min-spaces-from-content": 1}}}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with the files of each plan, and of the project itself."""
    folders = {"project": tmp_path_factory.mktemp("project")}
    shutil.copytree(ROOT / ".github", folders["project"] / ".github")
    for name, plan in PLANS.items():
        folders[name] = tmp_path_factory.mktemp(name)
        for path, text in {**github(plan), **gitlab(plan)}.items():
            file = folders[name] / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    for folder in folders.values():  # a judge looks for the root of a repository
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folders


def judged(folder: Path, *words: str) -> None:
    """Let a judge look at a folder; skip where it is absent."""
    program = shutil.which(words[0])
    if program is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run([program, *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def files(folder: Path, pattern: str) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.glob(pattern))


@pytest.mark.tools
@pytest.mark.parametrize("name", ["project", *PLANS])
def test_zizmor_as_an_auditor_finds_nothing(written: dict[str, Path], name: str) -> None:
    judged(written[name], "zizmor", "--offline", "--quiet", "--persona=auditor", ".github")


@pytest.mark.tools
@pytest.mark.parametrize("name", ["project", *PLANS])
def test_actionlint_finds_nothing(written: dict[str, Path], name: str) -> None:
    judged(written[name], "actionlint")


@pytest.mark.tools
@pytest.mark.parametrize(
    "name",
    ["project", *(pytest.param(name, marks=pytest.mark.heavy) if n % 2 else name for n, name in enumerate(PLANS))],
)
def test_the_published_schemas_accept_it(written: dict[str, Path], name: str) -> None:
    folder = written[name]
    schema = ("check-jsonschema", "--builtin-schema")
    judged(folder, *schema, "vendor.github-workflows", *files(folder, ".github/workflows/*.yml"))
    if found := files(folder, ".github/actions/*/action.yml"):
        judged(folder, *schema, "vendor.github-actions", *found)
    if name != "project":
        judged(folder, *schema, "vendor.gitlab-ci", "perfgate.gitlab-ci.yml")


@pytest.mark.sampled
@pytest.mark.tools
@pytest.mark.parametrize("name", ["project", *PLANS])
def test_its_style_is_plain(written: dict[str, Path], name: str) -> None:
    judged(written[name], "yamllint", "-d", json.dumps(STYLE), ".")


@pytest.mark.tools
@pytest.mark.parametrize("name", ["project", *PLANS])
def test_the_parser_of_github_accepts_it(written: dict[str, Path], name: str) -> None:
    parts = os.environ.get("GITHUB_TEST_PARTS", "")
    parser, node = Path(parts, "parser.bundle.mjs"), shutil.which("node")
    if not parts or not parser.exists() or node is None:
        pytest.skip("the workflow parser is not installed (tests/github/install_parts.sh)")
    for file in files(written[name], ".github/workflows/*.yml"):
        done = subprocess.run([node, str(parser), file], cwd=written[name], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "[]\n"), done.stdout + done.stderr


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    for file in (*folder.glob(".github/workflows/*.yml"), *folder.glob(".github/actions/*/action.yml")):
        yield load(file)


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = document.get("jobs") or {"": document.get("runs")}
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("name", ["project", *PLANS])
def test_everything_foreign_is_pinned_and_no_expression_stands_in_a_script(written: dict[str, Path], name: str) -> None:
    for document in documents(written[name]):
        for step in steps(document):
            assert re.fullmatch(
                r"[\w-]+/[\w-]+@[0-9a-f]{40}|\$/\.github/actions/[\w-]+", step.get("uses", "$/.github/actions/x")
            )
            assert "${{" not in step.get("run", "")
            assert step.get("with", {}).get("persist-credentials") is False or "checkout" not in step.get("uses", "")


@pytest.mark.parametrize("name", ["project", *PLANS])
def test_nothing_is_permitted_beyond_what_a_job_needs(written: dict[str, Path], name: str) -> None:
    for document in documents(written[name]):
        if "jobs" not in document:
            continue
        assert document["permissions"] == {}
        triggers = document[True]  # YAML takes `on` for a truth
        for job_id, job in document["jobs"].items():
            writes = {p for p, level in job["permissions"].items() if level == "write"}
            runs_the_change = "pull_request" in triggers
            own_branches = name.split("-")[1:2] == ["own"]
            may = {"pull-requests"} if "workflow_run" in triggers or own_branches else set()
            if set(triggers) == {"workflow_dispatch"}:  # started by hand, by somebody who may push anyway
                may = {"contents", "pull-requests"}
            if (
                set(triggers) == {"push"} and name != "project"
            ):  # it commits what another job measured, and runs no more
                own = {"contents", "pull-requests"} if PLANS[name].proposes else {"contents"}
                may = own if not any("pip install" in s.get("run", "") for s in job["steps"]) else set()
            if (document["name"], job_id) in PUBLISHERS:
                may = PUBLISHERS[document["name"], job_id]
                assert not runs_the_change
                assert not any("checkout" in s.get("uses", "") or "python" in s.get("run", "") for s in job["steps"])
            if (document["name"], job_id) in KEEPERS:
                may = KEEPERS[document["name"], job_id]
                assert not runs_the_change
                assert "github.event_name == 'push' && github.ref == 'refs/heads/main'" in job["if"]
                assert triggers["push"] == {"branches": ["main"]}
                assert not any("tests/" in s.get("run", "") for s in job["steps"]), "it measures nothing"
                assert [s["run"] for s in job["steps"] if "github.token" in str(s)] == [
                    "perfgate history append --push"
                ]
            assert writes <= may
            if "workflow_run" in triggers:
                assert not runs_the_change
                checkouts = [s["with"] for s in job["steps"] if "checkout" in s.get("uses", "")]
                assert len(checkouts) == (name == "hosted-forks-hashed")
                for only in checkouts:
                    assert only["ref"] == "${{ github.event.repository.default_branch }}"
                    assert only["sparse-checkout"] == ".github/perfgate.txt"
                    assert only["sparse-checkout-cone-mode"] is False
        assert "pull_request_target" not in triggers


def project(name: str) -> dict[str, Any]:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def test_the_collector_of_noise_starts_when_the_project_says_so_at_many_hours_and_keeps_one_session_each() -> None:
    document = project("noise")
    crons = [entry["cron"].split() for entry in document[True]["schedule"]]
    assert len({(minute, hour) for minute, hour, *_ in crons}) == len(crons) >= 7
    assert not {"0", "30"} & {minute for minute, *_ in crons}
    wait, record = document["jobs"]["wait"], document["jobs"]["record"]
    assert "vars.NOISE == 'on'" in wait["if"]
    assert wait["steps"][0]["if"] == "${{ github.event_name == 'schedule' }}"
    assert record["needs"] == "wait"
    systems = record["strategy"]["matrix"]["os"]
    assert [name.partition("-")[0] for name in systems] == ["ubuntu", "ubuntu", "macos", "windows"]
    assert [s["run"] for s in record["steps"] if "collect.py" in s.get("run", "")] == [
        "python tests/noise/collect.py --out outputs/noise"
    ]
    kept = record["steps"][-1]["with"]
    assert (kept["path"], kept["if-no-files-found"]) == ("outputs/noise/", "error")
    assert "${{ matrix.os }}" in kept["name"]


def test_the_project_gates_its_ratios_and_counts_and_keeps_a_session_of_each_push_to_main() -> None:
    asked = [s["with"] for s in project("perf")["jobs"]["own"]["steps"] if "perfgate" in s.get("uses", "")]
    assert {with_["command"].rpartition("/")[2]: with_["report-dir"] for with_ in asked} == {
        "gate_ratios.py": "perfgate-report/ratios",
        "gate_counts.py": "perfgate-report/counts",
    }
    history = project("perf-history")["jobs"]
    runs = " ".join(s["run"] for s in history["measure"]["steps"] if "perfgate run" in s.get("run", ""))
    measured = ("gate_collect.py", "gate_ratios.py", "gate_counts.py")
    assert all(f"tests/benchmarks/{name}" in runs for name in measured)
    assert history["append"]["needs"] == "measure"
    assert history["creep"]["if"] == history["draw"]["if"] == "${{ github.event_name != 'push' }}"
    gates = [s for s in history["creep"]["steps"] if "perfgate" in s.get("uses", "")]
    assert [s["with"]["command"].rpartition("/")[2] for s in gates] == list(measured)
    assert {s["with"]["base"] for s in gates} == {"${{ steps.release.outputs.commit }}"}
    assert all("steps.release.outputs.commit != ''" in s["if"] for s in gates), "without one nothing is compared"
    assert len({s["with"]["report-dir"] for s in gates}) == len(gates)


def test_the_projects_own_history_is_drawn_from_its_ledger_once_there_is_one(tmp_path: Path) -> None:
    job = project("perf-history")["jobs"]["draw"]
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(clone)]
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    subprocess.run(["git", "init", "-q", str(clone)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "One"], check=True)
    subprocess.run([*git, "remote", "add", "origin", f"file://{remote}"], check=True)
    runner = Runner(tmp_path / "machine", clone, {})
    code, said = runner.play(job)
    assert (code, (clone / "perfgate-history").exists()) == (0, False), said
    ledger_cases.write(remote, ledger_cases.sessions(12, 3))
    code, said = runner.play(job)
    assert code == 0, said
    assert "12 records of refs/perfgate/history" in (clone / "perfgate-history/history.html").read_text()


def test_the_weekly_comparison_takes_the_newest_release_below_the_commit_or_none(tmp_path: Path) -> None:
    (step,) = [s for s in project("perf-history")["jobs"]["creep"]["steps"] if s.get("id") == "release"]
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    env = {"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(tmp_path / "out"), "GIT_CONFIG_GLOBAL": os.devnull}
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]

    def find() -> tuple[int, str]:
        (tmp_path / "out").write_text("")
        done = subprocess.run(script, cwd=tmp_path, env=env, capture_output=True, check=False)
        return done.returncode, (tmp_path / "out").read_text()

    def commit(*tags: str) -> None:
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Change"], check=True)
        for tag in tags:
            subprocess.run([*git, "tag", tag], check=True)

    subprocess.run([*git, "init", "-q"], check=True)
    commit()
    assert find() == (0, "commit=\n")
    commit("v0.1.0", "nightly")
    assert find() == (0, "commit=\n"), "the release is not compared with itself"
    commit("v0.2.0")
    assert find() == (0, "commit=v0.1.0\n")
    commit()
    assert find() == (0, "commit=v0.2.0\n")


def test_the_canary_of_the_gate_runs_each_week_and_on_demand() -> None:
    document = project("perf-canary")
    assert set(document[True]) == {"schedule", "workflow_dispatch"}
    (step,) = [s for s in document["jobs"]["canary"]["steps"] if "gate_canary" in s.get("run", "")]
    assert step["run"] == "python tests/benchmarks/gate_canary.py --times 3 --slower 25"


def blocks_of_page() -> list[str]:
    text = (ROOT / "docs/github.md").read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def yaml_blocks() -> list[str]:
    """Return the recipes that `perfgate init` writes, too."""
    return blocks_of_page()[:-2]


def test_the_recipe_that_publishes_the_report_runs_nothing_of_a_pull_request() -> None:
    script = script_of_publisher(blocks_of_page()[-2], {"actions": "read", "pages": "write", "id-token": "write"})
    assert script == "mkdir site && cp report/report.html site/index.html"


def script_of_publisher(text: str, permissions: dict[str, str]) -> str:
    """Return the script of a recipe that publishes what a run of the main branch left, after a look at all else."""
    document = yaml.safe_load(text)
    (job,) = document["jobs"].values()
    assert list(document[True]) == ["workflow_run"]
    assert document["permissions"] == {}
    assert job["if"] == "${{ github.event.workflow_run.event == 'push' }}"
    assert job["permissions"] == permissions
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"]) for step in job["steps"] if "uses" in step)
    (script,) = [step["run"] for step in job["steps"] if "run" in step]
    return str(script)


def test_the_recipe_of_the_badge_replaces_a_branch_that_holds_the_badge_alone(tmp_path: Path) -> None:
    script = script_of_publisher(blocks_of_page()[-1], {"actions": "read", "contents": "write"})
    server = tmp_path / "server/octo/app"
    env = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "GH_TOKEN": "t",
        "GITHUB_SERVER_URL": f"file://{tmp_path / 'server'}", "GITHUB_REPOSITORY": "octo/app",
    }  # fmt: skip

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=server, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    server.mkdir(parents=True)
    git("init", "--quiet", "--bare")
    for number, words in enumerate(("<svg>1</svg>", "<svg>2</svg>")):
        report = tmp_path / str(number) / "report"
        report.mkdir(parents=True)
        (report / "badge.svg").write_text(words)
        (report / "report.json").write_text("{}")
        subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=report.parent, env=env, check=True)
        assert git("ls-tree", "-r", "--name-only", "perfgate-badge") == "badge.svg"
        assert git("show", "perfgate-badge:badge.svg") == words
        assert git("rev-list", "--count", "perfgate-badge") == "1"


def test_the_recipes_of_the_page_are_what_init_writes() -> None:
    one, forks, suites = (PLANS[n] for n in ("hosted-own-branches-one", "hosted-forks-one", "hosted-forks-suites"))
    own = PLANS["own-forks-one"]
    perf, comment = ".github/workflows/perf.yml", ".github/workflows/perf-comment.yml"
    assert yaml_blocks() == [
        github(one)[perf], github(forks)[perf], github(forks)[comment], github(suites)[perf], github(own)[perf],
    ]  # fmt: skip


def test_a_reader_edits_nothing_but_the_command_and_the_version() -> None:
    for text in yaml_blocks():
        if "perfgate comment perfgate-report/report.json --workflow-run" not in text:
            assert text.count("# the command to measure") == 1
            assert "# the version" in text


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_writes_what_it_needs_and_no_more(name: str) -> None:
    plan, made = PLANS[name], github(PLANS[name])
    assert (".github/workflows/perf-comment.yml" in made) is plan.forks
    assert (".github/workflows/perf-baseline.yml" in made) is (plan.runner == "own")
    assert (".github/workflows/perf-refresh.yml" in made) is bool(plan.refresh)
    assert (".github/workflows/perf-history.yml" in made) is plan.keeps_watch
    gate = made[".github/workflows/perf.yml"]
    assert "perfgate ab" in gate
    assert ("confirmations > 0" in gate) is (plan.runner == "own")
    assert ("pull-requests: write" in gate) is (not plan.forks)
    assert ("matrix" in gate) is bool(plan.suites or plan.shards > 1)
    assert ("--expect-shards 3" in gate) is (plan.shards == 3)
    assert json.dumps(gitlab(plan))


HAS_LABEL = "contains(github.event.pull_request.labels.*.name, 'it''s: \\ \"#1\" & ${x} ⚡')"


def test_a_label_is_the_condition_of_each_job_that_gates_and_starts_the_workflow(written: dict[str, Path]) -> None:
    plain = load(written["hosted-forks-label"] / ".github/workflows/perf.yml")
    assert plain[True]["pull_request"]["types"] == ["opened", "synchronize", "reopened", "labeled"]
    assert "merge_group" in plain[True]
    assert plain["jobs"]["gate"]["if"] == "contains(github.event.pull_request.labels.*.name, 'bench')"
    suites = load(written["hosted-own-branches-label-suites"] / ".github/workflows/perf.yml")["jobs"]
    assert suites["gate"]["if"] == HAS_LABEL
    shards = load(written["own-forks-label-shards"] / ".github/workflows/perf.yml")["jobs"]
    assert shards["measure"]["if"] == HAS_LABEL
    assert shards["gate"]["if"] == f"${{{{ !cancelled() && {HAS_LABEL} }}}}"
    for name in ("perf-refresh", "perf-baseline"):
        for job in load(written["own-forks-label-shards"] / f".github/workflows/{name}.yml")["jobs"].values():
            assert "if" not in job


def test_suites_with_a_label_have_one_job_to_require_which_no_failure_and_no_end_by_hand_passes(
    written: dict[str, Path], tmp_path: Path
) -> None:
    job = load(written["hosted-own-branches-label-suites"] / ".github/workflows/perf.yml")["jobs"]["all"]
    assert job["if"] == "${{ always() && needs.gate.result != 'skipped' }}"
    assert (job["needs"], job["permissions"]) == ("gate", {})
    (step,) = job["steps"]
    for result, code in (("success", 0), ("failure", 1), ("cancelled", 1), ("", 1)):
        env = {"PATH": os.environ["PATH"], "RESULT": result}
        assert subprocess.run(["bash", "-c", step["run"]], env=env, cwd=tmp_path, check=False).returncode == code
    assert "all" not in load(written["hosted-forks-suites"] / ".github/workflows/perf.yml")["jobs"]
