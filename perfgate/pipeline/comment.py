"""The comment on a pull request: a report of unknown origin, and a place that only GitHub's event names."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from perfgate import __version__
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error, note, warning
from perfgate.core.finding import Status
from perfgate.core.text.strict_json import load_json
from perfgate.formats.parsing.files import read_bounded
from perfgate.pipeline.report_io import list_further_reports, read_verdicts
from perfgate.publish.api import ApiError, Client, api_url, make_opener
from perfgate.publish.comments import Done, Thread
from perfgate.publish.events import Place, is_repository, read_place, refuse_target
from perfgate.publish.pulls import find_pull

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.publish.api import Opener

    Draw = Callable[[Sequence[tuple[str, Verdict]], Mapping[str, Verdict | None], str, str, str], str]

When = Literal["change", "regression", "always"]

LARGEST = 32 * 1024 * 1024
"""Largest report in bytes: 5,000 rows fit, with the values of ten sessions of ten runs behind each."""
_LARGEST_EVENT = 32 * 1024 * 1024  # GitHub sends no event of more than 25 MB
_CHANGED = frozenset({Status.SUSPECTED, Status.IMPROVED, Status.NEW, Status.WAIVED, Status.REMOVED})
_EDITED = "gate-edited"  # the pull request changes what it is judged by
_EVENT_HINT = "run it in GitHub Actions, or name --repo and --pr"
_ORDER = (1, 2, 0)
"""Exit codes of suites, the one that counts first."""
_FORBIDDEN, _UNKNOWN_TOKEN = 403, 401


class Request(Struct, frozen=True, kw_only=True):
    """What the caller asks for."""

    reports: tuple[str, ...]
    """Paths of a ``report.json`` each, one of each suite; at least one."""
    html_page: str = ""
    """Address of the HTML report, as the workflow states it; left out unless it is an artifact of this repository."""
    place: Place | None
    """Where the comment goes; None: where the event says."""
    when: When
    """When a comment is worth creating; one that exists is always kept up to date."""
    dry_run: bool
    """Send nothing but GETs?"""


class World(Struct, frozen=True, kw_only=True):
    """What a process is given; tests give another."""

    environ: Mapping[str, str]
    """Environment variables."""
    opener: Callable[[str], Opener] = make_opener
    """Makes what opens requests to a base URL."""
    now: Callable[[], float] = time.time
    """Seconds since the epoch."""
    sleep: Callable[[float], None] = time.sleep
    """Waits some seconds."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What was done, for people."""

    line: str = ""
    """What happened, or would; empty when nothing did."""
    notes: tuple[Diagnostic, ...] = ()
    """Why nothing happened, or what the comment lacks."""
    body: str = ""
    """The comment, in a dry run."""


def publish_comment(request: Request, world: World, draw: Draw) -> Outcome:
    """Create or change the comment of a gate on a pull request.

    Args:
        request: what is asked for.
        world: what the process is given.
        draw: suites with their verdicts, of each a check that was skipped (None: none was), the page of the run that
            measured, that of the HTML report, and the comment that stands there, empty without one -> the comment,
            whose first line is the gate's marker.

    Raises:
        CannotDecideError: bad input, or GitHub does not answer after all tries.
    """
    place = _find_place(request, world.environ)
    if isinstance(place, Diagnostic):
        return Outcome(notes=(place,))
    in_job = request.place is None or world.environ.get("GITHUB_ACTIONS") == "true"  # else somebody typed the path
    lost = [path for path in request.reports if not os.path.lexists(path)] if in_job else []
    if lost:
        message = "no comment: there is no report; what measured ended before it wrote one"
        return Outcome(notes=tuple(note("comment-no-report", message, place=path) for path in lost))
    read = _read_all(request.reports)
    shown = min((verdict for verdict, _ in read), key=lambda v: (_ORDER.index(int(v.exit_code)), v.is_skipped))
    odd = _contradictions(shown, place)
    suites = [
        (name, replace(v, notes=(*odd, *v.notes)) if v is shown else v)
        for name, (v, _) in zip(name_suites(request.reports), read, strict=True)
    ]
    html_page = _html_page(request.html_page, place, world.environ)
    run_page = _run_page(place, world.environ)

    skipped = {
        name: next((each for each in verdicts if each.is_skipped), None)
        for (name, _), (_, verdicts) in zip(suites, read, strict=True)
    }

    def revise(standing: str, body: str) -> str:
        return draw(suites, skipped, run_page, html_page, standing) if any(skipped.values()) else body

    body = draw(suites, skipped, run_page, html_page, "")
    unlinked = (_unlinked(place),) if request.html_page and not html_page else ()
    try:
        create = bool(odd) or any(is_worth_a_comment(v, request.when) for _, verdicts in read for v in verdicts)
        done = _send(request, world, place, body, revise, create=create)
        return replace(done, notes=(*done.notes, *unlinked))
    except ApiError as caught:
        if caught.status == _FORBIDDEN and not caught.limited:
            return Outcome(notes=(_forbidden(caught),), body=body if request.dry_run else "")
        raise CannotDecideError([_failed(caught)]) from None


