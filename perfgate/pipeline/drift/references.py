"""The reference of input samples: where it is, reading it from the disk or from a commit, and writing it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.policy import NO_BASELINES
from perfgate.core.rollout.drift import FEWEST_ROWS, REFERENCE
from perfgate.core.text.canonical import short_hash
from perfgate.formats.parsing.files import read_bounded
from perfgate.pipeline import inputs
from perfgate.pipeline.report_io import holds, write_output
from perfgate.report.words import count
from perfgate.store.codec import version_of
from perfgate.store.drift.reference import LARGEST, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.core.rollout.drift import Feature, Reference
    from perfgate.pipeline.inputs import Settings
    from perfgate.store.git import Commit

_UNREADABLE = "drift-reference-unreadable"
_UNWRITABLE = "drift-reference-unwritable"
_VERSIONS = "perfgate/drift-reference/"
_WRITE = "write it first: perfgate baseline drift FILES; then commit it"


def path_in(policy: Policy) -> str:
    """Return the path of the reference, relative to the folder of the configuration.

    Raises:
        CannotDecideError: there is no folder of baselines that it would be in, and the configuration names no other.
    """
    if policy.drift.reference:
        return policy.drift.reference
    if policy.baselines == NO_BASELINES:
        message = f'baselines = "{NO_BASELINES}", and the key reference of [drift] is missing'
        raise cannot_decide("drift-no-reference", message, place=policy.source, hint="add it, or pass the file")
    return os.path.join(policy.baselines, REFERENCE)


def load(path: str) -> Reference:
    """Return the reference of a file.

    Raises:
        CannotDecideError: there is none, or it is not valid.
    """
    if not os.path.lexists(path):
        raise cannot_decide("drift-no-reference", "there is no reference of input samples", place=path, hint=_WRITE)
    return decode(read_bounded(path, limit=LARGEST, slug=_UNREADABLE), path)


def load_from(commit: Commit, settings: Settings) -> Reference:
    """Return the reference that a commit has, which was looked up from the folder of the configuration.

    Raises:
        CannotDecideError: it has none, or one that is not valid.
    """
    path = path_in(settings.policy)
    content = commit.read(path, limit=LARGEST)
    origin = f"{commit.shown}:{os.path.normpath(os.path.join(settings.root or '.', path))}"
    if content is None:
        raise cannot_decide("drift-no-reference", "there is no reference of input samples", place=origin, hint=_WRITE)
    return decode(content, origin)


def digest_in(settings: Settings) -> str:
    """Return a digest of the reference that a check reads in the working tree; empty: it reads none, or there is none.

    A file that cannot be read has one of its own.
    """
    if not settings.policy.drift.samples:
        return ""
    try:
        with open(os.path.join(settings.root, path_in(settings.policy)), "rb") as file:
            return _digest(file.read(LARGEST + 1))
    except (FileNotFoundError, CannotDecideError):
        return ""
    except OSError as caught:
        return f"unreadable ({caught.errno})"


def digest_of(commit: Commit, settings: Settings) -> str:
    """Return the same of a commit, which was looked up from the folder of the configuration."""
    if not settings.policy.drift.samples:
        return ""
    try:
        content = commit.read(path_in(settings.policy), limit=LARGEST)
    except CannotDecideError:
        return "unreadable"
    return "" if content is None else _digest(content)


def _digest(content: bytes) -> str:
    return short_hash(content.decode("utf-8", "replace"))


class Written(Struct, frozen=True, kw_only=True):
    """What a call of `write` did."""

    path: str
    """The file."""
    is_changed: bool
    """Is it new, or another than before?"""
    lines: tuple[str, ...]
    """What it holds, and what it hides."""
    notes: tuple[Diagnostic, ...]
    """What was left out when the samples were read."""


def write(
    paths: Sequence[str],
    *,
    config: str | None,
    out: str | None,
    cluster_field: str,
    fields: Sequence[str],
    least_rows: int,
) -> Written:
    """Write the summary of input samples as the reference.

    Args:
        paths: files of samples; none: the configured ones.
        config: configuration file; None: look for one.
        out: the file to write; None: the configured one.
        cluster_field: field that says which samples belong together; empty: the configured one.
        fields: those that are kept; empty: the configured ones.
        least_rows: rows behind each level and each step of numbers, >= 1.

    Raises:
        CannotDecideError: the samples are too few or cannot be read, a field is in none of them, or the
            file cannot be written, or would be taken for a baseline.
    """
    from perfgate.collect.samples.columns import is_in
    from perfgate.collect.samples.summary import summarize
    from perfgate.pipeline.drift.samples import read_samples

    settings = inputs.read_settings(config)
    drift = settings.policy.drift
    path = out if out is not None else os.path.join(settings.root, path_in(settings.policy))
    _refuse_among_baselines(path, settings)
    _refuse_other_file(path)
    cluster_field, fields = cluster_field or drift.cluster_field, tuple(fields) or drift.fields
    batch, files, notes = read_samples(*named(paths, settings), cluster_field=cluster_field, fields=fields)
    if batch.rows < FEWEST_ROWS:
        message = f"{count(batch.rows, 'sample')}, fewer than {FEWEST_ROWS}"
        raise cannot_decide("drift-insufficient", message, place=", ".join(files[:5]), hint="collect more of them")
    if batch.hides_clusters:
        raise no_cluster_field(cluster_field)
    for field in fields:
        if not any(is_in(name, (field,)) for name in batch.columns):
            hint = "correct its name, or leave it out"
            raise cannot_decide("drift-no-field", f'no sample has the field "{field}"', place="--field", hint=hint)
    if not batch.columns:
        raise cannot_decide("drift-no-field", "the samples have no field", place=files[0], hint="log the inputs")
    reference = summarize(batch, least_rows=least_rows, fields=fields)
    content = encode(reference)
    is_changed = not holds(path, content)
    if is_changed:
        write_output(path, content, slug=_UNWRITABLE)
    return Written(path=path, is_changed=is_changed, lines=tuple(_describe(reference)), notes=tuple(notes))


def _refuse_other_file(path: str) -> None:
    """Return when there is no file of that path yet, or a reference.

    Raises:
        CannotDecideError: there is another file, which would be lost.
    """
    if not os.path.lexists(path) or os.path.getsize(path) == 0:
        return
    if os.path.isfile(path) and version_of(read_bounded(path, limit=LARGEST, slug=_UNREADABLE)).startswith(_VERSIONS):
        return
    message = "is there already, and is no reference of input samples"
    raise cannot_decide(_UNWRITABLE, message, place=path, hint="name another file, or remove it")


def named(paths: Sequence[str], settings: Settings) -> tuple[Sequence[str], str]:
    """Return patterns of samples and what they are relative to: the given ones, else those of the configuration.

    Raises:
        CannotDecideError: there are neither.
    """
    if paths:
        return paths, ""
    if settings.policy.drift.samples:
        return settings.policy.drift.samples, settings.root
    hint = "pass the files, or add the key samples to [drift]"
    raise cannot_decide("drift-no-samples", "no input samples are named", place=settings.policy.source, hint=hint)


def no_cluster_field(field: str) -> Exception:
    """Return the error for samples that do not say to which cluster they belong."""
    message = f'no sample has the field "{field}", which says which samples belong together'
    hint = "log it, or correct --cluster-field, or cluster_field in [drift]"
    return cannot_decide("drift-clusters", message, place="--cluster-field", hint=hint)


def _refuse_among_baselines(path: str, settings: Settings) -> None:
    """Return when a check would not take the file for a baseline that is not where it belongs."""
    if settings.policy.baselines == NO_BASELINES:
        return
    folder = os.path.realpath(os.path.join(settings.root, settings.policy.baselines))
    where = os.path.realpath(path)
    if where.startswith(os.path.join(folder, "")) and where != os.path.join(folder, REFERENCE):
        message = f"only {REFERENCE} may be in the folder of the baselines beside them"
        raise cannot_decide(_UNWRITABLE, message, place=path, hint="name a file elsewhere")


def _describe(reference: Reference) -> Iterator[str]:
    """Yield what a reference holds, and what it hides."""
    of_clusters = ""
    if reference.clusters is not None:
        of_clusters = f", {count(reference.clusters.count, 'cluster')} by {reference.clusters.field}"
    yield f"{count(len(reference.features), 'field')} of {count(reference.rows, 'sample')}{of_clusters}"
    for feature in reference.features:
        if hidden := _hidden(feature):
            yield f"{feature.name}: {hidden}"


def _hidden(feature: Feature) -> str:
    """Return what is not known of a field; empty: nothing that matters."""
    if feature.kind == "time":
        return "points in time, of which only how many are missing is kept"
    if feature.kind == "structure":
        return "lists, of which only how many are missing is kept"
    if feature.kind == "nothing":
        return "no value"
    levels = feature.levels
    if levels is None or not levels.hidden:
        return ""
    few = f"{count(levels.hidden, 'level')} with fewer than {levels.least_rows} rows hidden"
    return f"{few} ({count(levels.hidden_rows, 'row')}{'' if levels.counts else ', all of them: not compared'})"
