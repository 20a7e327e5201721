"""What is there already, read from each format: a module for each, with `read(text) -> Ruleset`.

`read` takes the whole text of a configuration (at most `planner.plan.limits.EXISTING` bytes as UTF-8) and raises
`Unreadable` for one that is none of its format. A construct of an entry that it does not understand is named, never
taken for open. Here is the one list of them, which the command, the page and the docs go by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name

from planner.engine.existing.model import Ruleset
from planner.engine.existing.readers.scripts import WINDOWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A format that is read. Its module here is called like it, and imported when it is asked for."""

    name: str
    """What `manage.py gap --from` calls it."""
    label: str
    """What pages call it."""
    made_by: str
    """The command of the device, or the way, by which somebody gets the file; what follows “Made by”."""
    script: str = ""
    """What is run on the device to get the file, where one command isn't enough."""

    in_lines: bool = False
    """Whether each line of it is a statement."""
    unpaged: str = ""
    """What makes the device write it in one go, where it else stops after each page of a terminal."""

    @property
    def read(self) -> Callable[[str], Ruleset]:
        """What turns the text into a ruleset; raises Unreadable."""
        function: Callable[[str], Ruleset] = resolve_name(f"{__name__}.{self.name}:read")
        return function


_ALL = (
    Reader(name="nftables", label="nftables", made_by="nft -j list ruleset"),
    Reader(
        name="iptables",
        label="iptables",
        made_by="iptables-save and ip6tables-save, one after the other in one file",
        in_lines=True,
    ),
    Reader(
        name="fortigate",
        label="FortiGate",
        made_by="a backup of the device, or show full-configuration",
        in_lines=True,
        unpaged="config system console, set output standard, end",
    ),
    Reader(
        name="asa", label="Cisco ASA", made_by="show running-config", in_lines=True, unpaged="terminal pager 0"
    ),
    Reader(name="paloalto", label="Palo Alto (XML)", made_by="the export of the running configuration, in XML"),
    Reader(
        name="srx",
        label="Juniper SRX",
        made_by="show configuration | display set",
        in_lines=True,
        unpaged="set cli screen-length 0",
    ),
    Reader(
        name="windows",
        label="Windows Firewall (JSON)",
        made_by="a script of PowerShell that writes Get-NetFirewallRule with its filters",
        script=WINDOWS,
    ),
    Reader(name="azure", label="Azure network security groups (JSON)", made_by="az network nsg show, or list"),
    Reader(name="aws", label="AWS security groups (JSON)", made_by="aws ec2 describe-security-groups"),
    Reader(
        name="csv",
        label="Table of rules (CSV)",
        made_by="the export of a rule manager, or a spreadsheet with the columns source, destination, service, action",
    ),
)  # fmt: skip
READERS: Mapping[str, Reader] = {reader.name: reader for reader in _ALL}
"""By name: the formats that are read, in the order in which they are offered."""


def find_reader(form: str) -> Reader | None:
    """What reads the rules of a firewall of a plan, by its format; None where nothing does.

    A device that files are written for in two ways, such as paloalto-set, is read in one.
    """
    return READERS.get(form) or READERS.get(form.partition("-")[0])
