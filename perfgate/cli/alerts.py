"""``perfgate alerts``."""

from __future__ import annotations

import re

import click

from perfgate.cli.options import config_option

_MINUTES = {"m": 60, "h": 3_600, "d": 86_400}
_LONGEST = 30 * 86_400  # seconds


class _Minutes(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic from click 8.3 on
    """A time in whole minutes, as Prometheus writes it: ``5m``, ``1h``."""

    name = "time"

    def __init__(self, least: int) -> None:
        """Take the least time in seconds."""
        self.least = least

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([mhd])", value)
        seconds = int(found[1]) * _MINUTES[found[2]] if found else -1
        if not self.least <= seconds <= _LONGEST:
            least = "1m" if self.least else "0m"
            what = f'"{value}" is no whole number of minutes, hours or days from {least} to 30d'
            self.fail(f"{what}; write it like 5m or 1h", param, ctx)
        return seconds


@click.command()
@click.option("-o", "--output", metavar="FILE", help="Where the rules go (default: stdout).")
@click.option("--tests", metavar="FILE", help="Also write tests of the rules for promtool; with -o.")
@click.option("--window", type=_Minutes(60), default="5m", show_default=True, help="Time over which values are taken.")
@click.option("--for", "hold", type=_Minutes(0), default="5m", show_default=True, help="Time before an alert fires.")
@click.option("--min-age", type=_Minutes(60), help="Age of series before they count (default: the window).")
@click.option(
    "--min-events",
    type=click.IntRange(4, 10**9),
    metavar="N",
    help="Fewest events in a window that count (default: what each limit needs).",
)
@click.option("--job", default="", metavar="NAME", help="Watch series with this label job only.")
@click.option("--runbook", default="", metavar="URL", help="Link of alerts; the name of the budget is added to it.")
@config_option
def command(
    *,
    output: str | None,
    tests: str | None,
    window: int,
    hold: int,
    min_age: int | None,
    min_events: int | None,
    job: str,
    runbook: str,
    config: str | None,
) -> None:
    """Write alert rules for Prometheus, and their tests, from the budgets.

    Each budget with a series is watched, with the same limit as in a check: beyond
    it, beyond its warning, no data. Few events never raise an alert.
    """
    from perfgate.cli.output import echo, say, say_all
    from perfgate.core.errors import plain
    from perfgate.pipeline.alerts import count_events_for, path_from, read_policy, write_file
    from perfgate.render.monitoring.alerts import render_alerts
    from perfgate.render.monitoring.rules import Settings
    from perfgate.report.words import count

    if tests is not None and output is None:
        raise click.UsageError("--tests needs the file of the rules: -o FILE")
    settings = Settings(
        window=window,
        hold=hold,
        age=min_age or window,
        fewest=count_events_for,
        fixed_fewest=min_events,
        runbook=runbook,
    )
    rules = path_from(output, tests) if output and tests else ""
    found = render_alerts(read_policy(config), settings, job=job, rules=rules)
    say_all(found.remarks)
    if output is None:
        echo(found.rules)
        return
    write_file(output, found.rules)
    say(plain(f"{output}: {count(found.alerts, 'alert')} of {count(found.budgets, 'budget')}"))
    if tests is not None:
        write_file(tests, found.tests)
        say(plain(f"{tests}: their tests; run promtool test rules {tests}"))
