"""One record says how foreign files are read: the command line fills it, and its names are looked up once."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from perfgate.cli.options import reading_options
from perfgate.core.errors import CannotDecideError
from perfgate.core.sources.field_map import FieldMap, FieldValue
from perfgate.formats.discovery import RunReader
from perfgate.formats.foreign import ForeignReader
from perfgate.formats.options import ForeignOptions

WEB = FieldMap(name="web", files=("*web.jsonl",), values=(FieldValue(value="took_ms"),))


def given(*words: str) -> ForeignOptions:
    """Return the record that these words of the command line make."""
    caught: list[ForeignOptions] = []

    @click.command()
    @reading_options
    def command(foreign: ForeignOptions) -> None:
        caught.append(foreign)

    outcome = CliRunner().invoke(command, words)
    assert outcome.exit_code == 0, outcome.output
    return caught[0]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], ForeignOptions()),
        (["--from", "k6-points"], ForeignOptions(source="k6-points")),
        (["--map", "web", "--direction", "higher"], ForeignOptions(map="web", direction="higher")),
        (["--min-time", "0.5", "--tolerance", "0"], ForeignOptions(min_time=0.5, tolerance=0.0)),
    ],
    ids=["none", "from", "map", "amounts"],
)
def test_the_command_line_fills_the_record_and_its_defaults_are_the_records(words, options):
    assert given(*words) == options


def names(options: ForeignOptions, *maps: FieldMap) -> list[str | None]:
    reader = ForeignReader(options, maps)
    return [known and known.name for known in map(reader.format_of, ("a.json", "logs/web.jsonl"))]


def test_the_format_that_is_named_is_that_of_every_file_and_else_a_map_claims_its_own():
    assert names(ForeignOptions(source="hyperfine"), WEB) == ["hyperfine", "hyperfine"]
    assert names(ForeignOptions(map="web"), WEB) == ["web", "web"]
    assert names(ForeignOptions(), WEB) == [None, "web"]
    assert names(ForeignOptions()) == [None, None]


@pytest.mark.parametrize(
    ("options", "slug"),
    [(ForeignOptions(source="hyperfin"), "format-unknown"), (ForeignOptions(map="weg"), "map-unknown")],
)
def test_a_name_that_does_not_exist_is_an_error_before_any_file_is_read(options, slug):
    with pytest.raises(CannotDecideError) as caught:
        RunReader(options, [WEB])
    assert [d.slug for d in caught.value.diagnostics] == [slug]
