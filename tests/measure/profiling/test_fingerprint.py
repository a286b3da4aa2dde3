"""Counts are comparable within one interpreter and one set of packages, which the fingerprint names."""

from __future__ import annotations

import sys

import pytest

from perfgate.measure.profiling import fingerprint as module


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Return what gives the fingerprint where only these packages are installed."""

    def of(*names, **direct_urls):
        folder = tmp_path / "-".join(("site", *names)) / "site-packages"
        for name in names:
            (folder / name).mkdir(parents=True)
            if name in direct_urls.get("urls", {}):
                (folder / name / "direct_url.json").write_text(direct_urls["urls"][name])
        monkeypatch.setattr(module, "_found", [])
        monkeypatch.setattr(sys, "path", [str(folder), str(tmp_path / "gone.zip")])
        return module.fingerprint()

    return of


def test_it_names_the_interpreter_and_digests_the_packages(fresh):
    found = fresh("numpy-2.1.0.dist-info")
    interpreter, _, digest = found.partition(", packages ")
    assert interpreter == f"python {sys.version_info[0]}.{sys.version_info[1]}"
    assert len(digest) == 8


def test_another_version_or_another_package_is_another_one_and_tools_are_none(fresh):
    one = fresh("numpy-2.1.0.dist-info")
    assert fresh("numpy-2.1.1.dist-info") != one
    assert fresh("numpy-2.1.0.dist-info", "attrs-24.2.0.dist-info") != one
    assert fresh("numpy-2.1.0.dist-info", "pip-24.0.dist-info", "perfgate-0.1.0.dist-info") == one


def test_a_package_that_is_installed_in_place_is_the_measured_code(fresh):
    in_place = '{"dir_info": {"editable": true}, "url": "file:///work"}'
    one = fresh("numpy-2.1.0.dist-info")
    names = ("numpy-2.1.0.dist-info", "mine-1.7.dist-info")
    assert fresh(*names, urls={"mine-1.7.dist-info": in_place}) == one
    assert fresh(*reversed(names), urls={"mine-1.7.dist-info": '{"url": "file:///x.whl"}'}) != one
