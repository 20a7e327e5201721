"""Report to bytes: every format is one entry of FORMATS, which pages, commands, archives and docs go by."""

from collections.abc import Mapping

from planner.report.entries import OPTIONS, AcceptanceFormat, ChangeFormat, Format
from planner.report.errors import NotExpressible

__all__ = [
    "ACCEPTANCE_FORMATS", "CHANGE_FORMATS", "FORMATS", "OPTIONS", "AcceptanceFormat", "ChangeFormat", "Format",
    "NotExpressible",
]  # fmt: skip

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TEXT = "text/plain; charset=utf-8"
_FIREWALL = "planner.report.firewall.files:"
_NOTES = f"{_FIREWALL}list_notes"
_DEVICE_NOTES = f"{_FIREWALL}list_device_notes"
_DENY, _OPEN, _HOSTS = (frozenset({name}) for name in OPTIONS)

_ALL: tuple[Format, ...] = (
    Format(
        name="json", label="JSON", content_type="application/json", writes="planner.report.formats.json:render_json"
    ),
    Format(
        name="csv", label="CSV", content_type="text/csv; charset=utf-8", writes="planner.report.formats.csv:render_csv"
    ),
    Format(
        name="closed",
        label="What is not opened (CSV)",
        content_type="text/csv; charset=utf-8",
        writes="planner.report.formats.closed:render_closed",
        ending="closed.csv",
    ),
    Format(
        name="xlsx",
        label="Excel workbook",
        content_type=_XLSX,
        writes="planner.report.formats.xlsx:render_xlsx",
        cost=0.35,
    ),
    Format(
        name="pdf",
        label="PDF",
        content_type="application/pdf",
        writes="planner.report.paper.prints:render_pdf",
        begins="planner.report.paper.pdf:prepare_pdf",
        is_printed=True,
        cost=0.15,
    ),
    Format(
        name="html",
        label="Web page",
        content_type="text/html; charset=utf-8",
        writes="planner.report.paper.prints:render_html",
        is_printed=True,
    ),
    Format(
        name="markdown",
        label="Markdown",
        content_type="text/markdown; charset=utf-8",
        writes="planner.report.formats.markdown:render_markdown",
    ),
    Format(
        name="svg",
        group="Drawings",
        label="Diagram (SVG)",
        content_type="image/svg+xml",
        writes="planner.report.diagram.files:write_svg",
    ),
    Format(
        name="png",
        group="Drawings",
        label="Diagram (PNG)",
        content_type="image/png",
        writes="planner.report.diagram.files:write_png",
    ),
    Format(
        name="drawio",
        group="Drawings",
        label="draw.io",
        content_type="application/vnd.jgraph.mxfile",
        writes="planner.report.diagram.drawio:render_drawio",
        remarks="planner.report.diagram.drawio:list_notes",
    ),
    Format(
        name="mermaid",
        group="Drawings",
        label="Mermaid",
        content_type=_TEXT,
        writes="planner.report.diagram.mermaid:render_mermaid",
        remarks="planner.report.diagram.mermaid:list_notes",
        ending="mmd",
    ),
    Format(
        name="checks",
        group="Checks",
        label="Check scripts (zip)",
        content_type="application/zip",
        writes="planner.report.checks.bundle:render_checks",
        ending="checks.zip",
        cost=0.3,
    ),
    Format(
        name="goss",
        group="Checks",
        label="Checks for goss (zip)",
        content_type="application/zip",
        writes="planner.report.checks.goss:render_goss",
        ending="goss.zip",
    ),
    Format(
        name="blackbox",
        group="Checks",
        label="Checks for Prometheus (JSON)",
        content_type="application/json",
        writes="planner.report.checks.prometheus:render_blackbox",
        ending="blackbox.json",
    ),
    Format(
        name="firewalls",
        group="Network firewalls",
        label="A file for each firewall of the plan (zip)",
        content_type="application/zip",
        writes=f"{_FIREWALL}render_devices",
        folder=f"{_FIREWALL}write_devices",
        part="firewalls",
        options=_DENY | _OPEN,
        remarks=f"{_FIREWALL}list_wall_notes",
        ending="firewalls.zip",
        closes=True,
        cost=0.35,
    ),
    Format(
        name="asa",
        group="Network firewalls",
        label="Cisco ASA",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_asa",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="asa.txt",
        closes=True,
    ),
    Format(
        name="ios",
        group="Network firewalls",
        label="Cisco IOS",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_ios",
        options=_DENY | _OPEN,
        remarks=_NOTES,
        ending="ios.txt",
        closes=True,
    ),
    Format(
        name="fortigate",
        group="Network firewalls",
        label="FortiGate",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_fortigate",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="fortigate.txt",
        closes=True,
    ),
    Format(
        name="paloalto",
        group="Network firewalls",
        label="Palo Alto (XML)",
        content_type="text/xml; charset=utf-8",
        writes=f"{_FIREWALL}render_paloalto",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="paloalto.xml",
        closes=True,
    ),
    Format(
        name="paloalto-set",
        group="Network firewalls",
        label="Palo Alto (set lines)",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_paloalto_set",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="paloalto.txt",
        closes=True,
    ),
    Format(
        name="srx",
        group="Network firewalls",
        label="Juniper SRX",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_srx",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="srx.txt",
        closes=True,
    ),
    Format(
        name="checkpoint",
        group="Network firewalls",
        label="Check Point",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_checkpoint",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="checkpoint.sh",
    ),
    Format(
        name="opnsense",
        group="Network firewalls",
        label="OPNsense (CSV)",
        content_type="text/csv; charset=utf-8",
        writes=f"{_FIREWALL}render_opnsense",
        options=_OPEN,
        remarks=_NOTES,
        ending="opnsense.csv",
        closes=True,
    ),
    Format(
        name="pfsense",
        group="Network firewalls",
        label="pfSense",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_pfsense",
        options=_OPEN,
        remarks=_DEVICE_NOTES,
        ending="pfsense.txt",
    ),
    Format(
        name="mikrotik",
        group="Network firewalls",
        label="MikroTik RouterOS",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_mikrotik",
        options=_DENY | _OPEN,
        remarks=_DEVICE_NOTES,
        ending="rsc",
        cost=0.42,
    ),
    Format(
        name="nftables",
        group="Linux",
        label="nftables",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_nftables",
        options=_DENY | _HOSTS | _OPEN,
        remarks=_NOTES,
        ending="nft",
    ),
    Format(
        name="iptables",
        group="Linux",
        label="iptables",
        content_type=_TEXT,
        writes=f"{_FIREWALL}render_iptables",
        options=_DENY | _OPEN,
        remarks=_NOTES,
        ending="iptables",
    ),
    Format(
        name="azure",
        group="Clouds",
        label="Azure (Terraform)",
        content_type="application/json",
        writes=f"{_FIREWALL}render_azure",
        options=_DENY | _OPEN,
        remarks=_NOTES,
        ending="azure.tf.json",
    ),
    Format(
        name="aws",
        group="Clouds",
        label="AWS (Terraform)",
        content_type="application/json",
        writes=f"{_FIREWALL}render_aws",
        options=_OPEN,
        remarks=_NOTES,
        ending="aws.tf.json",
    ),
    Format(
        name="google",
        group="Clouds",
        label="Google Cloud (Terraform)",
        content_type="application/json",
        writes=f"{_FIREWALL}render_google",
        options=_DENY | _OPEN,
        remarks=_NOTES,
        ending="google.tf.json",
    ),
    Format(
        name="nsx",
        group="Clouds",
        label="VMware NSX (Terraform)",
        content_type="application/json",
        writes=f"{_FIREWALL}render_nsx",
        options=_OPEN,
        remarks=_NOTES,
        ending="nsx.tf.json",
    ),
    Format(
        name="requests",
        group="Other programs",
        label="Tufin, AlgoSec, FireMon (CSV)",
        content_type="text/csv; charset=utf-8",
        writes=f"{_FIREWALL}render_requests",
        options=_OPEN,
        remarks=_NOTES,
        ending="requests.csv",
    ),
    Format(
        name="tickets",
        group="Other programs",
        label="Bodies of tickets (zip)",
        content_type="application/zip",
        writes="planner.report.formats.tickets:render_tickets",
        ending="tickets.zip",
    ),
    Format(
        name="netbox",
        group="Other programs",
        label="NetBox (zip)",
        content_type="application/zip",
        writes="planner.report.formats.netbox:render_netbox",
        remarks="planner.report.formats.netbox:list_notes",
        ending="netbox.zip",
    ),
    Format(
        name="windows",
        group="Hosts, and all together",
        label="Windows hosts (zip)",
        content_type="application/zip",
        writes=f"{_FIREWALL}render_windows",
        options=_DENY | _OPEN,
        remarks=f"{_FIREWALL}list_host_notes",
        ending="windows.zip",
        cost=0.35,
    ),
    Format(
        name="aerleon",
        group="Hosts, and all together",
        label="Aerleon policies and definitions (zip)",
        content_type="application/zip",
        writes=f"{_FIREWALL}render_sources",
        options=_DENY | _OPEN,
        remarks=_NOTES,
        ending="aerleon.zip",
        cost=0.25,
    ),
    Format(
        name="all-firewalls",
        group="Hosts, and all together",
        label="All firewall configurations (zip)",
        content_type="application/zip",
        writes=f"{_FIREWALL}render_all",
        options=_DENY | _OPEN,
        remarks=_NOTES,
        ending="all-firewalls.zip",
        closes=True,
        cost=1.3,
    ),
)
FORMATS: Mapping[str, Format] = {entry.name: entry for entry in _ALL}
"""The formats of reports by name, in the order in which they are offered."""

