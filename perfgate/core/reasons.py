"""Why a finding has its status: one slug, one sentence, one thing to do. Reports and docs read this table."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # failed
    "worse": (
        "worse than the limit",
        "find the change, or accept it: perfgate baseline refresh --replace --reason …",
    ),
    "over-budget": ("beyond the budget's limit", "find the change, or change the budget in review"),
    # could not be judged
    "no-runs": ("no run of it was found", "measure it, or remove its baseline: perfgate baseline list"),
    "all-failed": ("every run of it failed", "mend the program and measure again"),
    "only-baseline-runs": (
        "its newest runs all belong to the baseline",
        "measure again: perfgate run -n 10 -- CMD",
    ),
    "older-session": (
        "it was not measured in the newest session",
        "measure all benchmarks in one session, or pass --sessions all",
    ),
    "no-values": ("no run states the metric", "record it again, or refresh the baseline with --replace"),
    "no-statistic": (
        "the file does not state this percentile",
        "write the percentile into the file, or gate another",
    ),
    "unit-differs": (
        "the units differ",
        "record the metric in the baseline's unit, or refresh with --replace",
    ),
    "direction-differs": (
        "the directions differ",
        "record the metric as the baseline does, or refresh with --replace",
    ),
    "source-differs": (
        "peak memory was had in different ways",
        "measure both sides alike, or refresh the baseline with --replace",
    ),
    "rows-differ": (
        "the workload differs (rows_used)",
        'measure the same input, refresh with --replace, or set workload = "rate"',
    ),
    "class-differs": (
        "there is no baseline for this class of machine",
        "refresh the baselines on this machine, or name its class with --machine-class",
    ),
    "zero-values": (
        "a value of zero is no measurement",
        'record elapsed_ns; or leave memory out: exclude = ["*:peak_memory"]',
    ),
    # suspected
    "not-proven": (
        "worse, but not beyond chance",
        "measure a second, fresh session; for runs without sessions, measure more",
    ),
    "few-runs": ("too few runs to prove a change", "measure more runs"),
    "tail-of-few": (
        "worse, but a tail of few runs is close to their maximum",
        'measure more runs, or gate it as a plain ratio: method = "threshold"',
    ),
    "tail-not-gated": (
        "worse, but not gated by the statistics",
        'gate it as a plain ratio: method = "threshold"',
    ),
    # told only
    "not-gated": ("worse, but not gated", "gate it with a rule of level fail"),
    "near-budget": ("within the limit, but beyond its warning", "look before it fails"),
    "not-in-baseline": ("the baseline does not have it", "perfgate baseline refresh adds it"),
    # holds
    "better": ("better, beyond the threshold", "refresh the baseline to keep the gain"),
    "within-threshold": ("within the threshold", ""),
    "within-noise": ("the difference is within the noise", ""),
    "below-floor": ("the difference is smaller than the floor", ""),
    "within-budget": ("within the budget", ""),
    "too-noisy": (
        "too noisy to gate: smaller changes cannot be seen",
        "measure more sessions, or longer runs",
    ),
}
"""Slug -> (sentence, what to do)."""


def sentence(slug: str) -> str:
    """Return the sentence of a slug, the slug itself when it is not known."""
    return SENTENCES.get(slug, (slug, ""))[0]


def cure(slug: str) -> str:
    """Return what to do about a slug, empty when nothing needs doing."""
    return SENTENCES.get(slug, ("", ""))[1]
