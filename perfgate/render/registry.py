"""The output formats as data: one row a format. A new format is one module with a `render` function, and one row here.

Command line choices, help texts, file suffixes and the way a report is printed inside
GitHub Actions all come from this table. A renderer is imported when it is asked for.
"""

from __future__ import annotations

from msgspec import Struct

Format = str
"""The name of a row of `RENDERERS`, such as ``markdown``."""


class Renderer(Struct, frozen=True, kw_only=True):
    """One output format."""

    name: str
    """Its name on the command line; with a flavor ``name-flavor`` names the row, except for the default flavor."""
    module: str
    """Module of `perfgate.render` that holds the function."""
    function: str = "render"
    """Function from a `Document` to text that ends in a line break."""
    suffixes: tuple[str, ...] = ()
    """How names of its files end, in lower case, the usual one first; empty for a flavor that is not the default."""
    flavor: str = ""
    """Which dialect of the format; empty when there is one only."""
    is_default_flavor: bool = True
    """Is it the dialect that is written when none is asked for?"""
    needs_verdict: bool
    """Can it show the report of a check only, and no other document?"""
    runner_escape: str | None
    """How its text writes the first character of ``##[`` and ``##vso[``, which runners take for a command.

    None: the text is for people only, and GitHub's runner can be stopped from reading it.
    """
    is_styled: bool = False
    """Does the function take the `Style` of a terminal?"""

    @property
    def format(self) -> Format:
        """The name of this row."""
        return self.name if self.is_default_flavor else f"{self.name}-{self.flavor}"


_SPACED = "# "  # a space in between: these formats have no escapes
_JSON = "\\u0023"
_XML = "&#35;"

RENDERERS: tuple[Renderer, ...] = (
    Renderer(
        name="text",
        module="terminal.report",
        suffixes=(".txt",),
        needs_verdict=False,
        runner_escape=None,
        is_styled=True,
    ),
    Renderer(name="json", module="as_json", suffixes=(".json",), needs_verdict=False, runner_escape=_JSON),
    Renderer(
        name="markdown",
        module="markdown.report",
        suffixes=(".md", ".markdown"),
        needs_verdict=False,
        runner_escape=_SPACED,
    ),
    Renderer(name="html", module="html.report", suffixes=(".html", ".htm"), needs_verdict=False, runner_escape=_XML),
    Renderer(
        name="junit", module="junit", suffixes=(".xml",), flavor="jenkins", needs_verdict=True, runner_escape=_XML
    ),
    Renderer(
        name="junit",
        module="junit",
        function="render_gitlab",
        flavor="gitlab",
        is_default_flavor=False,
        needs_verdict=True,
        runner_escape=_XML,
    ),
    Renderer(name="openmetrics", module="openmetrics", suffixes=(".prom",), needs_verdict=True, runner_escape=_SPACED),
    Renderer(
        name="codequality",
        module="codequality",
        suffixes=("codequality.json",),
        needs_verdict=True,
        runner_escape=_JSON,
    ),
    Renderer(name="badge", module="badge", suffixes=(".svg",), needs_verdict=True, runner_escape=_XML),
    Renderer(
        name="shields",
        module="badge",
        function="render_shields",
        suffixes=(".shields.json",),
        needs_verdict=True,
        runner_escape=_JSON,
    ),
)

_BY_FORMAT = {r.format: r for r in RENDERERS}
SUFFIXES: tuple[str, ...] = tuple(suffix for r in RENDERERS for suffix in r.suffixes)
"""All suffixes by which a file names its format."""
FLAVORS: tuple[str, ...] = tuple(r.flavor for r in RENDERERS if r.name == "junit")
"""The dialects of JUnit XML, the default first."""


def renderer_of(form: Format) -> Renderer:
    """Return the row of a format.

    Raises:
        KeyError: there is no such format.
    """
    return _BY_FORMAT[form]


def choices(*, verdict: bool) -> list[str]:
    """Return the names to choose from on the command line, for the report of a check or for any document."""
    return list(dict.fromkeys(r.name for r in RENDERERS if verdict or not r.needs_verdict))


def with_flavor(form: Format, flavor: str) -> Format:
    """Return a format in a flavor; a format that has no such flavor stays as it is."""
    return next((r.format for r in RENDERERS if (r.name, r.flavor) == (form, flavor)), form)


def format_of_file(path: str) -> Format | None:
    """Return the format that a file's name asks for, None when it names none; the longest suffix counts."""
    fitting = [(len(s), r.format) for r in RENDERERS for s in r.suffixes if path.lower().endswith(s)]
    return max(fitting)[1] if fitting else None
