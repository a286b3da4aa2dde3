"""The recipes of docs/examples/rollout: their keys by what the projects publish, and what their commands decide."""

from __future__ import annotations

import json
import math
import os
import random
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from doc_blocks import DOCS, bare_environment, run

from perfgate.__main__ import run as run_perfgate

RECIPES = DOCS / "examples" / "rollout"
PARTS = Path(os.environ.get("ROLLOUT_TEST_PARTS") or "nowhere").absolute()
"""Where tests/docs/install_rollout_parts.sh put the types of Argo Rollouts, and TypeScript."""

# By hand from artifacts/flagger/crd.yaml of fluxcd/flagger (commit 023004dabdcb), which no registry has.
FLAGGER = {
    "spec": {"targetRef", "service", "analysis", "provider", "progressDeadlineSeconds", "skipAnalysis", "suspend"},
    "analysis": {"interval", "threshold", "maxWeight", "stepWeight", "stepWeights", "metrics", "webhooks", "alerts"},
    "webhook": {"name", "type", "muteAlert", "url", "timeout", "retries", "disableTLS", "metadata"},
}
FLAGGER_HOOKS = {
    "confirm-rollout", "pre-rollout", "rollout", "confirm-promotion", "post-rollout", "event", "rollback",
    "confirm-traffic-increase",
}  # fmt: skip
FLAGGER_TIME = re.compile(r"^[0-9]+(m|s)")
# By hand from the types of the package @kubernetes-models/argo-rollouts 2.0.0, which are made of the project's CRDs.
ARGO_METRIC = {
    "consecutiveErrorLimit", "consecutiveSuccessLimit", "count", "failureCondition", "failureLimit",
    "inconclusiveLimit", "initialDelay", "interval", "name", "provider", "successCondition",
}  # fmt: skip

_HOURS = 3600
VERDICTS = ("good", "bad", "young")


def documents(name):
    return list(yaml.safe_load_all((RECIPES / name).read_text(encoding="utf-8")))


def metrics():
    """Return the two metrics of Argo Rollouts by name."""
    template, _ = documents("argo-rollouts.yaml")
    return {metric["name"]: metric for metric in template["spec"]["metrics"]}


def hooks():
    (canary,) = documents("flagger.yaml")
    return {hook["name"]: hook for hook in canary["spec"]["analysis"]["webhooks"]}


def command_of(metric):
    """Return the command of a Job, with the arguments that the rollout gives in its first step."""
    (container,) = metric["provider"]["job"]["spec"]["template"]["spec"]["containers"]
    given = {"stable": "primary", "canary": "canary", "phase": "10"}
    words = [*container["command"], *container["args"]]
    return shlex.join(re.sub(r"\{\{args\.(\w+)\}\}", lambda m: given[m[1]], word) for word in words)


COMMANDS = {
    **{f"argo {name}": command_of(metric) for name, metric in metrics().items()},
    **{
        f"flagger {name}": hook["metadata"]["cmd"]
        for name, hook in hooks().items()
        if "perfgate" in hook["metadata"]["cmd"]
    },
}
EXIT_CODES = {
    "argo not-worse": (0, 1, 0),
    "argo proven": (0, 1, 2),
    "flagger worse": (2, 0, 2),
    "flagger go-on": (0, 1, 2),
    "flagger finish": (0, 1, 2),
}


def write_log(path, requests, slower=1.0):
    """Write the prediction log of one version over somewhat more than four hours, or of its first requests."""
    rng = random.Random(str(path))
    gap = 4.1 * _HOURS / 2_000
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as log:
        for i in range(requests):
            ms = 50 * math.exp(rng.gauss(0, 0.4)) * slower
            row = {"event": "prediction_metrics", "series_id": "all", "timestamp": 1_764_400_000 + gap * i}
            print(json.dumps({**row, "latency_total_ms": ms, "ok": rng.random() > 0.01}), file=log)


def write_logs(folder, verdict, names=("primary", "canary")):
    """Write the logs of both versions where the recipes expect them."""
    requests, slower = {"good": (2_000, 1.0), "bad": (2_000, 2.0), "young": (100, 1.0)}[verdict]
    write_log(folder / "logs" / names[0] / "a.jsonl", 2_000)
    write_log(folder / "logs" / names[1] / "b.jsonl", requests, slower)
    (folder / "state").mkdir(exist_ok=True)
    (folder / "policy").mkdir(exist_ok=True)
    shutil.copy(RECIPES / "perfgate.toml", folder / "policy")
    shutil.copy(RECIPES / "perfgate.toml", folder)


def in_folder(command, folder):
    """Return a command with its paths in a folder instead of in a pod's volumes."""
    return re.sub(r"(?<![\w.])/(logs|state|policy)/", rf"{folder}/\1/", command)


