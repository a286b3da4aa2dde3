"""Finding the configuration: from a folder up to the root of the repository, and never two of them."""

from __future__ import annotations

import pytest
from records import refused

from perfgate import config

OURS = '[tool.perfgate]\nbaselines = "base"\n'


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "a" / "b").mkdir(parents=True)
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("files", "place", "name"),
    [
        pytest.param({"perfgate.toml": ""}, ".", "perfgate.toml", id="at-the-root"),
        pytest.param({"pyproject.toml": OURS}, ".", "pyproject.toml", id="in-the-pyproject"),
        pytest.param({"pyproject.toml": "[project]\n"}, "a/b", "", id="a-pyproject-without-our-table"),
        pytest.param({"pyproject.toml": "tool = 3\n"}, "a/b", "", id="a-pyproject-without-tools"),
        pytest.param({"pyproject.toml": "[oops"}, "a/b", "", id="a-broken-pyproject-that-does-not-name-us"),
        pytest.param({"pyproject.toml": "[project]\n", "perfgate.toml": ""}, ".", "perfgate.toml", id="beside"),
        pytest.param({"a/perfgate.toml": "", "pyproject.toml": OURS}, "a", "perfgate.toml", id="the-nearest"),
        pytest.param({"a/pyproject.toml": "[project]\n", "perfgate.toml": ""}, ".", "perfgate.toml", id="passed-by"),
        pytest.param({"../perfgate.toml": ""}, "a/b", "", id="not-above-the-repository"),
        pytest.param({}, "a/b", "", id="none"),
    ],
)
def test_the_nearest_configuration_up_to_the_root_of_the_repository_governs(repository, files, place, name):
    for path, text in files.items():
        (repository / path).write_text(text)
    assert config.find(str(repository / "a" / "b")) == (str((repository / place).resolve()), name)


def test_outside_a_repository_the_search_ends_at_the_top(tmp_path):
    (tmp_path / "x").mkdir()
    assert config.find(str(tmp_path / "x"))[1] == ""


def test_two_configurations_in_one_folder_are_refused(repository):
    (repository / "perfgate.toml").write_text("")
    (repository / "pyproject.toml").write_text(OURS)
    (fault,) = refused(config.find, str(repository))
    assert (fault.slug, fault.place) == ("config-twice", str(repository))


def test_a_broken_pyproject_that_names_us_is_refused(repository):
    (repository / "pyproject.toml").write_text("[tool.perfgate]\nx = \n")
    (fault,) = refused(config.find, str(repository / "a"))
    assert fault.message.startswith("is not TOML")
    assert config.has_table(OURS, "pyproject.toml")
    assert not config.has_table("[tool.other]", "pyproject.toml")


def test_a_configuration_is_loaded_from_its_file(tmp_path):
    path = tmp_path / "perfgate.toml"
    path.write_bytes(b'\xef\xbb\xbfbaselines = "base"')
    policy = config.load(str(path))
    assert (policy.baselines, policy.source) == ("base", str(path))


@pytest.mark.parametrize(
    ("content", "slug", "message"),
    [
        pytest.param(None, "config-unreadable", "No such file", id="absent"),
        pytest.param(b"#" * (config.LARGEST + 1), "config-unreadable", "is larger than 1,048,576 bytes", id="large"),
        pytest.param(b"x = '\xff'", "config-invalid", "not UTF-8 (byte 5)", id="not-utf-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content, slug, message):
    path = tmp_path / "perfgate.toml"
    if content is not None:
        path.write_bytes(content)
    (fault,) = refused(config.load, str(path))
    assert (fault.slug, fault.place) == (slug, str(path))
    assert message in fault.message


def test_a_configuration_of_the_largest_size_is_read(tmp_path):
    path = tmp_path / "perfgate.toml"
    path.write_bytes(b"#" * config.LARGEST)
    assert config.load(str(path)).baselines == "baselines"
