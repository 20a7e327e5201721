"""The files of each firewall: a head of comments that says what is in it and what isn't, then its statements.

Those of nftables and iptables are written by nftables.py and iptables.py, those of devices in devices/, from items,
those for hosts by hosts.py.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from planner.engine.report import Report
from planner.plan.fields import Firewall
from planner.plan.syntax import to_yaml
from planner.report import FORMATS, progress
from planner.report.errors import NotExpressible
from planner.report.firewall import hosts, iptables, nftables, windows
from planner.report.firewall.amount import check_amount
from planner.report.firewall.devices.table import OTHERS, WRITERS, takes_names
from planner.report.firewall.entries import OPEN_THEM
from planner.report.firewall.head import BUT_LOOPBACK, introduce, list_lines, pack
from planner.report.firewall.omissions import EVERY_NAME, LeftOut, Names
from planner.report.firewall.permits import Permits
from planner.report.firewall.places import find_same
from planner.report.firewall.targets import (
    FORTIGATE,
    IPTABLES,
    NFTABLES,
    TARGETS,
    Filter,
    Target,
    all_permits,
    count_pairs,
    leave_out_echoes,
    spell_anys,
    write_definitions,
    write_filters,
)
from planner.report.firewall.words import name_files, show_name
from planner.report.said.edition import Edition
from ports.text import many, plural, several

_ROWS_STAY = (
    "An import into OPNsense leaves alone what its file doesn't name: what an earlier one opened stays open, also for "
    "an address that a rule has lost, unless this one is made --since that."
)
_NO_ECHOES = "Echo requests in the policy for FortiGate, which Aerleon 1.18 can't write beside other services"


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
render_checkpoint = partial(render_target, "checkpoint")
render_ios = partial(render_target, "ios")
render_mikrotik = partial(render_target, "mikrotik")
render_azure = partial(render_target, "azure")
render_google = partial(render_target, "google")


def render_aws(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """Rules of security groups, which deny by themselves. Raises NotExpressible."""
    return _render("aws", Permits(report), edition, False, open_undecided)


def render_opnsense(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """Rows for OPNsense's import of rules; what none lets through it denies by itself. Raises NotExpressible."""
    return _render("opnsense", Permits(report), edition, False, open_undecided)


