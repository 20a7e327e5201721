"""The files of each firewall: a head of comments that says what is in it and what isn't, then its statements.

Those of nftables and iptables are written by nftables.py and iptables.py, those of devices in devices/, from items;
Aerleon makes those of Windows hosts.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from planner.engine.report import Report
from planner.plan.document import Endpoint
from planner.plan.fields import Firewall
from planner.plan.syntax import to_yaml
from planner.report import FORMATS
from planner.report.firewall import iptables, nftables
from planner.report.firewall.devices.table import OTHERS, WRITERS, takes_names
from planner.report.firewall.entries import OPEN_THEM
from planner.report.firewall.errors import NotExpressible
from planner.report.firewall.head import comment_out, introduce, list_lines
from planner.report.firewall.permits import Host, Permit, Permits
from planner.report.firewall.targets import (
    IPTABLES,
    NFTABLES,
    TARGETS,
    WINDOWS,
    Filter,
    Target,
    all_permits,
    count_lines,
    take_undecided,
    write_definitions,
    write_filters,
    write_host_filters,
)
from planner.report.firewall.words import name_files
from planner.report.said.edition import Edition

MOST_LINES = 200_000
"""More lines than this no device takes, and no browser waits for."""
_HOSTS = (
    "The head of each file says how it is loaded and how it is taken back.",
    "A host with a file in an earlier archive and none in this one has nothing to accept or open: take its file back.",
)
"""What the README of the nftables files for hosts says."""


def render_target(
    name: str,
    report: Report,
    edition: Edition | None = None,
    *,
    default_deny: bool = False,
    open_undecided: bool = False,
) -> bytes:
    """The rules between zones for one target, as one file. Raises NotExpressible."""
    return _render(name, _permits(name, report), edition, default_deny, open_undecided)


render_asa = partial(render_target, "asa")
render_fortigate = partial(render_target, "fortigate")
render_paloalto = partial(render_target, "paloalto")
render_paloalto_set = partial(render_target, "paloalto-set")
render_srx = partial(render_target, "srx")
render_ios = partial(render_target, "ios")
render_mikrotik = partial(render_target, "mikrotik")
render_azure = partial(render_target, "azure")
render_google = partial(render_target, "google")


def render_aws(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """Rules of security groups, which deny by themselves. Raises NotExpressible."""
    return _render("aws", Permits(report), edition, False, open_undecided)


def render_requests(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """Rows for the import of change requests. Raises NotExpressible."""
    return _render("requests", Permits(report), edition, False, open_undecided)


def render_windows(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """An archive with a file for each Windows host. Raises NotExpressible."""
    if default_deny:
        raise NotExpressible(
            WINDOWS.label,
            "a rule that blocks wins over every rule that allows, so it can't be the last one; set the profile's "
            "default instead (netsh advfirewall set allprofiles firewallpolicy blockinbound,blockoutbound)",
        )
    return _pack(_host_files(WINDOWS, Permits(report), edition, open_undecided))


def render_iptables(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """The rules between zones for iptables. Raises NotExpressible."""
    return _render(IPTABLES.name, Permits(report), edition, default_deny, open_undecided)


def render_nftables(
    report: Report,
    edition: Edition | None = None,
    *,
    default_deny: bool = False,
    host_files: bool = False,
    open_undecided: bool = False,
) -> bytes:
    """The rules between zones for nftables, or an archive with a file for each host. Raises NotExpressible."""
    if not host_files:
        return _render(NFTABLES.name, Permits(report), edition, default_deny, open_undecided)
    if default_deny:
        raise NotExpressible(
            f"{NFTABLES.label} for hosts",
            "a default deny there would stop what the plan doesn't list and every host needs, such as neighbour "
            "discovery; leave the option out, and add the policy on the host",
        )
    return _pack(_host_files(NFTABLES, Permits(report), edition, open_undecided))


def render_sources(report: Report, edition: Edition | None = None, *, default_deny: bool = False) -> bytes:
    """An archive with Aerleon's own policies, networks and services, as its aclgen reads them."""
    return _pack(_sources(Permits(report), edition, default_deny))


