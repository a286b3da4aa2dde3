#!python
"""The program `perfgate`: a script that imports nothing before its guard, so that nothing but a verdict exits with 1.

An installer copies this file as it is. The script that it would write itself for an entry
point imports the package outside of any guard: a broken one, or Ctrl-C while it is
imported, would end with Python's own exit code, which is 1.
"""

_CANNOT_DECIDE = 2


def _fail(caught: BaseException) -> None:
    """Report on stderr that there is no verdict, and end with its exit code at once."""
    import os  # inside the guard

    fault, hint = "interrupted [interrupted]", "run the command again"
    if not isinstance(caught, KeyboardInterrupt):
        cause = "".join(c if c.isprintable() else " " for c in f"{type(caught).__name__}: {caught}")[:500]
        fault = f"the installation is broken: {cause} [installation-broken]"
        hint = "install perfgate again from its repository, in a new virtual environment"
    try:
        os.write(2, f"cannot decide: {fault}\n  hint: {hint}\n".encode("utf-8", "replace"))
    finally:
        os._exit(_CANNOT_DECIDE)


def _start() -> None:
    """Import the door and go through it; it ends the process with its own exit code."""
    try:
        from perfgate.__main__ import main  # inside the guard
    except BaseException as caught:  # noqa: BLE001 - also SystemExit: no verdict was reached yet
        _fail(caught)
    try:
        main()
    except SystemExit:  # the door's own code
        raise
    except BaseException as caught:  # noqa: BLE001 - Ctrl-C before its guard, or after it
        _fail(caught)
    _fail(ImportError("perfgate.__main__ returned"))


if __name__ == "__main__":
    try:
        _start()
    except KeyboardInterrupt as caught:
        _fail(caught)
