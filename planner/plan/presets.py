"""What sites commonly need beyond a vendor's document, to start a flow of one's own from. Pure; the one place of it.

Ports are those of the IANA "Service Name and Transport Protocol Port Number Registry" (RFC 6335;
https://www.iana.org/assignments/service-names-port-numbers): domain 53 tcp and udp, ntp 123 udp, syslog 514 udp,
syslog-tls 6514 tcp (RFC 5425), radius 1812 and radius-acct 1813 udp (RFC 2865, RFC 2866), msft-gc 3268 tcp and
msft-gc-ssl 3269 tcp, http 80 and https 443 tcp. Syslog over plain TCP has no port of its own there (514 tcp is the
remote shell's); that it is sent to 514 is custom (RFC 6587, section 1). SAML is spoken over https. Agents that monitor
and software that backs up have a port of their own each, so these leave it to the user.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from planner.plan.endpoint_sets import SERVERS

BOTH = "tcp+udp"
"""What stands for both protocols in a form of flows; documents have a row for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A start for flows of one's own: what is filled in, in the words of the form."""

    slug: str
    name: str
    protocol: str
    """A protocol, or BOTH."""
    ports: str
    """Ports, ranges and services such as tcp/6514; empty where everybody has another."""
    reason: str
    hint: str
    """Who usually opens it to whom, and what is to be thought of."""
    source: str = ""
    """The set of endpoints that opens it, where it is always the same."""


PRESETS: Mapping[str, Preset] = {
    preset.slug: preset
    for preset in (
        Preset(
            slug="dns",
            name="DNS",
            protocol=BOTH,
            ports="53",
            reason="Name resolution (DNS)",
            hint="From every server to the name servers. TCP carries large answers.",
            source=SERVERS,
        ),
        Preset(
            slug="ntp",
            name="NTP",
            protocol="udp",
            ports="123",
            reason="Time (NTP)",
            hint="From every server to the time servers, often the domain controllers.",
            source=SERVERS,
        ),
        Preset(
            slug="syslog",
            name="Syslog",
            protocol=BOTH,
            ports="514, tcp/6514",
            reason="Logs to the collector (syslog)",
            hint="From every server to the log collector. Keep what it uses: 514 is open text, 6514 is TLS.",
            source=SERVERS,
        ),
        Preset(
            slug="monitor",
            name="Monitoring agent",
            protocol="tcp",
            ports="",
            reason="Monitoring agent",
            hint="From the monitoring server to every server, or the other way round. Your product says the port.",
        ),
        Preset(
            slug="backup",
            name="Backup",
            protocol="tcp",
            ports="",
            reason="Backup",
            hint="From the backup server to what it saves, or the other way round. Your product says the port.",
        ),
        Preset(
            slug="radius",
            name="RADIUS",
            protocol="udp",
            ports="1812, 1813",
            reason="Sign-in by RADIUS: authentication and accounting",
            hint="From the web servers to the RADIUS servers. 1813 is for accounting only.",
        ),
        Preset(
            slug="saml",
            name="SAML",
            protocol="tcp",
            ports="443",
            reason="Sign-in by SAML: the identity provider",
            hint="From the people who sign in to the identity provider, and from the web servers to its metadata.",
        ),
        Preset(
            slug="catalog",
            name="Global catalog",
            protocol="tcp",
            ports="3268, 3269",
            reason="Global catalog of Active Directory",
            hint="From the web servers to the domain controllers. 3269 is the one over TLS.",
        ),
        Preset(
            slug="updates",
            name="Update servers",
            protocol="tcp",
            ports="80, 443",
            reason="Software updates",
            hint="From every server to the update servers or their proxy.",
            source=SERVERS,
        ),
    )
}
"""The presets by their slugs, in the order in which they are shown."""
