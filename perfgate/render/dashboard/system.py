"""The section of the machines, by node exporter, and of the processes, by their own metrics."""

from __future__ import annotations

from perfgate.render.dashboard.promql import INTERVAL, legend
from perfgate.render.dashboard.records import Panel, Query, Section, Variable

VARIABLES = (
    Variable(
        name="node",
        label="Machine",
        about="Machines that run node exporter.",
        query="label_values(node_uname_info, instance)",
    ),
)
_NODE = 'instance=~"$node"'
_DISKS = f'{_NODE},fstype!~"tmpfs|ramfs|overlay|squashfs"'
_NETWORK = f'{_NODE},device!="lo"'
_QUARTER = 6  # columns


def make_system() -> Section:
    """Return the panels of CPU, memory, network and disk."""
    return Section(title="System health", panels=(*_machines(), *_processes()))


def _machines() -> tuple[Panel, ...]:
    sent, received = (
        f"sum by (instance) (rate(node_network_{way}_bytes_total{{{_NETWORK}}}[{INTERVAL}]))"
        for way in ("transmit", "receive")
    )
    return (
        Panel(
            title="CPU",
            about="Share of the time in which the processors work.",
            unit="percentunit",
            queries=(
                Query(
                    expr=f'1 - avg by (instance) (rate(node_cpu_seconds_total{{mode="idle",{_NODE}}}[{INTERVAL}]))',
                    legend=legend(("instance",)),
                ),
            ),
            width=_QUARTER,
        ),
        Panel(
            title="Memory",
            about="Share that is not available to programs.",
            unit="percentunit",
            queries=(
                Query(
                    expr=f"1 - node_memory_MemAvailable_bytes{{{_NODE}}} / node_memory_MemTotal_bytes{{{_NODE}}}",
                    legend=legend(("instance",)),
                ),
            ),
            width=_QUARTER,
        ),
        Panel(
            title="Network",
            about="Bytes a second over all devices but the loopback.",
            unit="Bps",
            queries=(
                Query(expr=received, legend="{{instance}} received"),
                Query(expr=sent, legend="{{instance}} sent"),
            ),
            width=_QUARTER,
        ),
        Panel(
            title="Disk",
            about="Share of each file system that is used, and share of the time in which a disk works.",
            unit="percentunit",
            queries=(
                Query(
                    expr=f"1 - node_filesystem_avail_bytes{{{_DISKS}}} / node_filesystem_size_bytes{{{_DISKS}}}",
                    legend="{{instance}} {{mountpoint}} used",
                ),
                Query(
                    expr=f"max by (instance) (rate(node_disk_io_time_seconds_total{{{_NODE}}}[{INTERVAL}]))",
                    legend="{{instance}} busy",
                ),
            ),
            width=_QUARTER,
        ),
    )


def _processes() -> tuple[Panel, ...]:
    half, by = 12, ("job", "instance")
    return (
        Panel(
            title="CPU by process",
            about="Processors in use, as the client libraries of Prometheus state it.",
            unit="short",
            queries=(Query(expr=f"rate(process_cpu_seconds_total[{INTERVAL}])", legend=legend(by)),),
            width=half,
        ),
        Panel(
            title="Memory by process",
            about="Resident memory, as the client libraries of Prometheus state it.",
            unit="decbytes",
            queries=(Query(expr="process_resident_memory_bytes", legend=legend(by)),),
            width=half,
        ),
    )