def _read_all(paths: Sequence[str]) -> list[tuple[Verdict, list[Verdict]]]:
    """Return the verdicts of all reports, which together may be as large as one alone."""
    left, read = LARGEST, []
    for path in paths:
        read.append(read_verdicts(path, largest=max(left, 1)))
        left -= sum(map(os.path.getsize, (path, *list_further_reports(path))))
    return read


def name_suites(paths: Sequence[str]) -> list[str]:
    """Return a name for each report of several: the first folder of its path that the others do not share."""
    if len(paths) == 1:
        return [""]
    parts = [os.path.normpath(path).split(os.sep) for path in paths]
    for depth in range(max(map(len, parts))):
        names = [p[depth].removesuffix(".json") if depth < len(p) else "" for p in parts]
        if len(set(names)) == len(names) and all(names):
            return names
    return list(paths)


def _html_page(stated: str, place: Place, environ: Mapping[str, str]) -> str:
    """Return the address of the HTML report if it is one of an artifact of the repository that is commented on."""
    artifact = re.escape(f"{_server(environ)}/{place.repository}/actions/runs/") + r"[0-9]+/artifacts/[0-9]+"
    return stated if re.fullmatch(artifact, stated) else ""


def _unlinked(place: Place) -> Diagnostic:
    """Return the note that the comment does not link an address: it may come from what the pull request ran."""
    message = f"--report-url is no artifact of a run of {place.repository}: the comment does not link it"
    hint = "pass the output artifact-url of actions/upload-artifact"
    return note("report-url-foreign", message, hint=hint)


def _contradictions(verdict: Verdict, place: Place) -> tuple[Diagnostic, ...]:
    """Return a warning when the run ended otherwise than its report says, which its own code may have made."""
    ended = {"success": True, "failure": False}.get(place.conclusion)
    if ended is None or ended == (not verdict.exit_code):
        return ()
    message = f"GitHub says that the run that measured ended with {place.conclusion}, this report says {verdict.name}"
    hint = "the run counts, not the report; another job of it may have ended otherwise"
    return (warning("report-contradicts-run", message, hint=hint),)


def is_worth_a_comment(verdict: Verdict, when: When) -> bool:
    """Is the verdict worth a first comment on the pull request?"""
    if when == "always" or verdict.exit_code:
        return True
    changed = verdict.introduces or any(f.status in _CHANGED for f in verdict.findings)
    changed = changed or any(n.slug == _EDITED for n in verdict.notes)
    return when == "change" and changed


def _find_place(request: Request, environ: Mapping[str, str]) -> Place | Diagnostic:
    """Return the pull request of the comment; one named by options is checked against the event, too."""
    name, path = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_EVENT_PATH", "")
    refuse_target(name)
    if request.place is None:
        if not path:
            raise cannot_decide("comment-event", "is not set", place="GITHUB_EVENT_PATH", hint=_EVENT_HINT)
        return read_place(name, _read_event(path))
    if name == "pull_request" and path and os.path.exists(path):
        event_place = read_place(name, _read_event(path))
        same = isinstance(event_place, Place) and (event_place.repository, event_place.number) == (
            request.place.repository,
            request.place.number,
        )
        return event_place if same else request.place
    return request.place


def _read_event(path: str) -> Any:  # noqa: ANN401 - JSON may be anything
    content = read_bounded(path, limit=_LARGEST_EVENT, slug="comment-event")
    return load_json(content, path, "comment-event", _EVENT_HINT)


