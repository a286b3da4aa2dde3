"""``perfgate comment``."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from perfgate.cli.output import echo, say, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import ExitCode, Verdict
    from perfgate.pipeline.comment import When
    from perfgate.render import Format

_ID = re.compile(r"[a-z0-9-]{1,40}")


@click.command()
@click.argument("paths", metavar="REPORT_JSON...", nargs=-1, required=True)
@click.option("--workflow-run", is_flag=True, help="On the pull request of the event that started this workflow.")
@click.option("--repo", metavar="OWNER/NAME", help="Repository of the pull request; with --pr.")
@click.option("--pr", type=click.IntRange(1, 2**53), metavar="N", help="Number of the pull request; with --repo.")
@click.option(
    "--id", "ident", default="default", show_default=True, help="Name of the gate, if there are several (a-z, 0-9, -)."
)
@click.option(
    "--when",
    type=click.Choice(["change", "regression", "always"]),
    default="change",
    show_default=True,
    help="When to create one; an existing one is always updated.",
)
@click.option("--report-url", default="", metavar="URL", help="Page of the HTML report, an artifact of the run.")
@click.option("--dry-run", is_flag=True, help="Print the comment and what would be done; write nothing.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    workflow_run: bool,
    repo: str | None,
    pr: int | None,
    ident: str,
    when: When,
    report_url: str,
    dry_run: bool,
) -> ExitCode:
    """Post a report as a comment on a pull request; a later report updates it.

    Several reports are the suites of one comment, each named by its folder.
    The token comes from GITHUB_TOKEN or GH_TOKEN. Exits 0 whatever the verdict,
    also when there is nothing to comment on or the token may only read; 2 when
    a report is faulty or GitHub does not answer.
    """
    from perfgate.core.errors import CannotDecideError
    from perfgate.core.finding import ExitCode
    from perfgate.pipeline.comment import Request, World, publish_comment
    from perfgate.publish.events import Place, is_repository
    from perfgate.render.comment import comment

    if workflow_run in {repo is not None, pr is not None}:
        raise click.UsageError("name --workflow-run, or both --repo and --pr", ctx)
    if repo is not None and not is_repository(repo):
        raise click.UsageError("--repo must be OWNER/NAME", ctx)
    if not _ID.fullmatch(ident):
        raise click.UsageError("--id must be 1 to 40 of a-z, 0-9 and -", ctx)
    place = None if repo is None else Place(repository=repo, number=pr)
    asked = Request(reports=paths, html_page=report_url, place=place, when=when, dry_run=dry_run)

    def draw(
        suites: Sequence[tuple[str, Verdict]],
        skipped: Mapping[str, Verdict | None],
        run_page: str,
        html_page: str,
        standing: str,
    ) -> str:
        return comment(suites, ident=ident, run_page=run_page, html_page=html_page, standing=standing, skipped=skipped)

    try:
        done = publish_comment(asked, World(environ=os.environ), draw)
    except CannotDecideError as caught:  # nothing is decided here: the fault is printed without those words
        _print(caught.diagnostics[:50])
        return ExitCode.CANNOT_DECIDE
    _print(done.notes)
    if done.body:
        _write(done.body, form="markdown")
    if done.line:
        say(done.line, err=dry_run)
    return ExitCode.PASS


def _print(diagnostics: Sequence[Diagnostic]) -> None:
    """Write diagnostics to stderr."""
    if diagnostics:
        text = "".join(f"{line}\n" for diagnostic in diagnostics for line in diagnostic.lines())
        _write(text, err=True)


def _write(text: str, *, form: Format = "text", err: bool = False) -> None:
    """Print a text in which no runner finds a command; that of Actions, which holds a token here, reads none of it."""
    from perfgate.publish.actions import new_token, runs_in_actions, without_commands

    if runs_in_actions(os.environ):
        write(without_commands(text, token=new_token()), err=err)
    else:
        echo(text, form=form, err=err)
