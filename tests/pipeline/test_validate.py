"""``perfgate validate``: what is sound passes, each fault is found, and all are told at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.__main__ import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Project

WAIVER = '[[waiver]]\nbenchmark = "train"\nmetric = "elapsed"\nceiling = "+30%"\nuntil = "2099-01-31"\nreason = "x"\n'
RULE = '[[rule]]\nbenchmark = "train"\nmetric = "{metric}"\nthreshold = "{threshold}"\n'
BUDGET = '[[budget]]\nbenchmark = "{name}"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "{limit}"\n'


@pytest.fixture
def sound(green: Project, outside_ci: None, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a configuration, baselines and a waiver that are sound; it is the working directory."""
    green.write("perfgate.toml", RULE.format(metric="elapsed", threshold="+7%") + BUDGET.format(name="*", limit="< 9s"))
    green.write("baselines/waivers.toml", WAIVER)
    green.path(".git").mkdir()
    monkeypatch.chdir(green.root)
    return green


def slugs(capsys: pytest.CaptureFixture[str], *paths: str) -> list[str]:
    """Validate, and return the slug of every fault, which must be exit 2."""
    capsys.readouterr()
    assert run(["validate", *paths]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("cannot decide: ")
    assert captured.out == ""
    return [
        line.rpartition("[")[2].removesuffix("]")
        for line in captured.err.splitlines()
        if line.startswith("cannot decide: ")
    ]


def edit(workdir: Project, change: Callable[[dict[str, Any]], object]) -> None:
    path = workdir.baseline("train")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_sound_project_says_what_was_looked_at(sound, capsys):
    assert run(["validate"]) == 0
    assert capsys.readouterr().out == "valid: perfgate.toml\nvalid: baselines (2 baselines, 1 waiver)\n"


def test_it_looks_for_the_configuration_above_as_a_check_does(sound, capsys, monkeypatch):
    sound.path("deep").mkdir()
    monkeypatch.chdir(sound.path("deep"))
    assert run(["validate"]) == 0
    assert "valid: ../perfgate.toml" in capsys.readouterr().out


def test_baselines_without_a_configuration_are_looked_at(sound, capsys):
    sound.path("perfgate.toml").unlink()
    assert run(["validate"]) == 0
    assert capsys.readouterr().out == "valid: baselines (2 baselines, 1 waiver)\n"


def test_a_configuration_without_baselines_is_sound(workdir, capsys):
    (workdir / "perfgate.toml").write_text("")
    assert run(["validate"]) == 0
    assert capsys.readouterr().out == "valid: perfgate.toml\n"


def test_where_there_is_nothing_to_look_at_it_is_no_pass(workdir, capsys):
    assert slugs(capsys) == ["validate-nothing"]


@pytest.mark.parametrize(
    "paths",
    [
        ["."], ["baselines"], ["perfgate.toml"], ["baselines/waivers.toml"], ["CLASS"], ["BASELINE"], ["r.json"],
        ["p.json"], ["plain.json"], ["pyproject.toml"], ["suite"], ["BASELINE", "perfgate.toml", "./perfgate.toml"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_each_kind_of_path_is_known(sound, capsys, paths):
    assert run(["check", "--report", "r.json"]) == 0
    assert run(["collect", "--output", "p.json"]) == 0
    sound.write("plain.json", '{"benchmarks": {"train": {"elapsed_sec": {"p50": 1.0}}}}')
    sound.write("pyproject.toml", "[project]\nname = 'x'\n")
    sound.write("suite/perfgate.toml", "")
    baseline = sound.baseline("train").relative_to(sound.root)
    named = {"CLASS": str(baseline.parent), "BASELINE": str(baseline)}
    capsys.readouterr()
    assert run(["validate", *(named.get(p, p) for p in paths)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert lines
    assert len(set(lines)) == len(lines)


def _copied(workdir: Project) -> None:
    path = workdir.baseline("train")
    path.with_name("copy.json").write_bytes(path.read_bytes())


def _deeper(workdir: Project) -> None:
    path = workdir.baseline("train")
    path.parent.joinpath("old").mkdir()
    path.parent.joinpath("old", path.name).write_bytes(path.read_bytes())


def _key_twice(workdir: Project) -> None:
    path = workdir.baseline("train")
    path.write_text(path.read_text().replace('"benchmark":', '"labels": {},\n  "benchmark":', 1))


def _run_twice(workdir: Project) -> None:
    def change(document: dict[str, Any]) -> None:
        (name,) = document["sessions"]
        document["sessions"][f"{name}-again"] = document["sessions"][name]
        for metric in document["metrics"].values():
            metric["values"][f"{name}-again"] = metric["values"][name]
            metric["n"] *= 2
            values = sorted(2 * metric["values"][name])
            for quantile, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
                at = q * (len(values) - 1)
                low = values[int(at)]
                metric[quantile] = float(f"{low + (values[min(int(at) + 1, len(values) - 1)] - low) * (at % 1):.6g}")

    edit(workdir, change)


def _two_methods(workdir: Project) -> None:
    edit(workdir, lambda d: d["metrics"]["peak_memory"].update(source=["cgroup", "poll"]))


def _other_rows(workdir: Project) -> None:
    def change(document: dict[str, Any]) -> None:
        (name,) = document["sessions"]
        document["sessions"][f"{name}-b"] = {**document["sessions"][name], "rows_used": [77], "runs": []}
        for metric in document["metrics"].values():
            metric["values"] = {name: metric["values"][name][:1], f"{name}-b": metric["values"][name][:1]}
            metric.update(n=2, **dict.fromkeys(("p50", "p95", "p99"), metric["values"][name][0]))

    edit(workdir, change)


FAULTS: dict[str, tuple[Callable[[Project], object], str]] = {
    "configuration, unknown key": (lambda p: p.write("perfgate.toml", "treshold = 1"), "config-invalid"),
    "configuration, no TOML": (lambda p: p.write("perfgate.toml", "["), "config-invalid"),
    "configuration twice": (lambda p: p.write("pyproject.toml", "[tool.perfgate]"), "config-twice"),
    "rule of another unit": (
        lambda p: p.write("perfgate.toml", RULE.format(metric="elapsed", threshold="+3MB")), "rule-unit",
    ),
    "rule of the wrong sign": (
        lambda p: p.write("perfgate.toml", RULE.format(metric="elapsed", threshold="-3%")), "rule-sign",
    ),
    "budget of another unit": (
        lambda p: p.write("perfgate.toml", BUDGET.format(name="train", limit="< 3MB")), "budget-unit",
    ),
    "budget of the wrong sign": (
        lambda p: p.write("perfgate.toml", BUDGET.format(name="train", limit="> 3s")), "budget-sign",
    ),
    "baseline cut off": (
        lambda p: p.baseline("train").write_bytes(p.baseline("train").read_bytes()[:-40]), "baseline-invalid",
    ),
    "baseline by hand": (lambda p: edit(p, lambda d: d["metrics"]["elapsed"].update(p50=1.5)), "baseline-inconsistent"),
    "baseline of tomorrow": (lambda p: edit(p, lambda d: d.update(schema="perfgate/baseline/9")), "baseline-version"),
    "baseline, unknown key": (lambda p: edit(p, lambda d: d.update(colour="red")), "baseline-invalid"),
    "baseline misnamed": (lambda p: p.baseline("train").rename(p.baseline("train").with_name("t.json")),
                          "baseline-misplaced"),
    "baseline doubled": (_copied, "baseline-misplaced"),
    "baseline too deep": (_deeper, "baseline-misplaced"),
    "baseline, other suffix": (lambda p: p.write("baselines/x/a.JSON", "{}"), "baseline-misplaced"),
    "baseline, key twice": (_key_twice, "baseline-invalid"),
    "baseline, run twice": (_run_twice, "baseline-run-twice"),
    "baseline, two methods": (_two_methods, "source-differs"),
    "baseline, sessions on other rows": (_other_rows, "sessions-disagree"),
    "waivers": (lambda p: p.write("baselines/waivers.toml", WAIVER + 'colour = "red"\n'), "waivers-invalid"),
    "waiver twice": (lambda p: p.write("baselines/waivers.toml", WAIVER + WAIVER), "waivers-invalid"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_is_found_by_itself(sound, capsys, fault):
    spoil, slug = FAULTS[fault]
    spoil(sound)
    assert slugs(capsys) == [slug]


@pytest.mark.parametrize("by", [["."], ["baselines"], ["CLASS"], ["BASELINE"]], ids=" ".join)
@pytest.mark.parametrize(
    ("spoil", "allowance"),
    [(_two_methods, 'exclude = ["*:peak_memory"]'), (_other_rows, '[defaults]\nworkload = "rate"')],
)
def test_what_the_configuration_allows_is_no_fault_of_a_baseline(sound, capsys, spoil, allowance, by):
    baseline = sound.baseline("train").relative_to(sound.root)
    paths = [{"CLASS": str(baseline.parent), "BASELINE": str(baseline)}.get(p, p) for p in by]
    spoil(sound)
    sound.write("perfgate.toml", "")
    assert len(slugs(capsys, *paths)) == 1
    sound.write("perfgate.toml", allowance)
    assert run(["validate", *paths]) == 0


def test_faults_of_all_files_are_told_at_once(sound, capsys):
    sound.write("perfgate.toml", "treshold = 1\nrus = 2")
    sound.write("baselines/waivers.toml", WAIVER + WAIVER)
    sound.baseline("score").write_text("")
    _deeper(sound)
    assert sorted(slugs(capsys)) == [
        "baseline-invalid", "baseline-misplaced", "config-invalid", "waivers-invalid",
    ]  # fmt: skip


def test_a_rule_for_what_is_not_measured_yet_is_no_fault(sound, capsys):
    rules = RULE.replace("train", "next") + RULE.replace("train", "*") + RULE
    sound.write("perfgate.toml", rules.format(metric="*", threshold="+3%") + BUDGET.format(name="next", limit="< 9s"))
    assert run(["validate"]) == 0


@pytest.mark.parametrize(
    ("path", "slug"),
    [("nosuch.json", "baseline-unreadable"), ("nosuch.toml", "config-unreadable"), ("nosuch", "validate-unknown"),
     ("README.md", "validate-unknown"), ("empty", "validate-nothing"), ("x.json", "percentiles-invalid")],
)  # fmt: skip
def test_a_path_that_cannot_be_meant_is_told(sound, capsys, path, slug):
    sound.write("README.md", "")
    sound.path("empty").mkdir()
    sound.write("x.json", "[]")
    assert slugs(capsys, path) == [slug]


def test_a_baseline_named_by_itself_is_looked_at_where_it_lies(sound, capsys):
    _copied(sound)
    assert slugs(capsys, str(sound.baseline("train").with_name("copy.json"))) == ["baseline-misplaced"]
    assert slugs(capsys, str(sound.baseline("train").parent)) == ["baseline-misplaced"]
    _key_twice(sound)
    assert slugs(capsys, str(sound.baseline("train"))) == ["baseline-invalid"]


def test_what_is_too_deep_in_the_folder_of_a_class_is_found(sound, capsys):
    _deeper(sound)
    assert slugs(capsys, str(sound.baseline("train").parent)) == ["baseline-unread"]