def render_all(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """An archive with every firewall's file; what can't be made is named in its README."""
    permits = Permits(report)
    with_names = Permits(report, names=True)
    files: dict[str, str | bytes] = {}
    refused = []
    for name in (*WRITERS, *OTHERS, NFTABLES.name, IPTABLES.name, WINDOWS.name):
        try:
            if name == WINDOWS.name:
                hosts = _host_files(WINDOWS, permits, edition, open_undecided)
                files |= {f"windows/{host}": text for host, text in hosts.items()}
            else:
                chosen = with_names if takes_names(name) else permits
                made = _render(name, chosen, edition, default_deny, open_undecided)
                files[f"firewall.{FORMATS[name].ending}"] = made
        except NotExpressible as error:
            refused.append(str(error))
    files |= {f"aerleon/{name}": text for name, text in _sources(permits, edition, default_deny).items()}
    readme = [*introduce("All firewall configurations", permits, edition, default_deny), *permits.left_out, *refused]
    return _pack({"README.txt": list_lines(readme), **files})


def write_devices(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> dict[str, bytes]:
    """A file for each firewall of the plan that rules pass, by its name: what passes it, in its own format and names.

    Raises NotExpressible for a plan without firewalls, and where a firewall's format can't say what has to pass it.
    """
    if not report.plan.firewalls:
        raise NotExpressible(
            "A file for each firewall", "the plan has no firewalls; add them, or take a format for all boundaries"
        )
    files: dict[str, bytes] = {}
    for firewall, stem in zip(
        report.plan.firewalls, name_files(one.name for one in report.plan.firewalls), strict=True
    ):
        permits = _permits(firewall.format, report, firewall)
        if permits.boundaries:
            made = _render(firewall.format, permits, edition, default_deny, open_undecided)
            files[f"{stem}.{FORMATS[firewall.format].ending}"] = made
    return files


def render_devices(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """The same as an archive."""
    return _pack(write_devices(report, edition, default_deny=default_deny, open_undecided=open_undecided))


def list_notes(report: Report) -> tuple[str, ...]:
    """What the files leave out, a sentence for each reason."""
    return tuple(f"Left out. {left_out}" for left_out in Permits(report).left_out)


def list_device_notes(report: Report) -> tuple[str, ...]:
    """The same for devices that have objects of DNS names."""
    return tuple(f"Left out. {left_out}" for left_out in Permits(report, names=True).left_out)


def list_host_notes(report: Report) -> tuple[str, ...]:
    """The same for the files of Windows hosts."""
    permits = Permits(report)
    _, missing = permits.hosts(_windows_hosts(report))
    return tuple(f"Left out. {left_out}" for left_out in missing)


def _permits(name: str, report: Report, firewall: Firewall | None = None) -> Permits:
    return Permits(report, firewall, names=takes_names(name))


def _render(name: str, permits: Permits, edition: Edition | None, default_deny: bool, open_undecided: bool) -> bytes:
    """The rules between zones as a file."""
    if name in WRITERS:
        write: Callable[..., bytes] = WRITERS[name].render
    elif name in OTHERS:
        write = OTHERS[name]
    elif name == NFTABLES.name:
        write = nftables.render_forward
    else:
        _check_lines(IPTABLES, all_permits(permits), permits)
        write = iptables.render_forward
    return write(permits, edition, default_deny=default_deny, open_undecided=open_undecided)


def _say_undecided(permits: Iterable[Permit], open_undecided: bool) -> str:
    """What ends a sentence that counts entries: how many of them are disabled, and why."""
    disabled = 0 if open_undecided else sum(bool(permit.condition) for permit in permits)
    return (
        f", {disabled} of them disabled, since a choice is open on which they depend{OPEN_THEM}" if disabled else "."
    )


def _generate(
    target: Target, filters: Sequence[Filter], definitions: dict[str, object], *, open_undecided: bool
) -> str:
    """Half a second goes into Aerleon's import: only those who ask for a firewall wait for it."""
    from planner.report.firewall.generate import generate  # noqa: PLC0415

    return generate(target, filters, definitions, open_undecided=open_undecided)


def _check_lines(target: Target, permits: Iterable[Permit], within: Permits) -> None:
    lines = count_lines(permits, within.addresses) if target.lines else 0
    if lines > MOST_LINES:
        raise NotExpressible(
            target.label,
            f"it needs a line for each pair of addresses, {lines:,} in all, and {MOST_LINES:,} are allowed; give "
            "groups networks instead of single addresses",
        )


def _assemble(target: Target, about: Iterable[object], text: str) -> str:
    return comment_out(target.mark, about) + "\n" + text


def _host_files(
    target: Target, permits: Permits, edition: Edition | None, open_undecided: bool
) -> dict[str, str | bytes]:
    report = permits.report
    wanted = _windows_hosts(report) if target is WINDOWS else _other_hosts(report)
    hosts, missing = permits.hosts(wanted)
    ending = "bat" if target is WINDOWS else FORMATS[target.name].ending
    files: dict[str, str | bytes] = {
        f"host-{host.name}.{ending}": (
            _render_windows_host(host, permits, edition, open_undecided)
            if target is WINDOWS
            else nftables.render_host(host, permits, edition, open_undecided=open_undecided)
        )
        for host in hosts
    }
    about = [
        *introduce(f"{target.label}, a file for each host", permits, edition, False),
        f"{len(files)} hosts. Each file has what the host must accept and what it must open, within its zone too.",
        *(target.load if target is WINDOWS else _HOSTS),
        *missing,
    ]
    return {"README.txt": list_lines(about), **files}


def _windows_hosts(report: Report) -> list[Endpoint]:
    """Those with Windows among their platforms, and the servers of the product; who runs another system skips them."""
    return [e for e in report.plan.endpoints if WINDOWS.name in e.platforms or _is_server(e, report)]


def _other_hosts(report: Report) -> list[Endpoint]:
    """Servers, and what is managed but isn't Windows."""
    return [
        e
        for e in report.plan.endpoints
        if WINDOWS.name not in e.platforms and (e.platforms or e.sessions or _is_server(e, report))
    ]


def _is_server(endpoint: Endpoint, report: Report) -> bool:
    return any(report.matrix.roles[role].kind == "server" for role in endpoint.roles)


def _render_windows_host(host: Host, permits: Permits, edition: Edition | None, open_undecided: bool) -> str:
    permitted = (*host.inbound, *host.outbound)
    _check_lines(WINDOWS, permitted, permits)
    label = permits.addresses.labels[host.endpoint.name]
    about = [
        *introduce(f"{WINDOWS.label}, host {label},", permits, edition, False),
        f"{len(host.inbound)} entries for what it accepts, {len(host.outbound)} for what it opens"
        + _say_undecided(permitted, open_undecided),
        *WINDOWS.load,
        *host.left_out,
    ]
    text = _assemble(WINDOWS, [*about, "There is no rule to write."], "")
    if permitted:
        filters = write_host_filters(host.inbound, host.outbound, permits.addresses)
        definitions = write_definitions(permitted, permits.addresses)
        text = _assemble(WINDOWS, about, _generate(WINDOWS, filters, definitions, open_undecided=open_undecided))
    # cmd.exe wants its own line ends.
    return text.replace("\n", "\r\n")


def _sources(permits: Permits, edition: Edition | None, default_deny: bool) -> dict[str, str | bytes]:
    """Definitions once, and a policy for each target; of Windows none, which has one for each host."""
    definitions = write_definitions(all_permits(permits), permits.addresses)
    about = list_lines(
        [
            *introduce("Policies and definitions of Aerleon", permits, edition, default_deny),
            "aclgen --base_directory policies --definitions_directory def --output_directory out",
            *permits.left_out,
        ]
    )
    files: dict[str, str | bytes] = {
        "README.txt": about,
        "def/networks.yaml": to_yaml({"networks": definitions["networks"]}),
        "def/services.yaml": to_yaml({"services": definitions["services"]}),
    }
    for target in TARGETS.values():
        filters = write_filters(target, permits, default_deny) if target is not WINDOWS else ()
        take_undecided(filters)
        for chosen, suffix in _policies(target, filters):
            files[f"policies/pol/{target.name}{suffix}.yaml"] = to_yaml({"filters": chosen})
    return files


def _policies(target: Target, filters: Sequence[Filter]) -> Iterator[tuple[list[Filter], str]]:
    """All filters of a target are one policy; of iptables each is one, as it is one table."""
    if target.platform == "speedway":
        for chosen in filters:
            yield [chosen], "-ipv6" if " inet6" in chosen["header"]["targets"][target.platform] else ""
    elif filters:
        yield list(filters), ""


def _pack(files: Mapping[str, str | bytes]) -> bytes:
    """A zip archive; the same files give the same bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return data.getvalue()
