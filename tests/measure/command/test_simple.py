"""Which files a command line starts."""

from __future__ import annotations

import pytest

from perfgate.measure.command.simple import started_files

MODULE = ("loads/rows.py", "loads/rows/__main__.py")


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("python3 loads.py rows.csv", ("loads.py",)),
        ("python3 -X dev -W ignore ./loads.py --out=x", ("./loads.py",)),
        ("python3 -Im loads.rows loads.py", MODULE),
        ("python3 loads.py -m loads.rows", ("loads.py",)),
        (".venv/bin/python -m loads.rows", (".venv/bin/python", *MODULE)),
        ("python3 -c pass loads.py", ()),
        ("env A=1 nice -n 5 sh bin/loads.sh x", ("bin/loads.sh",)),
        ("bin/loads rows.csv", ("bin/loads",)),
        ("loads rows.csv", ()),
        ("uv run loads.py", ("loads.py",)),
        ("java -cp x -jar loads.jar y", ("loads.jar",)),
        ("sh -c bin/loads", ()),
        ("python3", ()),
        ("env", ()),
    ],
)
def test_a_command_starts_its_program_and_the_script_of_an_interpreter_and_nothing_else(
    line: str, files: tuple[str, ...]
) -> None:
    assert started_files(line.split()) == files
