"""What a verdict says inside GitHub Actions by itself, without a token: annotations, summary, outputs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, warning
from perfgate.core.finding import Status
from perfgate.publish.actions import append_summary, new_token, set_outputs
from perfgate.render import render
from perfgate.render.annotations import annotate
from perfgate.render.comment import comment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfgate.core.finding import Verdict
    from perfgate.report.document import Document

_FULL = "The report is too long for a summary: see `report.md` among the files of this run.\n"


def commands(verdict: Verdict, environ: Mapping[str, str]) -> str:
    """Return the annotations of a verdict, one a line."""
    return "".join(f"{line}\n" for line in annotate(verdict, _prefix(environ)))


def write_files(verdict: Verdict, document: Document, environ: Mapping[str, str], report_dir: str) -> list[Diagnostic]:
    """Write the step's summary and outputs.

    Args:
        verdict: what was found.
        document: its report.
        environ: names the files; one that it does not name is left out.
        report_dir: folder of the reports, as the step's output tells it; empty: none.

    Returns:
        A warning for each file that could not be written.
    """
    failing = sum(verdict.fails(f) for f in verdict.findings)
    outputs = {
        "verdict": verdict.name,
        "exit-code": str(int(verdict.exit_code)),
        "regressions": str(failing),
        "suspected": str(sum(f.status is Status.SUSPECTED for f in verdict.findings)),
        "report-dir": report_dir,
    }
    done = []
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        done.append((path, "summary", append_summary(path, _summaries(document))))
    if path := environ.get("GITHUB_OUTPUT"):
        done.append((path, "outputs", set_outputs(path, outputs, new_token())))
    hint = "the verdict is the same; look at the report itself"
    return [
        warning("actions-unwritable", f"the step's {what} cannot be written ({why})", place=path, hint=hint)
        for path, what, why in done
        if why
    ]


def _summaries(document: Document) -> Iterator[str]:
    """Yield what the summary may say, the best first: all; what fits into a comment; that it is too long."""
    yield render(document, "markdown")
    if document.verdict is not None:
        yield comment(document.verdict, ident="summary", run_page="")
    yield _FULL


def _prefix(environ: Mapping[str, str]) -> str | None:
    """Return the working directory relative to the repository's root; None when it lies elsewhere."""
    relative = os.path.relpath(".", environ.get("GITHUB_WORKSPACE") or ".").replace(os.sep, "/")
    return None if relative.startswith("..") else "" if relative == "." else relative