def _run_page(place: Place, environ: Mapping[str, str]) -> str:
    """Return the address of the run that measured, from the variables that GitHub sets; empty without them."""
    run, repository = str(place.run or environ.get("GITHUB_RUN_ID", "")), place.repository
    if place.run is None:
        repository = environ.get("GITHUB_REPOSITORY", "")
    known = run.isascii() and run.isdigit() and is_repository(repository)
    return f"{_server(environ)}/{repository}/actions/runs/{run}" if known else ""


def _send(
    request: Request, world: World, place: Place, body: str, revise: Callable[[str, str], str], *, create: bool
) -> Outcome:
    """Find the pull request and set the body of its comment."""
    shown = body if request.dry_run else ""
    url, token = api_url(world.environ.get("GITHUB_API_URL", "")), _token(world.environ)
    if not token:
        if not request.dry_run:
            hint = "set GITHUB_TOKEN: ${{ github.token }} in the step's env:"
            raise cannot_decide("comment-no-token", "there is no token", place="GITHUB_TOKEN", hint=hint)
        where = f"#{place.number}" if place.number else f"from {place.head}"
        line = f"would comment on {place.repository} {where} (no token: not looked at)"
        return Outcome(line=line if create else f"{line}, if there is a comment already", body=shown)
    client = Client(
        url=url,
        token=token,
        agent=f"perfgate/{__version__}",
        opener=world.opener(url),
        now=world.now,
        sleep=world.sleep,
    )
    number = find_pull(client, place)
    if isinstance(number, Diagnostic):
        return Outcome(notes=(number,), body=shown)
    thread = Thread(client=client, repository=place.repository, number=number, dry=request.dry_run, revise=revise)
    done = thread.publish(body, create=create)
    shown = (done.body or body) if request.dry_run else ""
    return Outcome(line=_line_of(done, place.repository, number, world.environ, dry=request.dry_run), body=shown)


def _line_of(done: Done, repository: str, number: int, environ: Mapping[str, str], *, dry: bool) -> str:
    """Return the line that reports what was done, with the comment's address."""
    where = f"{_server(environ)}/{repository}/pull/{number}"
    where += f"#issuecomment-{done.comment}" if done.comment else ""
    words = {
        "created": "would create a comment on" if dry else "created the comment",
        "updated": "would update the comment" if dry else "updated the comment",
        "unchanged": "unchanged, the comment is up to date:",
        "skipped": "no comment: nothing to report, and none to update, on",
    }[done.action]
    more = f"; removed {done.removed} duplicate{'s' * (done.removed > 1)}" if done.removed else ""
    return f"{words} {where}{more}"


def _server(environ: Mapping[str, str]) -> str:
    """Return the address of GitHub's pages."""
    stated = environ.get("GITHUB_SERVER_URL", "").rstrip("/")
    try:
        return stated if urlsplit(stated).scheme in {"https", "http"} else "https://github.com"
    except ValueError:
        return "https://github.com"


def _token(environ: Mapping[str, str]) -> str:
    """Return the token, or an empty text; it must never stand in a message.

    Raises:
        CannotDecideError: it holds what no token holds, such as a line break inside.
    """
    token = (environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or "").strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise cannot_decide(
            "comment-no-token",
            "is no token: it holds a blank or a control character",
            place="GITHUB_TOKEN or GH_TOKEN",
            hint="set it anew",
        )
    return token


def _forbidden(caught: ApiError) -> Diagnostic:
    return note(
        "comment-forbidden",
        f"no comment: the token may not write it ({caught.words})",
        hint="give the job permissions: pull-requests: write; on pull_request from a fork no token may write, "
        "so comment from a workflow_run workflow",
    )


def _failed(caught: ApiError) -> Diagnostic:
    hint = "run the job again; the verdict is in the run that measured"
    if caught.status == _UNKNOWN_TOKEN:
        hint = "GITHUB_TOKEN or GH_TOKEN is unknown to the API or expired: set it anew"
    elif caught.limited:
        hint = "the limit on requests is reached: run the job again later"
    return error("comment-failed", f"GitHub did not take the comment: {caught.words}", hint=hint)
