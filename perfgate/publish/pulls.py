"""A place -> the open pull request that is still at the measured commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.core.errors import Diagnostic, note
from perfgate.publish.api import ApiError, escape_segment

if TYPE_CHECKING:
    from perfgate.publish.api import Client
    from perfgate.publish.events import Place

_ABSENT = frozenset({404, 410})


def find_pull(client: Client, place: Place) -> int | Diagnostic:
    """Return the number of the pull request to comment on, or a note when there is none.

    A fork's pull request is found by owner, branch and commit of its head: GitHub names
    no number for it in the event. The commit also drops a run that was overtaken by a push.

    Raises:
        ApiError: GitHub refused, or did not answer.
    """
    if place.number is not None:
        return _check(client, place, place.number)
    path = f"/repos/{repository_path(place.repository)}/pulls"
    answer = client.get(path, state="open", head=place.head, per_page=100)
    ours = [p for p in answer if _is_made_to(p, place.repository)] if isinstance(answer, list) else []
    if not ours:
        return _no_pull(f"no open pull request comes from {place.head}")
    fresh = [p["number"] for p in ours if _head(p) == place.sha]
    if not fresh:
        return _stale(place.sha)
    if len(fresh) > 1:  # one head, several bases: what was measured belongs to one of them
        fresh = [number for number in fresh if number in place.numbers] or fresh
    if len(fresh) > 1:
        listed = ", ".join(f"#{number}" for number in sorted(fresh))
        return _no_pull(f"{place.head} is the head of several open pull requests ({listed})")
    number: int = fresh[0]
    return number


def repository_path(repository: str) -> str:
    """Return ``OWNER/NAME`` as a part of an API path."""
    return "/".join(escape_segment(part) for part in repository.split("/"))


def _check(client: Client, place: Place, number: int) -> int | Diagnostic:
    try:
        pull = client.get(f"/repos/{repository_path(place.repository)}/pulls/{number}")
    except ApiError as caught:
        if caught.status in _ABSENT:
            return _no_pull(f"{place.repository} has no pull request #{number} that this token may see")
        raise
    if not isinstance(pull, dict) or pull.get("state") != "open":
        return _no_pull(f"#{number} is closed or merged")
    if place.sha and _head(pull) != place.sha:
        return _stale(place.sha)
    return number


def _is_made_to(pull: Any, repository: str) -> bool:
    try:
        return isinstance(pull["number"], int) and pull["base"]["repo"]["full_name"].lower() == repository.lower()
    except (KeyError, TypeError, AttributeError):
        return False


def _head(pull: dict[str, Any]) -> object:
    head = pull.get("head")
    return head.get("sha") if isinstance(head, dict) else None


def _no_pull(message: str) -> Diagnostic:
    return note("comment-no-pull-request", f"no comment: {message}")


def _stale(sha: str) -> Diagnostic:
    message = f"no comment: the pull request has moved on from commit {sha[:12]}; the run of its newest commit comments"
    return note("comment-stale", message)
