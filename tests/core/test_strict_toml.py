"""TOML with bounded work: keys of many dots are refused before the parser has them."""

from __future__ import annotations

import pytest

from perfgate.core.text.strict_toml import MOST_DOTS, load_toml


def dotted(part: str, dots: int, between: str = ".") -> str:
    return between.join([part] * (dots + 1))


@pytest.mark.parametrize("part", ["b", '"b"', "'b.c'"])
@pytest.mark.parametrize("between", [".", " . "])
@pytest.mark.parametrize("around", ["{} = 1", "[{}]", "[[{}]]", "a = {{ {} = 1 }}", "x = 1 # {{\n{} = 2"])
def test_a_key_of_too_many_dots_is_refused_and_one_of_the_most_is_read(part: str, between: str, around: str) -> None:
    assert load_toml(around.format(dotted(part, MOST_DOTS, between)))
    with pytest.raises(ValueError, match=r"more than 32 dots \(at line \d\)"):
        load_toml(around.format(dotted(part, MOST_DOTS + 1, between)))


@pytest.mark.parametrize(
    "text",
    [
        'a = "{}"', "a = '{}'", 'a = """\nx "{}\n"""', "a = '''\n{}\n'''", "a = 1 # {}", '"{}" = 1', "# {}\n",
    ],
)  # fmt: skip
def test_dots_in_texts_and_comments_are_no_dots_of_keys(text: str) -> None:
    load_toml(text.format(dotted("b", 5 * MOST_DOTS)))


def test_many_numbers_and_versions_in_one_line_are_no_key() -> None:
    numbers, versions = "1.5, " * 99, '"x==1.2.3", ' * 99
    assert len(load_toml(f"a = [{numbers}]\nb = [{versions}]")["b"]) == 99
