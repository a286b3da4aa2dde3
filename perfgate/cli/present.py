"""Where the renderings of a verdict go: files first, then stdout, so that a closed pipe loses no report.

Inside GitHub Actions a step gets annotations, a summary and outputs, too; that needs no token.
"""

from __future__ import annotations

import os
import sys
from shlex import quote
from typing import TYPE_CHECKING

import click

from perfgate.cli.options import REPORT_DIR
from perfgate.cli.output import echo, say, say_all, style_of, write
from perfgate.core.errors import CannotDecideError, Diagnostic, warning
from perfgate.pipeline.report_io import choose_folder, write_output
from perfgate.publish.actions import (
    append_summary,
    new_token,
    runs_in_actions,
    set_outputs,
    states_failure,
    without_commands,
)
from perfgate.render import Format, render
from perfgate.render.registry import SUFFIXES, format_of_file, renderer_of, with_flavor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.cli.options import ReportOptions
    from perfgate.core.finding import ExitCode, Verdict
    from perfgate.render.terminal.style import Style
    from perfgate.report.document import Document

_OF_FOLDER = (("json", "json"), ("md", "markdown"), ("html", "html"))
"""Reports in a folder of reports: the end of a file's name, and its format."""
_SUMMARY_TOO_LONG = "The report is too long for a summary: see `report.md` among the files of this run.\n"


def report_targets(ctx: click.Context, output: ReportOptions) -> tuple[tuple[str, Format], ...]:
    """Return where to write which rendering; JSON first, since every other derives from it.

    Args:
        ctx: of the command that runs.
        output: names the files.

    Raises:
        UsageError: a name does not say its format.
    """
    targets: list[tuple[str, Format]] = []
    for path in output.reports:
        form = format_of_file(path)
        if form is None and os.path.exists(path) and not os.path.isfile(path):
            form = "markdown"
        if form is None:
            raise click.UsageError(f'--report "{path}": the name must end in {", ".join(SUFFIXES)}', ctx)
        targets.append((path, with_flavor(form, output.flavor)))
    return tuple(sorted(targets, key=lambda t: t[1] != "json"))


def present_verdict(
    verdict: Verdict,
    output: ReportOptions,
    targets: Sequence[tuple[str, Format]],
    *,
    program_output: tuple[str, ...] = (),
) -> ExitCode:
    """Write the reports of a verdict, show it on stdout, and return its exit code.

    Args:
        verdict: of a check.
        output: where the reports go.
        targets: files, each with its format, as `report_targets` returns them.
        program_output: last lines of a measured program that explain why there is no verdict.

    Raises:
        CannotDecideError: the verdict could not be reached, or a report not be written.
    """
    from perfgate.measure.machine import facts
    from perfgate.pipeline.verdicts import cause
    from perfgate.report.compose import compose

    folder = output.folder or (REPORT_DIR if facts.in_ci() and not targets else None)
    files = list(targets)
    kept: list[Diagnostic] = []
    if folder and facts.in_ci():
        folder, kept = choose_folder(folder, os.environ)
    if folder:
        files += [(f"{folder}/report.{end}", form) for end, form in _OF_FOLDER]
    faults = list(cause(verdict))
    in_actions = runs_in_actions(os.environ) if output.github is None else output.github
    if not faults:
        say_all(kept)
    document, last = compose(verdict), f"{folder}/report.html" if folder else ""
    more = _find_more(verdict, next((path for path, form in files if form == "json"), ""))
    style = style_of(output.look, sys.stdout, os.environ, names_faults=not faults, more=more)
    faults += show(document, output.form, files, style=style, named_last=last, in_actions=in_actions)
    if in_actions:
        present_in_actions(verdict, document, os.environ, folder or "", to_stderr=output.form != "text")
    if faults:
        raise CannotDecideError((*faults, *kept), output=program_output)
    return verdict.exit_code


