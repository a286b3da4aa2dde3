"""Field maps as formats: those of the configuration beside those that are built in."""

from __future__ import annotations

import fnmatch
from functools import partial
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.formats.catalog.format import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.sources.field_map import FieldMap
    from perfgate.formats.catalog.format import Parse


class MapFormat(Format, frozen=True, kw_only=True):
    """A row of the table that reads by a field map; it is never found by content."""

    field_map: FieldMap
    """Which field says what."""

    def load(self) -> Parse:
        """Return the reader, bound to the map."""
        from perfgate.formats.readers.mapped import read_mapped  # loaded when needed, as all readers

        return partial(read_mapped, self.field_map)


def format_of(field_map: FieldMap) -> MapFormat:
    """Return a field map as a format."""
    return MapFormat(
        name=field_map.name,
        tool=f'the map "{field_map.name}"',
        only_on_request=True,
        provides="raw samples (one for each row)",
        hint="check the map's fields against the file",
        field_map=field_map,
    )


def map_named(name: str, maps: Sequence[FieldMap]) -> FieldMap:
    """Return the map of that name, of the configuration or built in.

    Raises:
        CannotDecideError: there is none.
    """
    from perfgate.formats.readers.mapped import PRESETS  # as above

    known = {m.name: m for m in (*PRESETS, *maps)}
    if name in known:
        return known[name]
    hint = f"there are {', '.join(known)}; docs/configuration.md shows how to write one"
    raise cannot_decide("map-unknown", f'there is no map "{name}"', place="--map", hint=hint)


def map_for(path: str, maps: Sequence[FieldMap]) -> FieldMap | None:
    """Return the first map whose `files` match a path, or its last part; None: no map claims it.

    A file that gzip packed belongs to the map of its name without ``.gz``, unless one claims it as it is.
    """
    for name in dict.fromkeys((path, path.removesuffix(".gz"))):
        forms = (name, name.replace("\\", "/").rpartition("/")[2])
        for each in maps:
            if any(fnmatch.fnmatchcase(form, glob) for glob in each.files for form in forms):
                return each
    return None
