"""Files whose change may change what is measured, or how it is judged, wherever the program itself lies.

The one list of them: ``--paths`` counts them as matching, whatever its globs say.
"""

from __future__ import annotations

import re

GATE = frozenset({"perfgate.toml", "pyproject.toml"})
"""Configurations of perfgate, in any folder."""
CI_FOLDERS = (
    ".github/workflows/",
    ".github/actions/",
    ".gitlab/",
    ".circleci/",
    ".buildkite/",
    ".teamcity/",
    ".woodpecker/",
    ".azure-pipelines/",
)
"""Folders of CI systems, at the top of the repository."""
CI_FILES = frozenset(
    {
        ".gitlab-ci.yml",
        "perfgate.gitlab-ci.yml",
        "Jenkinsfile",
        "azure-pipelines.yml",
        "azure-pipelines.yaml",
        ".travis.yml",
        ".woodpecker.yml",
        ".woodpecker.yaml",
        "bitbucket-pipelines.yml",
    }
)
"""Files of CI systems, in any folder."""
DEPENDENCIES = frozenset(
    {
        # Python
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "pixi.lock",
        "pixi.toml",
        "pylock.toml",
        "Pipfile",
        "Pipfile.lock",
        "setup.py",
        "setup.cfg",
        "uv.toml",
        "environment.yml",
        "environment.yaml",
        "conda-lock.yml",
        ".python-version",
        # JavaScript
        "package.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        "yarn.lock",
        "bun.lock",
        "bun.lockb",
        "deno.json",
        "deno.lock",
        ".nvmrc",
        ".node-version",
        # Rust and Go
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain",
        "rust-toolchain.toml",
        "go.mod",
        "go.sum",
        "go.work",
        "go.work.sum",
        # Java, Ruby, PHP, .NET, C and C++, Swift, Elixir
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "gradle.lockfile",
        "gradle.properties",
        "libs.versions.toml",
        "build.sbt",
        "Gemfile",
        "Gemfile.lock",
        "composer.json",
        "composer.lock",
        "packages.lock.json",
        "Directory.Packages.props",
        "global.json",
        "conanfile.txt",
        "conanfile.py",
        "conan.lock",
        "vcpkg.json",
        "Package.swift",
        "Package.resolved",
        "mix.exs",
        "mix.lock",
        # any
        "flake.nix",
        "flake.lock",
        ".tool-versions",
        "mise.toml",
    }
)
"""Lock files, and manifests of dependencies and of versions of a language, in any folder."""
BUILDS = frozenset(
    {
        ".bazelrc",
        ".gitattributes",
        ".gitmodules",
        ".npmrc",
        ".yarnrc.yml",
        "binding.gyp",
        "BUILD",
        "BUILD.bazel",
        "build.rs",
        "build.zig",
        "build.zig.zon",
        "CMakeLists.txt",
        "CMakePresets.json",
        "compose.yaml",
        "compose.yml",
        "conftest.py",
        "Containerfile",
        "Directory.Build.props",
        "Directory.Build.targets",
        "docker-compose.yaml",
        "docker-compose.yml",
        "Dockerfile",
        "GNUmakefile",
        "gradle-wrapper.properties",
        "justfile",
        "makefile",
        "Makefile",
        "meson.build",
        "meson_options.txt",
        "MODULE.bazel",
        "noxfile.py",
        "pytest.ini",
        "Rakefile",
        "settings.gradle",
        "settings.gradle.kts",
        "sitecustomize.py",
        "Taskfile.yml",
        "tox.ini",
        "tsconfig.json",
        "usercustomize.py",
        "WORKSPACE",
        "WORKSPACE.bazel",
    }
)
"""Files that say how a program is built, checked out or started, in any folder."""
REQUIREMENTS = ("requirements*.txt", "requirements*.in", "constraints*.txt", "requirements/*.txt", "requirements/*.in")
"""Lists of dependencies for pip, in any folder: as `_REQUIREMENTS` finds them."""

BUILD_FOLDERS = (".cargo", ".mvn")
"""Folders of build tools, in any folder."""
_NAMES = GATE | CI_FILES | DEPENDENCIES | BUILDS
_REQUIREMENTS = re.compile(r"(?:requirements[^/]*\.(?:txt|in)|constraints[^/]*\.txt)\Z", re.DOTALL)
_IN_FOLDER = re.compile(r"(?:\A|.*/)requirements/[^/]+\.(?:txt|in)\Z", re.DOTALL)


def always_matters(path: str) -> bool:
    """May a change of a file change what is measured or how it is judged, by its name alone?

    Args:
        path: from the top of the repository.
    """
    name = path.rpartition("/")[2]
    if name in _NAMES or path.startswith(CI_FOLDERS) or name.endswith(".cmake"):
        return True
    if any(folder in path.split("/")[:-1] for folder in BUILD_FOLDERS):
        return True
    return bool(_REQUIREMENTS.match(name) or _IN_FOLDER.match(path))
