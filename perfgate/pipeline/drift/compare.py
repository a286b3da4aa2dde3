"""Use case ``perfgate drift``: current input samples against the reference."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.collect.samples.counts import count_against
from perfgate.core.errors import cannot_decide
from perfgate.core.text.names import list_some
from perfgate.gate.drift.judge import judge_drift
from perfgate.pipeline import inputs
from perfgate.pipeline.drift import references
from perfgate.pipeline.drift.samples import read_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Level
    from perfgate.core.rollout.drift import DriftVerdict, Reference

_AGAIN = "write it again: perfgate baseline drift --cluster-field"


class Request(Struct, frozen=True, kw_only=True):
    """What is to be compared with what."""

    config: str | None = None
    """Configuration file; None: look for one."""
    reference: str | None = None
    """File of the reference; None: the configured one."""
    current: tuple[str, ...] = ()
    """Files of current samples; empty: the configured ones."""
    cluster_field: str = ""
    """Field that says which samples belong together; empty: the configured one, else that of the reference."""
    fields: tuple[str, ...] = ()
    """Those to compare; empty: the configured ones."""
    level: Level | None = None
    """Whether drift fails, warns or is only shown; None: as configured."""


def drift(request: Request) -> DriftVerdict:
    """Return whether the inputs drifted.

    Raises:
        CannotDecideError: the reference or the samples cannot be read.
    """
    settings = inputs.read_settings(request.config)
    configured = settings.policy.drift
    path = request.reference
    if path is None:
        path = os.path.join(settings.root, references.path_in(settings.policy))
    return compare(
        references.load(path),
        path,
        references.named(request.current, settings),
        cluster_field=request.cluster_field or configured.cluster_field,
        fields=request.fields or configured.fields,
        level=request.level or configured.level,
    )


def compare(
    reference: Reference,
    origin: str,
    named: tuple[Sequence[str], str],
    *,
    cluster_field: str,
    fields: Sequence[str],
    level: Level,
) -> DriftVerdict:
    """Return whether samples drifted from a reference.

    Args:
        reference: the summary.
        origin: where it was read.
        named: patterns of the samples, and what they are relative to.
        cluster_field: field that says which samples belong together; empty: that of the reference.
        fields: those to compare; empty: all.
        level: whether drift fails, warns or is only shown.

    Raises:
        CannotDecideError: the samples cannot be read, or do not say which of them belong together.
    """
    known = reference.clusters.field if reference.clusters else ""
    if cluster_field and cluster_field != known:
        of_it = f'was written with clusters by "{known}"' if known else "was written without clusters"
        message = f'the reference {of_it}, not by "{cluster_field}"'
        raise cannot_decide("drift-clusters", message, place=origin, hint=f"{_AGAIN} {cluster_field}")
    wanted = [*fields, *([known] if known else [])] if fields else ()
    batch, files, notes = read_samples(*named, cluster_field=known, fields=wanted)
    if batch.hides_clusters:
        raise references.no_cluster_field(known)
    if batch.rows and not any(feature.name in batch.columns for feature in reference.features):
        message = f"the samples have no field of the reference, but {list_some(list(batch.columns)) or 'none at all'}"
        raise cannot_decide("drift-other-samples", message, place=files[0], hint="name the log of the inputs")
    current = count_against(reference, batch, fields)
    return judge_drift(reference, current, level=level, origin=origin, files=files, notes=notes)
