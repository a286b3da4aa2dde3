"""Why a finding has its status: one slug, one sentence, one hint. Reports and docs read this table."""

from __future__ import annotations

from shlex import quote

INTERLEAVED = "perfgate ab --results FILE -- CMD"
"""What proves a change where one run of each version does not."""
_CONFIRM = (
    "keep its report (`--report-dir first`), measure again in a fresh session, judge both: "
    "`perfgate check --confirm first/report.json`"
)
_REPLACE = "`perfgate baseline refresh --replace --reason '...'`"
SENTENCES: dict[str, tuple[str, str]] = {
    # failed
    "worse": (
        "worse than the limit",
        "find the change, or make the new values the baseline: `perfgate baseline refresh --replace --reason '...'`",
    ),
    "confirmed": (
        "worse than the limit in every fresh session",
        "find the change, or make the new values the baseline: `perfgate baseline refresh --replace --reason '...'`",
    ),
    "not-excluded": (
        "worse for certain, and a change as large as the threshold is not excluded",
        "find the change, or measure more runs: `-n 40`",
    ),
    "suite-worse": (
        "all benchmarks together got worse",
        "look for what they share: the machine, the interpreter, a library, a build flag",
    ),
    "worse-than-file": ("worse than the limit", "find the change, or commit a new baseline file"),
    "worse-than-base": ("worse than the limit, compared with the base", "find the change"),
    "inputs-drifted": (
        "the inputs differ from their reference",
        "`perfgate drift` shows how; where the new inputs are right, `perfgate baseline drift` writes a new reference",
    ),
    "over-budget": ("beyond the budget's limit", "find the change, or change the budget in review"),
    # could not be judged
    "no-runs": (
        "no run of it was found",
        (
            "find out why it did not run, then measure it: `perfgate run -n 10 --benchmark NAME -- CMD`; "
            "or if it was removed on purpose, this prints the path of its baseline file, to remove: "
            "`perfgate baseline show NAME`"
        ),
    ),
    "looks-renamed": (
        "it looks renamed",
        "rename its baseline: `perfgate baseline rename OLD NEW`; two different ones: `[[removed]]` in waivers.toml",
    ),
    "only-in-base": (
        "only the base measures it",
        "add it to the head again; or, if it was removed on purpose, write `[[removed]]` into `baselines/waivers.toml`",
    ),
    "all-failed": ("every run or call of it failed", "fix the program and measure again"),
    "only-baseline-runs": (
        "its newest runs all belong to the baseline",
        "measure again: `perfgate run -n 10 --benchmark NAME -- CMD`; or run the tool that wrote the file",
    ),
    "older-session": (
        "it was not measured in the newest session",
        "measure all benchmarks in one session, or pass `--sessions all`",
    ),
    "no-values": (
        "no run contains the metric",
        "record it again, or start anew: `perfgate baseline refresh --replace --reason '...'`",
    ),
    "no-statistic": (
        "the file does not contain this percentile",
        "write the percentile into the file, or gate another",
    ),
    "unit-differs": (
        "the units differ",
        "record the metric in the baseline's unit, or start anew: `perfgate baseline refresh --replace --reason '...'`",
    ),
    "direction-differs": (
        "the directions differ",
        "record the metric as the baseline does, or start anew: `perfgate baseline refresh --replace --reason '...'`",
    ),
    "source-differs": (
        "measured by different methods",
        (
            "measure all runs by one method; if it is not the baseline's, then start the baseline anew: "
            "`perfgate baseline refresh --replace --reason '...'`"
        ),
    ),
    "counted-elsewhere": (
        "another interpreter, or other packages",
        (
            "measure with the Python version and the packages of the baseline; or start it anew with these: "
            "`perfgate baseline refresh --replace --reason '...'`"
        ),
    ),
    "rows-differ": (
        "the workload differs (rows_used)",
        (
            "measure the same input; or start anew: `perfgate baseline refresh --replace --reason '...'`; "
            'or set `workload = "rate"`'
        ),
    ),
    "metric-only-in-base": (
        "only the base records the metric",
        'record it in the head, too; or leave it out: `exclude = ["BENCHMARK:METRIC"]`',
    ),
    "sides-unit": ("the units of base and head differ", "record the metric in one unit on both sides"),
    "sides-direction": ("the directions of base and head differ", "record the metric in one direction on both sides"),
    "sides-source": ("base and head were measured by different methods", "measure both sides by one method"),
    "sides-counted": (
        "base and head have other interpreters, or other packages",
        'give both sides the same; or leave the calls out: `exclude = ["BENCHMARK:function_calls"]`',
    ),
    "sides-rows": (
        "the workloads of base and head differ (rows_used)",
        'give both sides the same input, which a commit or `--setup` makes; or set `workload = "rate"`',
    ),
    "budget-no-values": (
        "no run contains the metric of the budget",
        "correct `metric` in the budget, or record it",
    ),
    "class-differs": (
        "there is no baseline for this machine class",
        (
            "measure a baseline on this machine: `perfgate baseline refresh`; "
            "or compare both versions on it: `perfgate ab -- CMD`; or name its class: `--machine-class`"
        ),
    ),
    "bucket-too-wide": (
        "the bucket is wider than the threshold",
        "use finer buckets there, or set a threshold as wide as the bucket",
    ),
    "no-edge-at-limit": (
        "no bucket of the histogram ends at the budget's limit",
        "add the edge that the message names to the buckets of the histogram, and measure again",
    ),
    "saturated": (
        "the value is beyond the last bucket",
        "add buckets above the largest value that occurs",
    ),
    "never-proven": (
        "every run is clearly worse, but so few runs can never prove a change",
        "measure more runs on each side: `-n 10`",
    ),
    "zero-values": (
        "a value of zero is no measurement",
        'of a time, record `elapsed_ns`; leave out a peak that is not measured: `exclude = ["*:peak_memory"]`',
    ),
    # suspected
    "not-proven": ("worse, but not significant", _CONFIRM),
    "more-runs": ("worse, but not significant with so few runs", "measure more runs on each side"),
    "suite-not-proven": ("all benchmarks together got worse, but not significantly", _CONFIRM),
    "few-runs": ("too few runs to prove a change", "measure more runs"),
    "tail-of-few": (
        "worse, but a percentile of too few runs is not reliable",
        'measure more runs, or gate it as a plain ratio: `method = "threshold"`',
    ),
    "few-calls": (
        "worse, but so few calls do not prove it",
        "measure more calls",
    ),
    "budget-of-few-calls": (
        "beyond the budget's limit, but so few calls or runs do not prove it",
        "measure more calls or runs, or judge several runs together",
    ),
    "fails-more-often": ("more of its runs fail than the baseline's", "fix what makes them fail, and measure again"),
    "may-fail-more-often": (
        "some of its runs failed, too few to prove that they fail more often",
        "fix what makes them fail; or measure more runs, which prove it",
    ),
    "most-runs-failed": (
        "half of its runs failed, or more, so that its typical time is unknown",
        "fix what makes them fail, and measure again",
    ),
    "only-beside": (
        "worse only relative to the other benchmarks, which improved; as measured it is within its limit",
        "nothing, if the change made the others faster; if the machine was faster, measure again",
    ),
    "too-coarse": (
        "beyond the limit, but its values are rounded too coarsely for a decision",
        "record values as fine as the baseline's, such as `elapsed_ns`",
    ),
    # allowed for a time
    "waived": ("worse, but waived for a time", "fix it before the waiver ends"),
    "beyond-waiver": (
        "worse than its waiver allows",
        "find the change, or waive more of it in review: `baselines/waivers.toml`",
    ),
    "removed": ("removed on purpose", "confirm in review that it is no longer needed"),
    # reported only
    "not-gated": ("worse, but not gated", 'gate it with a rule: `level = "fail"`'),
    "near-budget": ("within the limit, but beyond its warning", "find the change before it fails"),
    "not-in-base": ("the base does not have it", "compare again when the base has it, too"),
    "not-in-baseline": ("the baseline does not have it", "`perfgate baseline refresh` adds it"),
    # holds
    "better-than-base": ("better, beyond the threshold", ""),
    "better": (
        "better, beyond the threshold",
        "keep the gain: `perfgate check --report r.json; perfgate baseline refresh --replace-improved r.json`",
    ),
    "below-least": ("shorter than `--min-time` on both sides", ""),
    "within-threshold": ("within the threshold", ""),
    "worse-within-threshold": (
        "worse for certain, by less than the threshold as measured; a change as large as the threshold is not excluded",
        'measure more runs: `-n 40`; to fail such changes: `threshold_is = "excluded"`',
    ),
    "suite-moved": ("the common change of all benchmarks, subtracted from each change", ""),
    "within-noise": ("the difference is within the noise", ""),
    "not-confirmed": ("worse in one session, but a fresh one does not confirm it", ""),
    "below-floor": ("the difference is smaller than the minimum change", ""),
    "inputs-same": ("no field of the inputs drifted", ""),
    "within-budget": ("within the budget", ""),
    "one-session": (
        "the baseline has one session, so that smaller changes are not detected",
        (
            "on the target branch, in other jobs or on other days, measure and add sessions: "
            "`perfgate baseline refresh`; "
            "or measure both versions in one job: `perfgate ab -- CMD`"
        ),
    ),
    "too-noisy-in-turns": (
        "too noisy to gate: smaller changes are not detected",
        "measure more runs, `-n 40`, or longer ones",
    ),
    "many-rows": (
        "so many values share the false alarms that smaller changes are not detected in one session",
        (
            "gate fewer values, or confirm: keep the report (`--report-dir first`), measure again in a fresh session, "
            "`perfgate check --confirm first/report.json`"
        ),
    ),
    "too-noisy": (
        "too noisy to gate: smaller changes are not detected",
        "measure more sessions, or longer runs",
    ),
}
"""Slug -> (sentence, hint). Commands and configuration stand between backticks."""


def sentence(slug: str) -> str:
    """Return the sentence of a slug, the slug itself when it is not known."""
    return SENTENCES.get(slug, (slug, ""))[0]


def sentence_with(slug: str, message: str) -> str:
    """Return the sentence of a slug with the facts of a message; the message alone when it contains the sentence."""
    general = sentence(slug)
    return message if general in message else f"{general}: {message}"


def hint_for(slug: str, benchmark: str = "") -> str:
    """Return what to do about a slug, empty when nothing needs doing.

    Args:
        slug: of a reason.
        benchmark: the one that it is about, whose name commands get as a shell takes it; empty: none is known.
    """
    hint = SENTENCES.get(slug, ("", ""))[1]
    return hint.replace("NAME", quote(benchmark)) if benchmark else hint
