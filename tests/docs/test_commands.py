from __future__ import annotations

import re

import click
import pytest
from doc_blocks import DOCS

from perfgate.cli import program

_TEXT = (DOCS / "commands.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """Return what the page says of each command, by the command's words."""
    parts = re.split(r"^#+ `perfgate ([a-z ]+)`$", _TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands() -> dict[str, click.Command]:
    """Return every command by its words; groups that do nothing themselves give way to what is in them."""
    found: dict[str, click.Command] = {}
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        if isinstance(command, click.Group):
            found |= {f"{name} {sub}": one for sub, one in command.commands.items()}
        if isinstance(command, click.Group) and not command.params:
            continue
        if command is not None:
            found[name] = command
    return found


def test_every_command_has_a_section_and_no_section_is_of_a_command_that_is_gone():
    assert set(sections()) == set(commands())


@pytest.mark.parametrize("name", sorted(sections()))
def test_the_options_of_a_command_are_all_told_and_nothing_else(name):
    options = {o for p in commands()[name].params if isinstance(p, click.Option) for o in p.opts}
    told = set(re.findall(r"^\| (`-.+?) \|", sections()[name], re.MULTILINE))
    words = {word.split()[0] for cell in told for word in re.findall(r"`(-[^`]+)`", cell)}
    assert words == options
