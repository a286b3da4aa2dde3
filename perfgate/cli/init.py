"""``perfgate init``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli.output import say

if TYPE_CHECKING:
    from perfgate.pipeline.init.parts import Plan

_PLACES = ("laptop", "github", "gitlab", "other")
_FORMS = ("commit", "pull-request")
_RUNNERS = ("hosted", "own")


@click.command()
@click.option("--ci", "place", type=click.Choice(_PLACES), help="Where the gate will run (asked when not given).")
@click.option(
    "--runner",
    type=click.Choice(_RUNNERS),
    help="hosted: machines that change, old and new in one job; own: yours, with baselines.",
)
@click.option("--forks/--no-forks", default=None, help="Do pull requests come from forks?")
@click.option("--suite", "suites", multiple=True, metavar="FOLDER", help="A folder of a monorepo gated by itself.")
@click.option("--shards", type=click.IntRange(1, 256), default=1, help="Jobs that measure a part each (own runners).")
@click.option("--refresh", metavar="BRANCH", help="Each push to it adds a session to the baselines (own runners).")
@click.option("--refresh-as", "form", type=click.Choice(_FORMS), help="How a session is recorded (default: commit).")
@click.option("--requirements", metavar="FILE", help="List with hashes: what the job that comments installs (GitHub).")
@click.option("--history", "is_watched", is_flag=True, help="Each week the history, and creep since a tag (GitHub).")
@click.option("--on-label", "label", metavar="LABEL", help="Measure only pull requests with this label (GitHub).")
def command(
    place: str | None,
    runner: str | None,
    *,
    forks: bool | None,
    suites: tuple[str, ...],
    shards: int,
    refresh: str | None,
    form: str | None,
    requirements: str | None,
    is_watched: bool,
    label: str | None,
) -> None:
    """Set up a project: configuration, baselines/, a line for .gitignore, and in CI ready workflows.

    Nothing that is there already is changed.
    """
    from msgspec.structs import replace

    from perfgate.pipeline.init.start import start, with_history, with_label, with_refresh, with_requirements

    if place is None:
        place = "laptop"
        if sys.stdin.isatty():
            place = click.prompt("Where will the gate run?", type=click.Choice(_PLACES), default=place)
    plan = _plan(place, runner or ("own" if refresh is not None else None), forks=forks)
    plan = replace(plan, suites=suites, shards=shards)
    plan = with_requirements(with_refresh(plan, place, refresh, form), place, requirements)
    plan = with_history(with_label(plan, place, label), place, is_asked=is_watched)
    started = start(".", place=place, plan=plan)
    for path in started.made:
        say(f"made {path}")
    for path in started.kept:
        say(f"kept {path} as it is")
    say("Next:")
    for line in started.commands:
        say(f"  {line}")


def _plan(place: str, runner: str | None, *, forks: bool | None) -> Plan:
    """Return what was asked for; what was not said is asked at a terminal, else as most have it."""
    from perfgate.pipeline.init.parts import Plan

    asks = sys.stdin.isatty()
    if runner is None:
        runner = "hosted"
        if asks and place in {"github", "gitlab"}:
            words = "On machines that change from job to job (hosted), or on your own?"
            runner = click.prompt(words, type=click.Choice(_RUNNERS), default=runner)
    if forks is None:
        forks = not (asks and place == "github") or click.confirm("Do pull requests come from forks?", default=True)
    return Plan(runner="own" if runner == "own" else "hosted", forks=forks)
