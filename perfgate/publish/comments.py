"""One comment for each gate and pull request: found again, changed in place, never two.

Whose comment is it? The first line must equal the marker, and the author must be us:

- ``github-actions[bot]``: whatever the workflows of a repository write with their own token
  stands under this name, and no contributor can take it. No request is needed to know.
- Otherwise the token's own login, which GitHub is asked for only when a marked comment of
  somebody else is there and none of that bot. It is asked in GraphQL: ``GET /user`` refuses
  the tokens of Apps, and ``performed_via_github_app`` names the author's App, not ours.
- When GitHub does not name it, nothing is ours. A new comment is posted, the answer names its
  author, and older ones of the same author take its place: it is never two for long.

A marker that a contributor pasted is thus left alone, and keeps nobody from posting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from perfgate.publish.api import ApiError
from perfgate.publish.pulls import repository_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.publish.api import Client

ACTIONS = "github-actions[bot]"
_PAGE = 100
_MOST_PAGES = 300
_FORBIDDEN, _GONE = 403, frozenset({404, 410})

Action = Literal["created", "updated", "unchanged", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment of the pull request."""

    number: int
    """Its id; later comments have greater ones."""
    author: str
    """Login; empty for a deleted account."""
    body: str
    """Markdown."""

    @property
    def marker(self) -> str:
        """Return its first line."""
        return self.body.partition("\n")[0].rstrip("\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What happened, or would in a dry run."""

    action: Action
    """The comment was created, changed, equal already, or is not worth creating."""
    comment: int | None = None
    """Its id; None when there is none."""
    removed: int = 0
    """Duplicates that were removed."""
    body: str = ""
    """What the comment that stood there says now, or would; empty: none stood there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The comments of one gate in one pull request."""

    client: Client
    """Where they are."""
    repository: str
    """``OWNER/NAME``."""
    number: int
    """Number of the pull request."""
    dry: bool
    """Send nothing but GETs?"""
    revise: Callable[[str, str], str] = lambda _, body: body
    """The comment that stands there, and the body that is to be published -> what it says from now on."""

    def publish(self, body: str, *, create: bool) -> Done:
        """Create or update the comment with `body`, whose first line is the gate's marker.

        Args:
            body: markdown.
            create: is it worth a comment where there is none yet?

        Raises:
            ApiError: GitHub refused, or did not answer.
        """
        own = self._own(self._list(), body)
        if own:
            done = self._keep_oldest(own, body)
            if done is not None:
                return done
        if not create:
            return Done(action="skipped")
        return Done(action="created") if self.dry else self._create(body)

    def _create(self, body: str) -> Done:
        def arrived() -> dict[str, Any] | None:  # a server that failed may have done it all the same
            return next(
                ({"id": c.number, "user": {"login": c.author}} for c in self._own(self._list(), body) if _is(c, body)),
                None,
            )

        posted = _comment(
            self.client.send("POST", f"{self._path}/{self.number}/comments", {"body": body}, settled=arrived)
        )
        if posted is None:
            raise ApiError(0, f"POST {self._path}: the answer names no comment")
        posted = Comment(number=posted.number, author=posted.author, body=body)
        others = [
            c
            for c in self._list()
            if posted.author and (c.author, c.marker) == (posted.author, posted.marker) and c.number != posted.number
        ]
        kept = self._keep_oldest([posted, *others], body) or Done(action="created", comment=posted.number)
        return replace(kept, action="created")

    def _keep_oldest(self, own: list[Comment], body: str) -> Done | None:
        """Make the oldest comment say `body`, revised, and remove the others; None when it is gone meanwhile."""
        oldest, *others = sorted(own, key=lambda c: c.number)
        asked, body = body, self.revise(oldest.body, body)
        same = _is(oldest, body)
        if not same and not self.dry:
            try:
                self.client.send("PATCH", f"{self._path}/comments/{oldest.number}", {"body": body})
            except ApiError as caught:
                if caught.status in _GONE:
                    return self._keep_oldest(others, asked) if others else None
                raise
        removed = 0 if self.dry else sum(map(self._remove, others))
        return Done(action="unchanged" if same else "updated", comment=oldest.number, removed=removed, body=body)

    def _remove(self, comment: Comment) -> bool:
        """Remove a duplicate; that another job did so, or that we may not, spoils nothing."""
        try:
            self.client.send("DELETE", f"{self._path}/comments/{comment.number}")
        except ApiError as caught:
            if caught.status in _GONE or (caught.status == _FORBIDDEN and not caught.limited):
                return False
            raise
        return True

    def _own(self, comments: list[Comment], body: str) -> list[Comment]:
        """Return the comments of this gate that we wrote; see the module."""
        marker = body.partition("\n")[0]
        marked = [c for c in comments if c.marker == marker and c.author]
        by_actions = [c for c in marked if c.author == ACTIONS]
        if by_actions or not marked or self.dry:
            return by_actions
        login = self.client.viewer()
        return [c for c in marked if c.author == login]

    def _list(self) -> list[Comment]:
        """Return all comments, page after page until one is not full."""
        found: list[Comment] = []
        for page in range(1, _MOST_PAGES + 1):
            answer = self.client.get(f"{self._path}/{self.number}/comments", per_page=_PAGE, page=page)
            if not isinstance(answer, list):
                raise ApiError(0, f"GET {self._path}: the answer is no list of comments")
            found.extend(c for c in map(_comment, answer) if c is not None)
            if len(answer) < _PAGE:
                break
        return found

    @property
    def _path(self) -> str:
        return f"/repos/{repository_path(self.repository)}/issues"


def _comment(data: Any) -> Comment | None:
    """Return a comment as the API states it; None when it is none."""
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        return None
    user, body = data.get("user"), data.get("body")
    author = user.get("login") if isinstance(user, dict) else None
    return Comment(
        number=data["id"],
        author=author if isinstance(author, str) else "",
        body=body if isinstance(body, str) else "",
    )


def _is(comment: Comment, body: str) -> bool:
    """Does the comment say this already? Line ends and what is blank at the end may come back otherwise."""
    return comment.body.replace("\r\n", "\n").rstrip() == body.rstrip()
