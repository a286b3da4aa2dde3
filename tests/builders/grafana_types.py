"""The JSON of a dashboard, held by TypeScript's compiler against the types that Grafana publishes for its version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

PARTS = Path(os.environ.get("GRAFANA_TEST_PARTS") or "nowhere").absolute()
UNKNOWN_TO_SCHEMA = ("auto", "auto_count", "auto_min")
"""Keys of variables that the SDK always writes: Grafana has them for another kind of variable, and ignores them."""
# A literal of JSON is no member of an enumeration of TypeScript; its value is what counts.
_TYPES = """
import type { Dashboard, Panel, RowPanel, VariableModel } from "@grafana/schema";
import type { FieldConfig, Options }
  from "%s/node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
type Plain<T> = T extends string ? `${T}` : T extends number ? (`${T}` extends `${infer N extends number}` ? N : T)
  : T extends boolean | null | undefined | unknown[] & { length: 0 } ? T
  : T extends (infer I)[] ? Plain<I>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Whole = Omit<Dashboard, "panels" | "templating">;
"""


def missing() -> str:
    """Return why the compiler cannot be used; empty when it can."""
    if not os.environ.get("GRAFANA_TEST_PARTS"):
        return "GRAFANA_TEST_PARTS is not set (tests/render/dashboard/install_parts.sh)"
    if not shutil.which("node"):
        return "node is not installed"
    wanted = (PARTS / "node_modules/.bin/tsc", PARTS / "node_modules/@grafana/schema")
    return next((f"{path} is missing" for path in wanted if not path.exists()), "")


def complaints(dashboard: dict[str, Any], folder: Path) -> str:
    """Return what the compiler says against a dashboard; empty: nothing.

    Args:
        dashboard: as Grafana reads it.
        folder: an empty one to work in.
    """
    whole = {k: v for k, v in dashboard.items() if k not in {"panels", "templating"}}
    parts: list[tuple[str, Any]] = [("Plain<Whole>", whole)]
    for panel in dashboard["panels"]:
        is_row = panel["type"] == "row"
        parts.append(("Plain<RowPanel>" if is_row else "Plain<Panel>", panel))
        if not is_row:
            parts.append(("Plain<Options>", panel["options"]))
            parts.append(("Plain<FieldConfig>", panel["fieldConfig"]["defaults"]["custom"]))
    for variable in dashboard["templating"]["list"]:
        known = {k: v for k, v in variable.items() if k not in UNKNOWN_TO_SCHEMA}
        parts += [("Plain<VariableModel>", known)]
    lines = [f"export const part{n}: {kind} = {json.dumps(value)};" for n, (kind, value) in enumerate(parts)]
    (folder / "node_modules").symlink_to(PARTS / "node_modules")
    (folder / "dashboard.ts").write_text(_TYPES % "." + "\n".join(lines) + "\n")
    words = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run(
        [PARTS / "node_modules/.bin/tsc", *words, "dashboard.ts"],
        cwd=folder, check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout + done.stderr
