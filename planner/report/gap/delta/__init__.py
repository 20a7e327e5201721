"""What a firewall lacks of a plan as configuration: only that, and where among its rules it has to stand.

`render_delta` is the way in. nftables and iptables get a chain of its own and the jump to it (`kernel.py`); devices
get objects and entries under names that nothing there has, and the lines that put them into place (`devices.py`); a
Windows host gets a script (`windows.py`), groups of a cloud get commands (`clouds.py`), a table gets rows (`rows.py`).
"""

from collections.abc import Callable, Mapping

from planner.report.gap.delta.clouds import render_aws, render_azure
from planner.report.gap.delta.devices import render_device
from planner.report.gap.delta.kernel import render_iptables, render_nftables
from planner.report.gap.delta.rows import render_rows
from planner.report.gap.delta.task import Task
from planner.report.gap.delta.windows import render_windows

DELTA = "delta"
"""What commands and addresses call it, beside the formats of the answer."""
WRITERS: Mapping[str, Callable[[Task], bytes]] = {
    "nftables": render_nftables,
    "iptables": render_iptables,
    "fortigate": render_device,
    "asa": render_device,
    "paloalto": render_device,
    "srx": render_device,
    "windows": render_windows,
    "azure": render_azure,
    "aws": render_aws,
    "csv": render_rows,
}
"""By the format of the rules that are there."""
ENDINGS: Mapping[str, str] = {"windows": "ps1", "azure": "azure.sh", "aws": "aws.sh", "csv": "csv"}
"""By format how its file ends; the others are text."""


def render_delta(task: Task) -> bytes:
    """The lines that open what is missing and nothing else, and in comments the way back; the same for the same.

    Raises NotExpressible where it isn't known what zones are behind, and where names of the device can't be repeated.
    """
    return WRITERS[task.gap.ruleset.format](task)
