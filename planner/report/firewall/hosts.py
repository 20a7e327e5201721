"""Files for the firewalls of single hosts: which hosts there are, and the archive of their files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.plan.document import Endpoint
from planner.report.firewall import nftables, windows
from planner.report.firewall.head import introduce, list_lines
from planner.report.firewall.omissions import LeftOut
from planner.report.firewall.permits import Host, Permits
from planner.report.firewall.targets import NFTABLES
from planner.report.said.edition import Edition
from ports.text import many

_LINUX = (
    "The head of each file says how it is loaded and how it is taken back.",
    "A host with a file in an earlier archive and none in this one has nothing to accept or open: take its file back.",
)
"""What the README of the nftables files says."""


class HostFiles(NamedTuple):
    """A README and a file for each host."""

    by_name: dict[str, str | bytes]
    forbidden: tuple[str, ...]
    """The rules in them of which something must stay closed, by what the plan says itself."""


def write_windows(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> HostFiles:
    """A README and a script for each Windows host."""
    hosts, missing = _find_hosts(permits, list_windows(permits.report))
    files: dict[str, str | bytes] = {
        "README.txt": _read_me(windows.LABEL, windows.README, permits, edition, hosts, missing, default_deny),
        **{
            f"host-{host.name}.ps1": windows.write_host(
                host, permits, edition, default_deny=default_deny, open_undecided=open_undecided
            )
            for host in hosts
        },
    }
    return HostFiles(by_name=files, forbidden=_list_forbidden(hosts))


def write_nftables(
    permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool
) -> dict[str, str | bytes]:
    """A README and a file of nftables for each other host, by name."""
    hosts, missing = _find_hosts(permits, list_others(permits.report))
    return {
        "README.txt": _read_me(NFTABLES.label, _LINUX, permits, edition, hosts, missing, default_deny),
        **{
            f"host-{host.name}.nft": nftables.render_host(
                host, permits, edition, default_deny=default_deny, open_undecided=open_undecided
            )
            for host in hosts
        },
    }


def _find_hosts(permits: Permits, wanted: Iterable[Endpoint]) -> tuple[tuple[Host, ...], tuple[LeftOut, ...]]:
    """The hosts with what they open to others, under the addresses by which checks try these, too; and who is missing.

    A host's own firewall sees packets before any firewall between zones has translated them.
    """
    hosts, missing = permits.hosts(wanted)
    publishing, members = Publishing(permits.report.plan), permits.addresses.members
    objects = {
        one: end
        for end in permits.report.plan.endpoints
        if publishing.publishes(end.name)
        for objects in members[end.name].values()
        for one in objects
    }
    return tuple(_see_others(host, permits, publishing, objects) for host in hosts), missing


def _see_others(host: Host, permits: Permits, publishing: Publishing, objects: Mapping[str, Endpoint]) -> Host:
    """The host with what it sees under another address. `objects` are those of whoever is published anywhere."""
    addresses, seen, sentences = permits.addresses, dict[str, str](), list[str]()
    for own in dict.fromkeys(one for permit in host.outbound for one in permit.destinations or () if one in objects):
        end = objects[own]
        found = publishing.find(host.endpoint, end)
        if found is not None and addresses.members[end.name].get(found.family) == (own,):
            seen[own] = f"{own}_seen_{found.seen}"
            addresses.objects[seen[own]] = (found.seen,)
            name = addresses.labels[end.name]
            sentences.append(f"{name} is seen from here as {found.seen}, and opened to under that address.")
    outbound = tuple(
        replace(permit, destinations=tuple(seen.get(one, one) for one in permit.destinations))
        if permit.destinations and seen
        else permit
        for permit in host.outbound
    )
    return replace(host, outbound=outbound, seen=tuple(sentences))


def _read_me(
    label: str,
    load: Iterable[str],
    permits: Permits,
    edition: Edition | None,
    hosts: tuple[Host, ...],
    missing: tuple[LeftOut, ...],
    default_deny: bool,
) -> str:
    return list_lines(
        [
            *introduce(f"{label}, a file for each host", permits, edition, default_deny, _list_forbidden(hosts)),
            (
                f"{many(len(hosts), 'host')}. "
                "Each file has what the host must accept and what it must open, within its zone too."
            ),
            *load,
            *missing,
        ]
    )


def _list_forbidden(hosts: Iterable[Host]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for host in hosts for rule in host.forbidden))


def list_windows(report: Report) -> list[Endpoint]:
    """Those with Windows among their platforms, and the servers of the product; who runs another system skips them."""
    return [e for e in report.plan.endpoints if windows.SLUG in e.platforms or _is_server(e, report)]


def list_others(report: Report) -> list[Endpoint]:
    """Servers, and what is managed but isn't Windows."""
    return [
        e
        for e in report.plan.endpoints
        if windows.SLUG not in e.platforms and (e.platforms or e.sessions or _is_server(e, report))
    ]


def _is_server(endpoint: Endpoint, report: Report) -> bool:
    return any(report.matrix.roles[role].kind == "server" for role in endpoint.roles)