_DEVICES = ("asa", "ios", "fortigate", "paloalto-set", "srx", "checkpoint", "mikrotik", "nftables", "iptables")
_PART = "firewalls"
_CHANGES = {
    "json": "planner.report.formats.changes:render_json",
    "csv": "planner.report.formats.changes:render_csv",
    "xlsx": "planner.report.formats.change_book:render_changes",
    "pdf": "planner.report.paper.change_prints:render_changes_pdf",
    "html": "planner.report.paper.change_prints:render_changes_html",
    "markdown": "planner.report.formats.changes:render_markdown",
    **{name: f"planner.report.firewall.changes:render_{name.replace('-', '_')}" for name in _DEVICES},
    _PART: "planner.report.firewall.changes:render_devices",
}
_COSTS_OF_CHANGES = {
    "csv": 0.18,
    "xlsx": 0.42,
    "pdf": 0.3,
    "mikrotik": 0.85,
    "paloalto-set": 0.2,
    "srx": 0.2,
    _PART: 0.35,
}
"""Where it isn't the usual, with a third of the endpoints changed."""
CHANGE_FORMATS: Mapping[str, ChangeFormat] = {
    name: ChangeFormat(
        name=name,
        label=FORMATS[name].label,
        content_type=FORMATS[name].content_type,
        group=FORMATS[name].group,
        writes=writes,
        begins=FORMATS[name].begins,
        is_printed=FORMATS[name].is_printed,
        part=FORMATS[name].part,
        configures=name in (*_DEVICES, _PART),
        cost=_COSTS_OF_CHANGES.get(name, 0.1),
    )
    for name, writes in _CHANGES.items()
}
"""The formats of change requests by name: those of reports that can say one."""

ACCEPTANCE_FORMATS: Mapping[str, AcceptanceFormat] = {
    entry.name: entry
    for entry in (
        AcceptanceFormat(
            name="pdf", label="Acceptance (PDF)", content_type="application/pdf", is_printed=True, cost=0.16,
            writes="planner.report.paper.acceptance_pages:render_pdf",
        ),
        AcceptanceFormat(
            name="json", label="Acceptance (JSON)", content_type="application/json", cost=0.18,
            writes="planner.report.formats.acceptance:render_json",
        ),
        AcceptanceFormat(
            name="xml", label="Acceptance (JUnit XML)", content_type="application/xml", cost=0.25,
            writes="planner.report.checks.junit:render_junit",
        ),
    )
}  # fmt: skip
"""What the acceptance of a stored plan comes as, by the end of its address."""
