"""Where in a folder the files of a tool are, whichever of its levels is given: globs for `Source.matching`."""

_HASH = "[0-9a-f]" * 8

ASV = "|".join(f"{folder}{_HASH}-*.json" for folder in ("", "*/", "*/*/", ".asv/results/*/"))
"""Result files, ``<commit>-<environment>.json``: in a machine's folder, in ``results``, in ``.asv``, in the project."""
ASV_MACHINE = "|".join(f"{folder}machine.json" for folder in ("", "*/", "*/*/", ".asv/results/*/"))
"""The file beside them."""
CRITERION = "|".join("*/" * depth + "new/sample.json" for depth in range(5))
"""A benchmark's own folder, a group, a group with functions and values, ``target/criterion``, ``target``."""
SAVED = "*/" + "[0-9]" * 4 + "_*.json"
"""Runs that pytest-benchmark saved: in ``.benchmarks``, in a folder for each machine."""
MLFLOW = "[0-9]*/*/metrics/*"
"""Values that MLflow logged, in ``mlruns``: ``<experiment>/<run>/metrics/<name>``."""
MLFLOW_RUN = "metrics/*|*/metrics/*"
"""The same in a run's or an experiment's own folder; ``meta.yaml`` is beside it."""
LIGHTHOUSE = "lhr-*.json"
"""Reports as Lighthouse CI names them."""
