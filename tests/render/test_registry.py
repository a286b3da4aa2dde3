"""The table of output formats: every row can be drawn, asked for and told apart."""

from __future__ import annotations

import json

import click
import pytest
from gate_cases import finding, verdict
from verdicts import RICH

from perfgate.cli import program
from perfgate.core.finding import Status
from perfgate.publish.actions import defuse
from perfgate.render import render
from perfgate.render.registry import RENDERERS, SUFFIXES, choices, format_of_file, renderer_of, with_flavor
from perfgate.report.compose import compose
from perfgate.report.document import Document, Paragraph, text

ALL = [r.format for r in RENDERERS]
OLD_COMMAND = "##[error]from-a-name"


def option(command, name):
    """Return an option of a command."""
    return next(p for p in program.get_command(None, command).params if p.name == name)


@pytest.mark.parametrize("row", RENDERERS, ids=ALL)
def test_every_format_is_drawn_and_ends_in_a_line_break(row):
    words = render(compose(RICH), row.format)
    assert words.endswith("\n")
    assert words == render(compose(RICH), row.format)


@pytest.mark.parametrize("row", RENDERERS, ids=ALL)
def test_a_document_without_a_verdict_is_refused_by_the_formats_that_need_one(row):
    other = Document(data={}, blocks=(Paragraph(line=(text("One."),)),))
    if row.needs_verdict:
        with pytest.raises(ValueError, match="of a verdict"):
            render(other, row.format)
    else:
        assert render(other, row.format).endswith("\n")


def test_no_two_rows_share_a_format_or_a_suffix():
    assert len(set(ALL)) == len(ALL)
    assert len(set(SUFFIXES)) == len(SUFFIXES)


def test_json_is_the_data_of_the_document():
    document = compose(RICH)
    assert json.loads(render(document, "json")) == document.data


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("report.md", "markdown"),
        ("REPORT.Markdown", "markdown"),
        ("a/b.json", "json"),
        ("gl-codequality.json", "codequality"),
        ("r.txt", "text"),
        ("r.xml", "junit"),
        ("r.html", "html"),
        ("r.HTM", "html"),
        ("r.prom", "openmetrics"),
        ("badge.SVG", "badge"),
        ("badge.shields.json", "shields"),
        ("r.pdf", None),
        ("json", None),
    ],
)
def test_the_longest_suffix_of_a_file_picks_its_format(path, form):
    assert format_of_file(path) == form


@pytest.mark.parametrize(
    ("form", "flavor", "expected"),
    [("junit", "jenkins", "junit"), ("junit", "gitlab", "junit-gitlab"), ("json", "gitlab", "json")],
)
def test_a_flavor_changes_only_the_format_that_has_it(form, flavor, expected):
    assert with_flavor(form, flavor) == expected


@pytest.mark.parametrize("command", ["check", "ab", "report"])
def test_the_command_line_offers_every_format_of_a_verdict(command):
    assert isinstance(option(command, "form").type, click.Choice)
    assert list(option(command, "form").type.choices) == choices(verdict=True)
    assert {renderer_of(f).name for f in ALL} == set(choices(verdict=True))


def test_audit_offers_the_formats_of_any_document():
    assert list(option("audit", "form").type.choices) == choices(verdict=False) == ["text", "json", "markdown", "html"]


def test_the_help_names_a_suffix_of_every_format():
    words = option("check", "reports").help
    assert all(r.suffixes[0] in words for r in RENDERERS if r.suffixes)


@pytest.mark.parametrize("row", [r for r in RENDERERS if r.runner_escape is not None], ids=lambda r: r.format)
def test_a_name_cannot_give_the_runner_a_command_of_the_older_form(row):
    found = verdict(finding(Status.REGRESSED, benchmark=OLD_COMMAND))
    words = defuse(render(compose(found), row.format), row.runner_escape)
    assert "##[" not in words
    if row.name in {"json", "codequality"}:
        assert OLD_COMMAND in json.dumps(json.loads(words))
