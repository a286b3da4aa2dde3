"""Where perfgate is installed from: the one place from which hints, workflows and pages take it."""

from __future__ import annotations

REPOSITORY = "https://git.example.org/perfgate"
"""Address of the repository. This one stands for it until one is public: nobody can register the host, while a bare
name on a package index belongs to whoever is first."""

VERSION = "0.1.0"
"""The package's own version: the tag behind a "v". A copy, since the package imports what stands above this floor."""


def is_known() -> bool:
    """Is the address that of a repository, and not the one that stands for it?"""
    return ".example." not in REPOSITORY


def page_of(path: str) -> str:
    """Return the address of a page of this version's documentation; empty while the repository is not known.

    Args:
        path: below ``docs/``, such as ``what-now.md#exit-code-2``.
    """
    return f"{REPOSITORY}/blob/v{VERSION}/docs/{path}" if is_known() else ""


def requirement(extra: str = "") -> str:
    """Return what pip, pipx and uv install this version from, such as ``perfgate @ git+https://HOST/PATH@v1.2.3``.

    Args:
        extra: name of the optional libraries to install as well; empty: none.
    """
    return f"perfgate{f'[{extra}]' if extra else ''} @ git+{REPOSITORY}@v{VERSION}"
