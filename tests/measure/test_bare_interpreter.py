from __future__ import annotations

import pytest

_DEAR = (
    *(
        "click",
        "numpy",
        "pandas",
        "msgspec",
        "jsonschema",
        "dataclasses",
        "inspect",
        "json",
        "pathlib",
        "platform",
    ),
    *("subprocess", "uuid", "asyncio", "threading", "hashlib", "ctypes", "tracemalloc", "resource", "socket"),
    *("tempfile", "logging", "datetime", "random", "signal", "select", "site"),
)


@pytest.mark.parametrize("module", ["perfgate", "perfgate.measure"])
def test_importing_loads_nothing_dear_without_site_packages(python, module):
    done = python(
        f"""
        import sys
        import {module}
        {module}.measure_run_context
        print(*sorted(set({_DEAR!r}) & set(sys.modules)))
        """,
        "-S",
    )
    assert done.stdout.strip() == ""


def test_measuring_and_writing_loads_no_third_party_package_and_no_threads(python):
    done = python(
        """
        import sys
        from perfgate.measure import measure_run_context
        with measure_run_context() as run:
            pass
        print(run.path is not None, *sorted({"click", "numpy", "msgspec", "inspect", "dataclasses", "hashlib",
            "subprocess", "threading", "ctypes", "pathlib"} & set(sys.modules)))
        """,
        "-S",
    )
    assert done.stdout == "True\n"


def test_the_public_names_are_those_and_can_be_had_from_the_top():
    import perfgate
    import perfgate.measure

    assert set(perfgate.measure.__all__) == {
        *("RunHandle", "deterministic_run_id", "measure_and_run", "measure_run_context", "measured"),
        *("get_metrics", "get_tracer", "init_metrics", "init_tracer", "traced"),
        *("performance_monitor", "profile"),
    }
    assert perfgate.measure_run_context is perfgate.measure.measure_run_context
