"""Several suites in one comment: each has a name, and the page of the HTML report is one of the repository."""

from __future__ import annotations

import json

import pytest
from comment_jobs import report_data
from fault_server import REPO

from perfgate.pipeline.comment import name_suites


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["perfgate-report/report.json"], [""]),
        (["unit/report.json", "load/report.json"], ["unit", "load"]),
        (["out/unit/report.json", "out/load/report.json"], ["unit", "load"]),
        (["a.json", "b.json"], ["a", "b"]),
        (["out/x/a.json", "out/x/b.json"], ["a", "b"]),
        (["a/report.json", "a/report.json"], ["a/report.json", "a/report.json"]),
        (["report.json", "2/report.json"], ["report", "2"]),
    ],
)
def test_a_suite_is_named_by_what_its_path_does_not_share(paths, names):
    assert name_suites(paths) == names


def test_a_suite_that_regressed_is_worth_a_comment_beside_one_that_passes(job):
    other = job.folder / "other"
    other.mkdir()
    (other / "report.json").write_text(json.dumps(report_data("unchanged")))
    job.report("regressed")
    done = job.run(reports=(str(other / "report.json"), str(job.folder / "report.json")))
    assert "created the comment" in done.line
    assert len(job.suites) == 2


PAGE = f"https://github.com/{REPO}/actions/runs/7/artifacts/8"


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (PAGE, PAGE),
        ("", ""),
        ("https://evil.example/actions/runs/7/artifacts/8", ""),
        (PAGE.replace("github.com", "github.com.evil.example"), ""),
        (f"{PAGE})[x](https://evil.example", ""),
        (PAGE.replace(REPO, "o/other"), ""),
    ],
)
def test_only_an_artifact_of_the_repository_is_linked_as_the_html_report(job, stated, kept):
    done = job.run(html_page=stated)
    assert job.html_page == kept
    assert [n.slug for n in done.notes] == ([] if kept == stated else ["report-url-foreign"])
