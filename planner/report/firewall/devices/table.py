"""The targets that are written here, by the name of their format."""

from collections.abc import Callable, Mapping

from planner.report.firewall.devices.asa import ASA
from planner.report.firewall.devices.checkpoint import CHECKPOINT
from planner.report.firewall.devices.clouds import render_aws, render_azure, render_google
from planner.report.firewall.devices.fortigate import FORTIGATE
from planner.report.firewall.devices.ios import IOS
from planner.report.firewall.devices.mikrotik import MIKROTIK
from planner.report.firewall.devices.nsx import render_nsx
from planner.report.firewall.devices.opnsense import render_opnsense
from planner.report.firewall.devices.paloalto import PALOALTO_SET, render_xml
from planner.report.firewall.devices.pfsense import render_pfsense
from planner.report.firewall.devices.srx import SRX
from planner.report.firewall.devices.tickets import render_rows
from planner.report.firewall.devices.writer import Writer
from planner.report.firewall.omissions import EVERY_NAME, Names

WRITERS: Mapping[str, Writer] = {
    one.name: one for one in (ASA, IOS, FORTIGATE, PALOALTO_SET, SRX, CHECKPOINT, MIKROTIK)
}
"""Those that are told item by item, as lines."""
OTHERS: Mapping[str, Callable[..., bytes]] = {
    "paloalto": render_xml,
    "opnsense": render_opnsense,
    "pfsense": render_pfsense,
    "azure": render_azure,
    "aws": render_aws,
    "google": render_google,
    "nsx": render_nsx,
    "requests": render_rows,
}
"""Files of other shapes."""


def takes_names(name: str) -> Names | None:
    """The DNS names that a target has objects of; None: of none."""
    if name in WRITERS:
        return WRITERS[name].taken
    return EVERY_NAME if name in ("paloalto", "pfsense") else None
