"""The kinds of firewall that a plan can have: an entry says what its files are called, and what its options are.

A kind is a format that `planner.report.FORMATS` writes for a device between zones. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a kind of firewall."""

    pattern: re.Pattern[str]
    allowed: str
    """What it may be, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A kind of firewall."""

    slug: str
    """How the plan document says it, and what the format is called."""
    name: str
    options: Mapping[str, Option] = field(default_factory=dict)


_WORD = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_TABLE = (
    Device(slug="asa", name="Cisco ASA"),
    Device(slug="ios", name="Cisco IOS"),
    Device(slug="fortigate", name="FortiGate"),
    Device(slug="paloalto", name="Palo Alto (XML)"),
    Device(slug="paloalto-set", name="Palo Alto (set lines)"),
    Device(slug="srx", name="Juniper SRX"),
    Device(slug="checkpoint", name="Check Point"),
    Device(slug="mikrotik", name="MikroTik RouterOS"),
    Device(
        slug="nftables",
        name="nftables",
        options={
            "chain": Option(
                pattern=re.compile(_WORD), allowed="a name of letters, digits and _, which begins with no digit"
            ),
            "table": Option(
                pattern=re.compile(rf"(inet|ip|ip6|bridge) {_WORD}"),
                allowed="a family (inet, ip, ip6 or bridge) and a name, as in inet filter",
            ),
        },
    ),
    Device(
        slug="iptables",
        name="iptables",
        options={
            "chain": Option(
                pattern=re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,27}"),
                allowed="1 to 28 letters, digits, - and _, not beginning with -",
            )
        },
    ),
)
DEVICES: Mapping[str, Device] = {device.slug: device for device in _TABLE}