def show(
    document: Document,
    form: Format,
    targets: Sequence[tuple[str, Format]] = (),
    *,
    style: Style | None = None,
    named_last: str = "",
    in_actions: bool = False,
) -> list[Diagnostic]:
    """Write a document to files and to stdout.

    Args:
        document: what to show.
        form: the format on stdout.
        targets: files, each with its format.
        style: how it is drawn on a terminal; None: as the environment says.
        named_last: a file to name after everything else; empty: none.
        in_actions: show people the names as they are, and stop GitHub's runner from reading meanwhile.

    Returns:
        A fault for each file that could not be written.
    """
    faults: list[Diagnostic] = []
    for path, its_form in targets:
        try:
            write_output(path, render(document, its_form).encode("utf-8", "replace"), slug="report-unwritable")
        except CannotDecideError as caught:
            faults.extend(caught.diagnostics)
    text = render(document, form, style or style_of(None, sys.stdout, os.environ))
    if in_actions and renderer_of(form).runner_escape is None:
        write(without_commands(text, token=new_token()))
    else:
        echo(text, form=form)
    if named_last and not faults:
        say(f"details: {named_last}", err=form != "text")
    return faults


def _find_more(verdict: Verdict, report: str) -> str:
    """Return the command that lists all values: of the report that was written, else the check again.

    A comparison of two versions is not repeated for that: it measures.
    """
    if report:
        return f"perfgate report {quote(report)} --top all"
    repeat = verdict.compared.reproduce
    return f"{repeat} --top all" if repeat.startswith(("perfgate check", "perfgate compare")) else ""


def present_in_actions(
    verdict: Verdict, document: Document, environ: Mapping[str, str], report_dir: str, *, to_stderr: bool
) -> None:
    """Write the annotations, the summary and the outputs of a step; nothing of it can fail the step.

    Args:
        verdict: of a check.
        document: its report.
        environ: names the files of the step.
        report_dir: folder of the reports; empty: none.
        to_stderr: keep stdout for the report; the runner reads both.
    """
    from perfgate.render.annotations import annotate

    lines = "".join(f"{line}\n" for line in annotate(verdict, _prefix(environ)))
    write(lines, err=to_stderr)
    for fault in write_step_files(verdict, document, environ, report_dir):
        for line in fault.lines():
            say(line, err=True)


def write_step_files(
    verdict: Verdict, document: Document, environ: Mapping[str, str], report_dir: str
) -> list[Diagnostic]:
    """Write the summary and the outputs of a step.

    Args:
        verdict: of a check.
        document: its report.
        environ: names the files; one that it does not name is left out.
        report_dir: folder of the reports, for the step's output; empty: none.

    Returns:
        A warning for each file that could not be written.
    """
    from perfgate.core.finding import Status
    from perfgate.pipeline.check.confirm import count_confirmations

    failing = sum(verdict.fails(f) and f.status is not Status.IMPROVED for f in verdict.findings)
    outputs = {
        "verdict": verdict.name,
        "exit-code": str(int(verdict.exit_code)),
        "regressions": str(failing),
        "suspected": str(sum(f.status is Status.SUSPECTED for f in verdict.findings)),
        "confirmations": str(count_confirmations(verdict)),
        "improved": str(sum(f.status is Status.IMPROVED for f in verdict.findings)),
        "report-dir": report_dir,
    }
    done = []
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        done.append((path, "summary", append_summary(path, _summaries(document))))
    # A later check of the same step must not turn its outputs green.
    if (path := environ.get("GITHUB_OUTPUT")) and (verdict.exit_code or not states_failure(path)):
        done.append((path, "outputs", set_outputs(path, outputs, new_token())))
    hint = "the verdict is the same; read the report itself"
    return [
        warning("actions-unwritable", f"the step's {what} cannot be written ({why})", place=path, hint=hint)
        for path, what, why in done
        if why
    ]


def _summaries(document: Document) -> Iterator[str]:
    """Yield what the summary may contain, the best first: all; what fits into a comment; that it is too long."""
    from perfgate.render.comment import comment

    yield render(document, "markdown")
    if document.verdict is not None:
        yield comment([("", document.verdict)], ident="summary", run_page="")
    yield _SUMMARY_TOO_LONG


def _prefix(environ: Mapping[str, str]) -> str | None:
    """Return the working directory relative to the repository's root; None when it lies elsewhere."""
    relative = os.path.relpath(".", environ.get("GITHUB_WORKSPACE") or ".").replace(os.sep, "/")
    return None if relative.startswith("..") else "" if relative == "." else relative
