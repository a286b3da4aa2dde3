"""Where renderings go: files first, then stdout, whatever the terminal can show."""

from __future__ import annotations

import io
import sys

import pytest
from gate_cases import finding, verdict
from verdicts import RICH

from perfgate.cli.options import Look, ReportOptions
from perfgate.cli.output import echo
from perfgate.cli.present import present_verdict, show
from perfgate.render import render
from perfgate.report.compose import compose

DOCUMENT = compose(RICH)


def test_a_document_goes_to_every_file_and_to_stdout(tmp_path, capsys):
    targets = [(str(tmp_path / "new" / "report.json"), "json"), (str(tmp_path / "report.md"), "markdown")]
    assert show(DOCUMENT, "text", targets) == []
    for path, form in targets:
        with open(path, encoding="utf-8") as file:
            assert file.read() == render(DOCUMENT, form)
    assert capsys.readouterr() == (render(DOCUMENT, "text"), "")


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_report_is_named_last_and_never_inside_data(form, capsys):
    show(DOCUMENT, form, named_last="out/report.html")
    out, err = capsys.readouterr()
    named = "details: out/report.html\n"
    assert (out, err) == ((render(DOCUMENT, form) + named, "") if form == "text" else (render(DOCUMENT, form), named))


def test_a_file_that_cannot_be_written_is_a_fault_and_the_rest_is_shown(tmp_path, capsys):
    targets = [(str(tmp_path), "json"), (str(tmp_path / "report.md"), "markdown")]
    (fault,) = show(DOCUMENT, "text", targets, named_last="report.md")
    assert (fault.slug, fault.place) == ("report-unwritable", str(tmp_path))
    assert (tmp_path / "report.md").exists()
    assert capsys.readouterr().out == render(DOCUMENT, "text")


def test_what_a_terminal_cannot_show_becomes_a_question_mark(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", narrow)
    echo("12 µs … 漢\n")
    assert narrow.buffer.getvalue() == b"12 ?s ? ?\n"


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_what_is_a_file_is_utf_8_whatever_the_terminal_takes(form, monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True)
    monkeypatch.setattr(sys, "stdout", narrow)
    echo(render(DOCUMENT, form), form=form)
    assert narrow.buffer.getvalue().decode("utf-8") == render(DOCUMENT, form)


def test_colour_that_was_asked_for_reaches_a_pipe(capsys):
    echo("\x1b[31mred\x1b[0m\n")
    assert capsys.readouterr().out == "\x1b[31mred\x1b[0m\n"


def test_a_folder_of_reports_has_the_report_as_a_page_too(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output = ReportOptions(reports=(), flavor="", folder="out", form="text", look=Look(), github=False)
    present_verdict(verdict(finding()), output, ())
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.html", "report.json", "report.md"]
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
