"""What the tests of several sessions share: runs of one session, and a project whose baseline holds five."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support import Project

BENCHMARKS = ("train", "score")
BASELINE_SESSIONS = 5


def write_session(
    project: Project, number: int, factor: float = 1.0, *, benchmarks: Sequence[str] = BENCHMARKS, n: int = 6,
    keep: bool = False, **keys: object,
) -> None:  # fmt: skip
    """Write the runs of one session, about `factor` times ten seconds each.

    Args:
        project: where to.
        number: which session, 1..28; later ones are newer.
        factor: how slow it is, 1.0 is usual.
        benchmarks: what is measured.
        n: runs of each benchmark.
        keep: leave the runs that lie there already.
        keys: more keys of each summary, or others.
    """
    if not keep:
        project.drop_runs("*")
    for benchmark in benchmarks:
        told = {"benchmark": benchmark, "session": f"job-{number}", "started_at": f"2024-05-{number:02d}T10:00:00Z"}
        project.write_runs(n, f"s{number:02d}-{benchmark}", elapsed=10 * factor, seed=number, **{**told, **keys})


def make_settled(project: Project, benchmarks: Sequence[str] = BENCHMARKS, **keys: object) -> Project:
    """Fill a project with a baseline of five sessions."""
    for number in range(1, BASELINE_SESSIONS + 1):
        write_session(project, number, benchmarks=benchmarks, keep=True, **keys)
    done = project.cli("baseline", "refresh")
    assert done.code == 0, str(done)
    project.drop_runs("*")
    return project