def render_pfsense(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """A session of pfSense's shell; what no rule lets through it denies by itself. Raises NotExpressible."""
    return _render("pfsense", _permits("pfsense", report), edition, False, open_undecided)


def render_nsx(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """A security policy of the distributed firewall of VMware NSX. Raises NotExpressible."""
    return _render("nsx", Permits(report), edition, False, open_undecided)


def render_requests(report: Report, edition: Edition | None = None, *, open_undecided: bool = False) -> bytes:
    """Rows for the import of change requests. Raises NotExpressible."""
    return _render("requests", Permits(report), edition, False, open_undecided)


def render_windows(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """An archive with a script of PowerShell for each Windows host."""
    files = hosts.write_windows(Permits(report), edition, default_deny=default_deny, open_undecided=open_undecided)
    return pack(files.by_name)


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
    return pack(
        hosts.write_nftables(Permits(report), edition, default_deny=default_deny, open_undecided=open_undecided)
    )


def render_sources(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """An archive with Aerleon's own policies, networks and services, as its aclgen reads them.

    Raises NotExpressible.
    """
    return pack(_sources(Permits(report), edition, default_deny, open_undecided))


def render_all(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """An archive with every firewall's file; what can't be made is named in its README."""
    permits = Permits(report)
    with_names = Permits(report, names=EVERY_NAME)
    by_names = {None: permits, EVERY_NAME: with_names}
    devices: dict[str, bytes] = {}
    refused = []
    names = (*WRITERS, *OTHERS, NFTABLES.name, IPTABLES.name)
    parts = len(names) + 2
    for number, name in enumerate(names, 1):
        progress.tell("Writing the file for each firewall", number, parts)
        try:
            taken = takes_names(name)
            if taken not in by_names:
                by_names[taken] = Permits(report, names=taken)
            made = _render(name, by_names[taken], edition, default_deny, open_undecided)
            devices[f"firewall.{FORMATS[name].ending}"] = made
        except NotExpressible as error:
            refused.append(str(error))
    loopback = any(BUT_LOOPBACK.encode() in made for made in devices.values())
    files: dict[str, str | bytes] = {**devices}
    progress.tell("Writing the file for each firewall", parts - 1, parts)
    scripts = hosts.write_windows(permits, edition, default_deny=default_deny, open_undecided=open_undecided)
    files |= {f"{windows.SLUG}/{name}": script for name, script in scripts.by_name.items()}
    progress.tell("Writing the file for each firewall", parts, parts)
    try:
        sources = _sources(permits, edition, default_deny, open_undecided)
        files |= {f"aerleon/{name}": text for name, text in sources.items()}
    except NotExpressible as error:
        refused.append(str(error))
    forbidden = (*with_names.forbidden, *scripts.forbidden)
    about = introduce("All firewall configurations", permits, edition, default_deny, forbidden, loopback=loopback)
    return pack({"README.txt": list_lines([*about, *permits.left_out, *refused]), **files})


def write_devices(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> dict[str, bytes]:
    """A file for each firewall of the plan that rules pass, by its name: what passes it, in its own format and names.

    Raises NotExpressible for a plan without firewalls, and where a firewall's format can't say what has to pass it.
    """
    return dict(_write_devices(report, edition, default_deny, open_undecided))


def _write_devices(
    report: Report, edition: Edition | None, default_deny: bool, open_undecided: bool
) -> Iterator[tuple[str, bytes]]:
    """The files one by one, as nobody has to have room for all of them."""
    label = "A file for each firewall"
    if not report.plan.firewalls:
        raise NotExpressible(label, "the plan has no firewalls; add them, or take a format for all boundaries")
    for one in (report, *(edition.earlier if edition else ())):
        check_amount(label, one)
    stems = name_files(one.name for one in report.plan.firewalls)
    for number, ((firewall, permits), stem) in enumerate(zip(_permit_each(report), stems, strict=True), 1):
        progress.tell("Writing the file of each firewall", number, len(report.plan.firewalls))
        if permits.boundaries or _has_leftovers(permits, edition):
            made = _render(firewall.format, permits, edition, default_deny, open_undecided)
            yield f"{stem}.{FORMATS[firewall.format].ending}", made


def _has_leftovers(permits: Permits, edition: Edition | None) -> bool:
    """Whether an earlier report has told the firewall something that is to be taken back."""
    if edition is None or edition.selection is not None:
        return False
    same = ((find_same(permits, report), report) for report in edition.earlier)
    return any(one is not None and _permits(one.format, report, one).boundaries for one, report in same)


def render_devices(
    report: Report, edition: Edition | None = None, *, default_deny: bool = False, open_undecided: bool = False
) -> bytes:
    """The same as an archive."""
    return pack(_write_devices(report, edition, default_deny, open_undecided))


def list_notes(report: Report) -> tuple[str, ...]:
    """What the files leave out, a sentence for each reason."""
    return tuple(f"Left out. {left_out}" for left_out in Permits(report).left_out)


def list_device_notes(report: Report) -> tuple[str, ...]:
    """The same for devices that have objects of DNS names."""
    return tuple(f"Left out. {left_out}" for left_out in Permits(report, names=EVERY_NAME).left_out)


def list_asa_notes(report: Report) -> tuple[str, ...]:
    """The same for an ASA, which takes fewer names."""
    return tuple(f"Left out. {left_out}" for left_out in Permits(report, names=takes_names("asa")).left_out)


def list_opnsense_notes(report: Report) -> tuple[str, ...]:
    """The same for OPNsense, and what an import leaves open: its file has no head."""
    return (*list_notes(report), _ROWS_STAY)


def list_wall_notes(report: Report) -> tuple[str, ...]:
    """The same for the firewalls of the plan, and which of them no rule passes: a device may know an earlier file.

    Each thing is said once; of which firewalls it is left out is said where it isn't left out of all that have a file.
    """
    busy, idle = 0, []
    lacking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for firewall, permits in _permit_each(report):
        if not permits.boundaries:
            idle.append(show_name(firewall.name))
            continue
        busy += 1
        for left_out in permits.left_out:
            for item in left_out.items:
                lacking[left_out.why, item].append(show_name(firewall.name))
    together: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (why, item), names in lacking.items():
        together[why, tuple(names)].append(item)
    said = [
        f"Left out{'' if len(names) == busy else f' of {several(names)}'}. {LeftOut(why=why, items=tuple(items))}"
        for (why, names), items in together.items()
    ]
    if idle:
        has = plural(len(idle), "has", "have")
        said.append(
            f"{several(idle)} {has} no rules. What an earlier file opened there is taken back with --since alone."
        )
    if any(firewall.format == "opnsense" for firewall in report.plan.firewalls):
        said.append(_ROWS_STAY)
    return tuple(said)


def list_host_notes(report: Report) -> tuple[str, ...]:
    """The same for the files of Windows hosts."""
    _, missing = Permits(report).hosts(hosts.list_windows(report))
    return tuple(f"Left out. {left_out}" for left_out in missing)


def _permit_each(report: Report) -> Iterator[tuple[Firewall, Permits]]:
    """The firewalls of the plan with what passes each; the addresses of the plan are read up to three times."""
    like: dict[Names | None, Permits] = {}
    for firewall in report.plan.firewalls:
        names = takes_names(firewall.format)
        permits = Permits(report, firewall, names=names, like=like.get(names))
        like.setdefault(names, permits)
        yield firewall, permits


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
        write = iptables.render_forward
    return write(permits, edition, default_deny=default_deny, open_undecided=open_undecided)


def _sources(
    permits: Permits, edition: Edition | None, default_deny: bool, open_undecided: bool
) -> dict[str, str | bytes]:
    """Definitions once, and a policy for each target; of Windows none, which has files for hosts alone.

    Aerleon knows no terms that are disabled, so what is undecided is left out unless it is asked for. Raises
    NotExpressible where the policy of iptables would be of more pairs of addresses than its own format takes.
    """
    undecided = 0 if open_undecided else sum(bool(one.condition) for one in all_permits(permits))
    if undecided:
        permits = permits.without_undecided()
    iptables.check_lines(FORMATS["aerleon"].label, count_pairs(permits))
    spelt = spell_anys(permits)
    without_echoes, echoes = leave_out_echoes(spelt)
    definitions = write_definitions((*all_permits(permits), *all_permits(spelt)), spelt.addresses)
    about = list_lines(
        [
            *introduce("Policies and definitions of Aerleon", permits, edition, default_deny),
            "aclgen --base_directory policies --definitions_directory def --output_directory out",
            *(
                [f"{many(undecided, 'entry', 'entries')} left out, since a choice is open{OPEN_THEM}"]
                if undecided
                else ()
            ),
            *permits.left_out,
            *([LeftOut(why=_NO_ECHOES, items=echoes)] if echoes else ()),
        ]
    )
    files: dict[str, str | bytes] = {
        "README.txt": about,
        "def/networks.yaml": to_yaml({"networks": definitions["networks"]}),
        "def/services.yaml": to_yaml({"services": definitions["services"]}),
    }
    for target in TARGETS.values():
        told = permits if target.excludes else without_echoes if target is FORTIGATE else spelt
        filters = write_filters(target, told, default_deny)
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
