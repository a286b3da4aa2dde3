"""The event that started a workflow -> which pull request it speaks of.

GitHub writes the event; the code of a pull request does not. What a run uploaded never
says where a comment goes: anybody can put another pull request's number there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import Diagnostic, cannot_decide, note

if TYPE_CHECKING:
    from perfgate.core.errors import CannotDecideError

_REPOSITORY = re.compile(r"(?!\.\.?/)[A-Za-z0-9_.-]{1,100}/(?!\.\.?$)[A-Za-z0-9_.-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TARGET = "pull_request_target"
_ORIGIN = "the event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a comment goes, as far as the event says it."""

    repository: str
    """``OWNER/NAME`` of the repository that the pull request is made to."""
    number: int | None
    """Number of the pull request; None: to be found by its head."""
    head: str = ""
    """``OWNER:BRANCH`` that the pull request comes from; empty when the number is known."""
    sha: str = ""
    """Commit that was measured as the pull request's head; empty: not known."""
    numbers: tuple[int, ...] = ()
    """Pull requests that the event names; GitHub names none for forks."""
    run: int | None = None
    """Id of the workflow run that measured."""
    conclusion: str = ""
    """How that run ended, as GitHub knows it, ``success`` or ``failure``; empty: not known."""


def is_repository(words: str) -> bool:
    """Are these words the name of a repository, ``OWNER/NAME``?"""
    return _REPOSITORY.fullmatch(words) is not None


def refuse_target(name: str) -> None:
    """Refuse to work under ``pull_request_target``.

    Raises:
        CannotDecideError: it is that event. With it a workflow that runs the code of a fork
            holds a token that may write, and secrets.
    """
    if name == _TARGET:
        raise cannot_decide(
            "comment-target-event",
            f"`{_TARGET}` gives the code of a fork a token that may write",
            hint="measure on pull_request, comment on workflow_run",
        )


def read_place(name: str, payload: Any) -> Place | Diagnostic:
    """Return the place that an event names, or a note when it belongs to no pull request.

    Args:
        name: the event's name (``GITHUB_EVENT_NAME``).
        payload: its JSON (``GITHUB_EVENT_PATH``).

    Raises:
        CannotDecideError: the payload is not what GitHub sends, or the event is ``pull_request_target``.
    """
    refuse_target(name)
    if name == "pull_request":
        pull = _part(payload, "pull_request")
        return Place(repository=_repository(payload), number=_number(pull, "number"), sha=_commit(_part(pull, "head")))
    if name != "workflow_run":
        return _none(f"the event `{name}` belongs to no pull request" if name else "there is no event")
    run = _part(payload, "workflow_run")
    inner = _text(run, "event")
    refuse_target(inner)
    if inner != "pull_request":
        return _none(f"the run that measured was started by `{inner}`, which belongs to no pull request")
    source = run.get("head_repository")
    if source is None:
        return _none("the repository that the pull request came from is gone")
    owner = _part(run, "head_repository", "owner")
    listed = run.get("pull_requests")
    pulls = listed if isinstance(listed, list) else []
    return Place(
        repository=_repository(payload),
        number=None,
        head=f"{_text(owner, 'login')}:{_text(run, 'head_branch')}",
        sha=_commit(run, "head_sha"),
        numbers=tuple(_number(p, "number") for p in pulls if isinstance(p, dict)),
        run=_number(run, "id"),
        conclusion=ended if isinstance(ended := run.get("conclusion"), str) else "",
    )


def _none(message: str) -> Diagnostic:
    return note("comment-no-pull-request", f"no comment: {message}")


def _part(data: Any, *names: str) -> dict[str, Any]:
    """Return an object inside an object."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise _odd(names[-1], "an object")
    return data


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise _odd(name, "a text")
    return value


def _number(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _odd(name, "a number")
    return value


def _commit(data: dict[str, Any], name: str = "sha") -> str:
    value = _text(data, name)
    if not _COMMIT.fullmatch(value):
        raise _odd(name, "a commit")
    return value


def _repository(payload: Any) -> str:
    value = _text(_part(payload, "repository"), "full_name")
    if not is_repository(value):
        raise _odd("full_name", "a repository")
    return value


def _odd(name: str, wanted: str) -> CannotDecideError:
    return cannot_decide(
        "comment-event",
        f'"{name}" is not {wanted}',
        place=_ORIGIN,
        hint="run it in GitHub Actions, or name --repo and --pr",
    )