@pytest.mark.parametrize("place", range(3), ids=VERDICTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_of_a_recipe_exits_as_its_caller_understands_it(name, place, tmp_path, capsys):
    write_logs(tmp_path, VERDICTS[place])
    command = in_folder(COMMANDS[name].split("|| ")[-1], tmp_path)
    program, *words = shlex.split(command)
    assert program == "perfgate"
    assert run_perfgate(words) == EXIT_CODES[name][place], capsys.readouterr()


def test_every_command_of_a_recipe_has_its_exit_codes():
    assert set(COMMANDS) == set(EXIT_CODES)


def test_only_argo_s_first_metric_aborts_and_only_its_second_one_lets_a_rollout_go_on():
    worse, proven = metrics()["not-worse"], metrics()["proven"]
    assert (worse["failureLimit"], "consecutiveSuccessLimit" in worse) == (0, False)
    assert (proven["failureLimit"], proven["consecutiveSuccessLimit"], proven["count"]) == (-1, 1, 6)


def test_no_two_questions_of_a_recipe_share_the_analyses_of_a_state():
    states = {name: re.search(r"--state[ =](\S+)", command)[1] for name, command in COMMANDS.items()}
    assert states["argo not-worse"] != states["argo proven"]
    assert states["flagger worse"] != states["flagger go-on"]


def test_flagger_begins_a_rollout_without_the_last_one_and_goes_on_once_before_there_are_requests(tmp_path):
    write_logs(tmp_path, "bad")
    (tmp_path / "state" / "worse.json").write_text("of the last rollout")
    environment = bare_environment(tmp_path / "home")

    def call(name):
        command = in_folder(hooks()[name]["metadata"]["cmd"], tmp_path)
        return run(["bash", "-c", command], tmp_path, environment)[0]

    assert [call("begin"), call("begin-again")] == [0, 0]
    assert [*tmp_path.glob("logs/*/*")] == []
    assert [p.name for p in (tmp_path / "state").iterdir()] == ["first"]
    assert call("worse") == 2, "nothing was measured: no rollback"
    assert [call("go-on"), call("go-on")] == [0, 2], "from 0 % it goes on; then requests are needed"


@pytest.mark.parametrize(
    ("verdict", "code", "weights"),
    [("good", 0, ["10", "50", "100"]), ("bad", 1, ["10", "0"]), ("young", 2, ["10"])],
    ids=VERDICTS,
)
def test_the_loop_in_bash_moves_traffic_as_the_verdict_says(verdict, code, weights, tmp_path):
    write_logs(tmp_path, verdict, names=("stable", "canary"))
    weight = tmp_path / "set-weight"
    weight.write_text('#!/bin/sh\necho "$1" >>weights\n')
    weight.chmod(0o755)
    script = (RECIPES / "rollout.sh").read_text(encoding="utf-8").replace("{1..24}", "{1..2}")
    (tmp_path / "rollout.sh").write_text(script, encoding="utf-8")
    environment = {**bare_environment(tmp_path / "home"), "PAUSE": "0"}
    done = run(["bash", "rollout.sh"], tmp_path, environment)
    assert done[0] == code, done[1]
    assert (tmp_path / "weights").read_text().split() == weights


def test_the_keys_of_the_recipe_for_flagger_are_those_of_its_definition():
    (canary,) = documents("flagger.yaml")
    analysis = canary["spec"]["analysis"]
    assert set(canary["spec"]) <= FLAGGER["spec"]
    assert set(analysis) <= FLAGGER["analysis"]
    assert {"interval", "threshold", "stepWeights"} <= set(analysis)
    assert FLAGGER_TIME.match(analysis["interval"])
    for hook in analysis["webhooks"]:
        assert {"name", "url"} <= set(hook) <= FLAGGER["webhook"]
        assert hook["type"] in FLAGGER_HOOKS
        assert FLAGGER_TIME.match(hook.get("timeout", "1s"))
        assert all(isinstance(value, str) for value in hook["metadata"].values())
        assert hook["metadata"]["type"] == "bash"


def test_the_keys_of_the_recipe_for_argo_rollouts_are_those_of_its_definition():
    template, rollout = documents("argo-rollouts.yaml")
    named = {argument["name"] for argument in template["spec"]["args"]}
    assert all(set(metric) <= ARGO_METRIC for metric in template["spec"]["metrics"])
    assert set(re.findall(r"\{\{args\.(\w+)\}\}", json.dumps(template))) == named
    for step in rollout["spec"]["strategy"]["canary"]["steps"]:
        if "analysis" in step:
            assert {argument["name"] for argument in step["analysis"]["args"]} == named
            assert [t["templateName"] for t in step["analysis"]["templates"]] == [template["metadata"]["name"]]


def missing_parts():
    """Return why the types of Argo Rollouts cannot be asked; empty when they can."""
    if not os.environ.get("ROLLOUT_TEST_PARTS"):
        return "ROLLOUT_TEST_PARTS is not set (tests/docs/install_rollout_parts.sh)"
    if not shutil.which("node"):
        return "node is not installed"
    wanted = (PARTS / "node_modules/.bin/tsc", PARTS / "node_modules/@kubernetes-models/argo-rollouts")
    return next((f"{path} is missing" for path in wanted if not path.exists()), "")


def complaints(found, folder):
    """Return what TypeScript's compiler says against documents of Argo Rollouts; empty: nothing."""
    lines = [
        'import type { IAnalysisTemplate, IRollout } from "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1";'
    ]
    lines += [f"export const part{n}: I{each['kind']} = {json.dumps(each)};" for n, each in enumerate(found)]
    (folder / "recipe.ts").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "node_modules").symlink_to(PARTS / "node_modules")
    words = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run(
        [PARTS / "node_modules/.bin/tsc", *words, "recipe.ts"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.skipif(bool(missing_parts()), reason=missing_parts())
def test_argo_s_own_types_accept_the_recipe(tmp_path):
    assert complaints(documents("argo-rollouts.yaml"), tmp_path) == ""


@pytest.mark.skipif(bool(missing_parts()), reason=missing_parts())
@pytest.mark.parametrize("wrong", [{"failurLimit": 0}, {"count": [6]}, {"provider": {"jobs": {}}}], ids=str)
def test_argo_s_own_types_find_a_key_or_a_value_that_is_wrong(wrong, tmp_path):
    template, _ = documents("argo-rollouts.yaml")
    template["spec"]["metrics"][0] |= wrong
    found = complaints([template], tmp_path)
    assert "error TS2305" not in found
    assert "recipe.ts(2" in found
