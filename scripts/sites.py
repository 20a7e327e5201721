"""Plans of any size, to measure with: headquarters and many remote sites alike.

1,000 sites are 3,009 endpoints and about 16,000 flows, of which 6,000 cross zones.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

_FIRST_SITE = IPv4Address("10.64.0.0")
"""Each site has 256 addresses of its own from here on; headquarters have lower ones."""


def make_sites(count: int) -> dict[str, Any]:
    """A plan document of headquarters and so many remote sites, each with an agent and two managed systems."""
    zones = [
        {"name": "Internal", "kind": "internal"},
        {"name": "Clients", "kind": "internal"},
        {"name": "Internet", "kind": "internet"},
    ]
    sites = [f"Site {number:05}" for number in range(1, count + 1)]
    return {
        "format": 1,
        "name": f"{count:,} remote sites",
        "zones": [*zones, *({"name": name, "kind": "remote-site"} for name in sites)],
        "endpoints": [
            *_headquarters(),
            *(endpoint for number, name in enumerate(sites) for endpoint in _site(number, name)),
        ],
    }


def make_company() -> dict[str, Any]:
    """A plan document of 25 endpoints: headquarters and a few sites."""
    plan = make_sites(5)
    clients = {"name": "Kiosks", "zone": "Clients", "addresses": ["10.2.0.0/20"], "group": True}
    return plan | {"name": "25 endpoints", "endpoints": [*plan["endpoints"], clients | {"roles": ["extension-user"]}]}


def _headquarters() -> Iterator[dict[str, Any]]:
    servers = {
        "PS01": ["web-primary"],
        "PS02": ["web-passive"],
        "SQL01": ["database"],
        "DC01": ["domain-controller"],
        "MAIL01": ["mail-server"],
        "GW01": ["browser-gateway"],
        "APP01": ["app-server"],
    }
    for number, (name, roles) in enumerate(servers.items(), 10):
        yield {"name": name, "zone": "Internal", "addresses": [f"10.0.0.{number}"], "roles": roles}
    staff = ["website-user", "launcher-user", "browser-session-user"]
    yield {"name": "Staff", "zone": "Clients", "addresses": ["10.1.0.0/16"], "group": True, "roles": staff}
    yield {"name": "Readers", "zone": "Internet", "addresses": ["any"], "group": True, "roles": ["message-reader"]}


def _site(number: int, zone: str) -> Iterator[dict[str, Any]]:
    first = _FIRST_SITE + 256 * number
    operations = ["discovery", "reset", "validation", "host-heartbeat"]
    yield {"name": f"{zone} agent", "zone": zone, "addresses": [str(first + 5)], "roles": ["remote-site-agent"]}
    for part, (name, platforms, session) in enumerate(
        (("Windows", ["windows", "microsoft-sql"], "rdp"), ("Linux", ["linux-mac", "postgresql"], "ssh")), 1
    ):
        yield {
            "name": f"{zone} {name}",
            "zone": zone,
            "addresses": [f"{first + 64 * part}/26"],
            "group": True,
            "platforms": platforms,
            "operations": operations,
            "sessions": [session],
        }
