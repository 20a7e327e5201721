"""What a firewall lacks of a plan as configuration: only that, and where among its rules it has to stand.

`render_delta` is the way in. nftables and iptables get a chain of its own and the jump to it (`kernel.py`); devices
get objects and entries under names that nothing there has, and the lines that put them into place (`devices.py`).
"""

from collections.abc import Callable, Mapping

from planner.report.firewall.errors import NotExpressible
from planner.report.gap.delta.devices import render_device
from planner.report.gap.delta.kernel import render_iptables, render_nftables
from planner.report.gap.delta.task import Task

DELTA = "delta"
"""What commands and addresses call it, beside the formats of the answer."""
WRITERS: Mapping[str, Callable[[Task], bytes]] = {
    "nftables": render_nftables,
    "iptables": render_iptables,
    "fortigate": render_device,
    "asa": render_device,
    "paloalto": render_device,
    "srx": render_device,
}
"""By the format of the rules that are there."""
_WHY_NOT: Mapping[str, str] = {
    "windows": "a rule that blocks wins there whatever its place; the scripts for hosts open what the plan needs",
    "azure": "its rules go by priorities that the file of the rules shares out; the file of the plan has all of them",
    "aws": "its rules have no order, so the file of the plan says the same beside what is there",
    "csv": "a table says of no device; the format xlsx lists the rules that are missing",
}


def render_delta(task: Task) -> bytes:
    """The lines that open what is missing and nothing else, and in comments the way back; the same for the same.

    Raises NotExpressible for formats that have no such lines, and where names of the device can't be repeated.
    """
    name = task.gap.ruleset.format
    if name not in WRITERS:
        raise NotExpressible("What is missing as configuration", _WHY_NOT[name])
    return WRITERS[name](task)
