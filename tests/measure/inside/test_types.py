from __future__ import annotations

import textwrap

import pytest
from measured_programs import ROOT

_PROGRAM = """
    from perfgate.measure import measure_and_run, measure_run_context, measured

    @measured
    def train(rows: int, *, depth: int = 1) -> str:
        return str(rows * depth)

    @measured(benchmark="fetch", labels={"a": 1})
    async def fetch(url: str) -> bytes:
        return url.encode()

    def plain(rows: int) -> list[int]:
        return [rows]

    async def main() -> None:
        reveal_type(train(1, depth=2))
        reveal_type(await fetch("u"))
        reveal_type(measure_and_run(plain, 1))
        outcome, run = await measure_and_run(fetch, "u")
        reveal_type(outcome)
        with measure_run_context() as handle:
            reveal_type(handle)
        train("1")
        measure_and_run(plain, "1")
    """


@pytest.mark.slow
def test_strictly_typed_callers_keep_their_signatures(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api")
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    (tmp_path / "program.py").write_text(textwrap.dedent(_PROGRAM))
    told, _, _ = api.run(["--strict", "--config-file=", "--cache-dir", str(tmp_path / "cache"), "program.py"])
    revealed = [line.partition('"')[2].rstrip('"') for line in told.splitlines() if "Revealed" in line]
    handle = "perfgate.measure.inside.handle.RunHandle"
    assert [text.replace("builtins.", "") for text in revealed] == [
        "str",
        "bytes",
        f"tuple[list[int], {handle}]",
        "bytes",
        handle,
    ]
    errors = [line for line in told.splitlines() if " error: " in line]
    assert len(errors) == 2
    assert '"train" has incompatible type "str"' in errors[0]
    assert 'No overload variant of "measure_and_run" matches' in errors[1]
