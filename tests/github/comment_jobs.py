"""What the tests of the comment start from: reports to tell, events, and a job whose clock nobody waits for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fault_server import REPO, SHA
from support import ROOT

from perfgate.pipeline.comment import Request, World, publish_comment
from perfgate.publish.api import make_opener
from perfgate.publish.events import Place
from perfgate.render.comment import comment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from emulator import Emulator
    from fault_server import FaultyGitHub

    from perfgate.core.finding import Verdict
    from perfgate.pipeline.comment import Outcome

MARKER = "<!-- perfgate:v1 id=default -->"
TOKEN = "ghs_secretsecretsecret"  # noqa: S105 - of no server


def report_data(*statuses: str) -> dict[str, Any]:
    """Return a report's data with one finding of each status."""
    data = json.loads((ROOT / "tests/golden/report.json").read_text(encoding="utf-8"))
    known = {f["status"]: f for f in data["findings"]}
    data["findings"] = [{**known.get(s, known["unchanged"]), "status": s} for s in statuses]
    data["problems"] = []
    failed = any(s in {"regressed", "over-budget"} for s in statuses)
    data["verdict"], data["exit_code"] = ("regression", 1) if failed else ("pass", 0)
    if "missing" in statuses:
        data["verdict"], data["exit_code"] = "error", 2
    return data


def event(**changes: Any) -> dict[str, Any]:
    """Return the payload of a `workflow_run` event; a key that is given changes the run."""
    run = {
        "id": 42, "event": "pull_request", "conclusion": "failure", "head_branch": "work", "head_sha": SHA,
        "head_repository": {"full_name": "fork/app", "owner": {"login": "octo"}}, "pull_requests": [],
    }  # fmt: skip
    return {"action": "completed", "repository": {"full_name": REPO}, "workflow_run": {**run, **changes}}


class Job:
    """A commenting job: its files, its environment, its clock."""

    def __init__(self, folder: Path, hub: FaultyGitHub | Emulator) -> None:
        self.folder, self.hub = folder, hub
        self.time, self.waits = 1e9, []
        self.opener, self.page = make_opener, ""
        self.drawn: Verdict | None = None
        self.environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": hub.url}
        self.report("regressed")

    def report(self, *statuses: str) -> None:
        (self.folder / "report.json").write_text(json.dumps(report_data(*statuses)))

    def on(self, name: str, payload: object) -> None:
        path = self.folder / "event.json"
        path.write_text(json.dumps(payload))
        self.environ |= {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def run(self, words: str = "slower", *, ident: str = "default", **asked: Any) -> Outcome:
        """Comment with a body of these words."""
        request = {"reports": (str(self.folder / "report.json"),), "place": Place(repository=REPO, number=7)}
        request |= {"when": "change", "dry_run": False, **asked}
        world = World(environ=self.environ, opener=self.opener, now=lambda: self.time, sleep=self.sleep)

        def draw(suites: Sequence[tuple[str, Verdict]], _: object, page: str, html_page: str, __: str) -> str:
            self.page, self.html_page, self.suites = page, html_page, [name for name, _ in suites]
            self.drawn = suites[0][1]
            return f"<!-- perfgate:v1 id={ident} -->\n{words}\n"

        return publish_comment(Request(**request), world, draw)

    def publish(self, **asked: Any) -> Outcome:
        """Comment with what the command draws."""
        request = {"reports": (str(self.folder / "report.json"),), "place": Place(repository=REPO, number=7)}
        request |= {"when": "change", "dry_run": False, **asked}
        world = World(environ=self.environ, opener=self.opener, now=lambda: self.time, sleep=self.sleep)

        def draw(
            suites: Sequence[tuple[str, Verdict]],
            skipped: Mapping[str, Verdict | None],
            page: str,
            html_page: str,
            standing: str,
        ) -> str:
            return comment(
                suites, ident="default", run_page=page, html_page=html_page, standing=standing, skipped=skipped
            )

        return publish_comment(Request(**request), world, draw)

    def bodies(self) -> list[str]:
        return [c["body"] for c in self.hub.comments]
