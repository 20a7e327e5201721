"""One plan in a lab: what it writes is loaded, its scripts are run, packets are sent, a rule is taken out."""

import io
import ipaddress
import json
import random
import re
import shlex
import shutil
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from planner.engine import evaluate_report
from planner.engine.acceptance import Acceptance, Run, assess
from planner.engine.checks import pick_ports
from planner.engine.flows import Flow
from planner.engine.published import Publishing
from planner.engine.report import Report
from planner.plan.check_results import read_results
from planner.plan.document import Endpoint
from planner.report import FORMATS
from planner.report.firewall.words import name_endpoints, name_files
from ports.matrix import port_span
from scripts.lab import Lab, run
from scripts.namespaces import PATH, Attempt

MOST = 100_000
"""Of more attempts than these a sweep makes a part, by chance that is always the same."""
OTHER_PORTS = (1, 22, 53, 3389, 65535)
SITE = """
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
    }
}
"""
"""What a router has beside the plan's rules: it drops, and lets replies through."""
SITE_IPTABLES = "*filter\n:FORWARD DROP\n-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n"


class Trial:
    """One lab with files of one kind."""

    def __init__(self, lab: Lab, report: Report, way: str, folder: Path) -> None:
        self.lab, self.report, self.way, self.folder = lab, report, way, folder
        self.guarded: set[str] = set()
        """The endpoints that have a firewall of their own."""
        self.chain: dict[str, tuple[str, str]] = {}
        """By firewall, the table and the chain that its rules are in."""
        self._means = Meaning(report)
        self._publishing = Publishing(report.plan)
        self._ends = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
        self._runs: dict[str, Run] = {}
        self._scripts = folder / "scripts"
        with zipfile.ZipFile(io.BytesIO(FORMATS["checks"].render(report))) as archive:
            archive.extractall(self._scripts)
        self._stems = _find_stems(self._scripts)

    # ---- what is loaded ----

    def load(self) -> None:
        """Give each firewall what it has anyway, and the plan's file beside it."""
        for device in self.lab.devices:
            self._publish(self.lab.routers[device.name], device.published)
        if self.way == "hosts":
            self._load_hosts()
            return
        files = self._write_files()
        for device in self.lab.devices:
            router, text = self.lab.routers[device.name], files.get(device.name)
            if self.way == "nftables":
                run("nft", "-f", "-", place=router, text=SITE)
                if text is not None:
                    run("nft", "-f", "-", place=router, text=text)
                    (line,) = re.findall(r"(?m)^# (nft insert rule .*)$", text)
                    run("sh", "-c", line, place=router)
                    self.chain[device.name] = (" ".join(line.split()[3:5]), line.split()[-1])
            else:
                for program in ("iptables", "ip6tables"):
                    run(f"{program}-restore", place=router, text=SITE_IPTABLES)
                    if text is not None:
                        lines = re.findall(r"(?m)^# iptables (-N .*|-I FORWARD .*)$", text)
                        for line in lines:
                            run(program, *shlex.split(line), place=router)
                        run(f"{program}-restore", "--noflush", place=router, text=text)
                        self.chain[device.name] = ("filter", lines[0].split()[-1])

    def _write_files(self) -> dict[str, str]:
        """The file of each firewall, whatever the plan has it be, as one of the kind that can be loaded here."""
        plan = self.report.plan
        if not plan.firewalls:
            return {"": FORMATS[self.way].render(self.report).decode()}
        firewalls = tuple(
            replace(one, format=self.way, options=one.options if one.format == self.way else {})
            for one in plan.firewalls
        )
        made = FORMATS["firewalls"].write_folder(
            evaluate_report(self.report.matrix, replace(plan, firewalls=firewalls))
        )
        ending = FORMATS[self.way].ending
        stems = name_files(one.name for one in firewalls)
        return {
            one.name: made[f"{stem}.{ending}"].decode()
            for one, stem in zip(firewalls, stems, strict=True)
            if f"{stem}.{ending}" in made
        }

    def _publish(self, router: str, published: Mapping[str, str]) -> None:
        lines = [
            f"{'ip6' if ':' in seen else 'ip'} daddr {seen} dnat {'ip6' if ':' in seen else 'ip'} to {host}"
            for name, seen in published.items()
            for host in self.lab.hosts[name]
            if (":" in host) == (":" in seen)
        ]
        if lines:
            body = "\n".join(lines)
            run("nft", "-f", "-", place=router, text=(
                f"table inet published {{\nchain pre {{\ntype nat hook prerouting priority dstnat;\n{body}\n}}\n}}\n"
            ))  # fmt: skip

    def _load_hosts(self) -> None:
        made = FORMATS["nftables"].render(self.report, host_files=True, default_deny=True)
        names = name_endpoints(self.report.plan.endpoints)
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            there = set(archive.namelist())
            for name in self.lab.hosts:
                file = f"host-{names[name]}.nft"
                if file in there and self.lab.hosts[name]:
                    self.guarded.add(name)
                    run("nft", "-f", "-", place=self.lab.places[name], text=archive.read(file).decode())

    # ---- what is tried ----

    def sources(self) -> list[str]:
        """The endpoints that have a script and an address."""
        return [name for name in self.lab.hosts if name in self._stems and self.lab.hosts[name]]

    def accept(self, sources: Sequence[str]) -> Acceptance:
        """Run the scripts of sources and read what all runs so far say."""
        ports: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for flow in self.report.flows:
            ports[flow.destination.name] |= {
                (flow.need.protocol, int(port)) for port in pick_ports(flow.need.ports) if port
            }
        with self.lab.answering(ports), ThreadPoolExecutor(2) as pool:
            for name, made in zip(sources, pool.map(self._run_script, sources), strict=True):
                self._runs[name] = made
        return assess(self.report, list(self._runs.values()))

    def _run_script(self, source: str) -> Run:
        file = self.folder / f"{self._stems[source]}.json"
        ends = [flow.destination for flow in self.report.flows if flow.source.name == source]
        wide = {host for end in ends for host in self.lab.hosts[end.name] if _is_wide(end, host)}
        hosts = [part for host in sorted(wide) for part in ("--host", host)]
        line = [
            "bash",
            str(self._scripts / f"{self._stems[source]}.sh"),
            "--timeout",
            "1",
            "--output",
            str(file),
            *hosts,
        ]
        done = subprocess.run(
            ["ip", "netns", "exec", self.lab.places[source], *line],
            capture_output=True, text=True, check=False, timeout=600, env={"PATH": PATH, "LC_ALL": "C"},
        )  # fmt: skip
        if done.returncode not in (0, 3):
            raise RuntimeError(f"The script of {source} left with {done.returncode}: {done.stderr.strip()}")
        return Run(name=file.name, results=read_results(file.read_bytes()))

    def list_wanted(self) -> list[Flow]:
        """The flows that must be open: decided ones, between addresses that the lab has."""
        return [
            flow
            for flow in self.report.flows
            if not flow.need.any_of and flow.scope != "same-host" and self._can_be_tried(flow)
        ]

    def _can_be_tried(self, flow: Flow) -> bool:
        here, there = self.lab.hosts[flow.source.name], self.lab.hosts[flow.destination.name]
        families = {":" in host for host in here} & {":" in host for host in there}
        named = any(not _is_address(address) for address in flow.destination.addresses)
        echo = flow.need.protocol == "icmp"
        return (
            bool(families)
            and not named
            and (not echo or (False in families and bool(shutil.which("ping", path=PATH))))
        )

    def list_attempts(self) -> tuple[list[Attempt], int]:
        """From every address to every other, on the ports of the plan, beside them and on a few more.

        With how many there would be: of more than `MOST` a part is made.
        """
        ports: set[int] = set(OTHER_PORTS)
        for flow in self.report.flows:
            if flow.need.ports is not None:
                first, last = port_span(flow.need.ports)
                ports |= {one for one in (first - 1, first, first + 1, last - 1, last, last + 1) if 0 < one < 65536}
        services = [("icmp", None), *((protocol, port) for protocol in ("tcp", "udp") for port in sorted(ports))]
        made = [
            Attempt(source, destination, protocol, port)
            for here, hosts in self.lab.hosts.items()
            for there, others in self.lab.hosts.items()
            if here != there and self.is_guarded(here, there) and not self._opens_otherwise(here, there)
            for source in hosts
            for destination in others
            if (":" in source) == (":" in destination)
            for protocol, port in services
            if protocol != "icmp" or ":" not in source
        ]
        return made if len(made) <= MOST else random.Random(MOST).sample(made, MOST), len(made)  # noqa: S311

    def is_guarded(self, here: str, there: str) -> bool:
        """Whether anything that was loaded stands between two endpoints."""
        return bool({here, there} & self.guarded if self.way == "hosts" else self.lab.find_path(here, there))

    def _opens_otherwise(self, here: str, there: str) -> bool:
        """Whether a host's own firewall opens to another address of an endpoint, which its script tries."""
        return here in self.guarded and self._publishing.find(self._ends[here], self._ends[there]) is not None

    def sweep(self, attempts: Iterable[Attempt]) -> Iterator[str]:
        """What is open and no flow asks for, and what a flow asks for and is closed."""
        attempts = list(attempts)
        services = {(one.protocol, one.port) for one in attempts if one.port is not None}
        with self.lab.answering(dict.fromkeys(self.lab.hosts, services)):
            found = self.lab.find_open(attempts)
        decided = [flow for flow in self.report.flows if not flow.need.any_of]
        for one in sorted(found ^ self._means.admitted(attempts, decided), key=str):
            words = "is open, and nothing asks for it" if one in found else "is closed, and a flow asks for it"
            yield f"{one.source} to {one.destination}, {one.protocol} {one.port or 'echo'} {words}."

    # ---- a rule less ----

    def choose_rule(self, wanted: Iterable[Flow]) -> str | None:
        """A rule with TCP among its services, by chance that is always the same for a plan."""
        if self.way == "hosts":
            return None
        fit = {(flow.source.name, flow.destination.name) for flow in wanted if flow.need.protocol == "tcp"}
        rules = sorted(
            rule.id
            for rule in self.report.rules
            if any(protocol == "tcp" and (source, there) in fit for source, there, protocol, _ in rule.openings())
            and any(self.lab.find_path(source, there) for source, there, *_ in rule.openings())
        )
        return random.Random(self.report.plan.name).choice(rules) if rules else None  # noqa: S311

    def remove(self, rule: str) -> list[Flow]:
        """Take a rule out of the first firewall that it passes, and say which flows nothing else lets through."""
        (chosen,) = (one for one in self.report.rules if one.id == rule)
        openings = set(chosen.openings())
        devices = [self.lab.find_path(source, there) for source, there, *_ in openings]
        device = next(path[0] for path in devices if path)
        self._delete(device.name, rule)
        passing = {(source, there) for source, there, *_ in openings if device in self.lab.find_path(source, there)}
        gone: list[Flow] = []
        rest: list[Flow] = []
        for flow in self.report.flows:
            opening = (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports)
            (gone if opening in openings and opening[:2] in passing else rest).append(flow)
        rest = [flow for flow in rest if not flow.need.any_of]
        return [flow for flow in gone if not self._is_covered(flow, rest)]

    def _is_covered(self, flow: Flow, rest: Sequence[Flow]) -> bool:
        """Whether other flows ask for all of a flow's packets, so that it stays open."""
        port = None if flow.need.ports is None else port_span(flow.need.ports)[0]
        tries = [
            Attempt(source, destination, flow.need.protocol, port)
            for source in self.lab.hosts[flow.source.name][:1]
            for destination in self.lab.hosts[flow.destination.name]
            if (":" in source) == (":" in destination)
        ]
        return self._means.admitted(tries, rest) == set(tries)

    def _delete(self, device: str, rule: str) -> None:
        router, (table, chain) = self.lab.routers[device], self.chain[device]
        mine = re.compile(rf"(?<![\w-]){re.escape(rule)}(?![\w-])")
        deleted = 0
        if self.way == "nftables":
            for line in run("nft", "-a", "list", "chain", *table.split(), chain, place=router).splitlines():
                found = re.search(r'comment "(.*)" # handle (\d+)$', line)
                if found and mine.search(found[1]):
                    run("nft", "delete", "rule", *table.split(), chain, "handle", found[2], place=router)
                    deleted += 1
        else:
            for program in ("iptables", "ip6tables"):
                for line in run(program, "-S", chain, place=router).splitlines():
                    words = shlex.split(line)
                    if words[0] == "-A" and "--comment" in words and mine.search(words[words.index("--comment") + 1]):
                        run(program, "-D", *words[1:], place=router)
                        deleted += 1
        if not deleted:
            raise RuntimeError(f"Rule {rule} is not in the chain {chain}.")


class Meaning:
    """What flows admit, by addresses: a reading of the plan that knows no firewall file."""

    def __init__(self, report: Report) -> None:
        self._zones: dict[str, list[str]] = {zone.name: list(zone.networks) for zone in report.plan.zones}
        for endpoint in report.plan.endpoints:
            self._zones[endpoint.zone] += [
                address for address in endpoint.addresses if _is_address(address, any_=False)
            ]
        self._known: dict[tuple[str, str], bool] = {}

    def admitted(self, attempts: Iterable[Attempt], flows: Iterable[Flow]) -> set[Attempt]:
        """Those of the attempts that a flow asks for."""
        by_service: dict[str, list[tuple[tuple[int, int] | None, Flow]]] = defaultdict(list)
        for flow in flows:
            span = None if flow.need.ports is None else port_span(flow.need.ports)
            by_service[flow.need.protocol].append((span, flow))
        return {
            one
            for one in attempts
            if any(
                (span is None or (one.port is not None and span[0] <= one.port <= span[1]))
                and self._is_meant(flow.source, one.source)
                and self._is_meant(flow.destination, one.destination)
                for span, flow in by_service[one.protocol]
            )
        }

    def _is_meant(self, endpoint: Endpoint, host: str) -> bool:
        key = endpoint.name, host
        if key not in self._known:
            self._known[key] = any(
                self._is_nobodys(endpoint.zone, host) if address == "any" else _is_in(host, address)
                for address in endpoint.addresses
            )
        return self._known[key]

    def _is_nobodys(self, zone: str, host: str) -> bool:
        """Whether an address is of no other zone: then it is any of this one."""
        inside = {name for name, networks in self._zones.items() if any(_is_in(host, one) for one in networks)}
        return not inside or zone in inside


def _find_stems(folder: Path) -> dict[str, str]:
    """By source, what its script is called."""
    found = {}
    for file in folder.glob("*.sh"):
        line = re.search(r"(?m)^source=(.*)$", file.read_text("utf-8"))
        if line:
            found[json.loads(shlex.split(line[1])[0])] = file.stem
    return found


def _is_address(text: str, *, any_: bool = True) -> bool:
    return (any_ and text == "any") or _network(text) is not None


def _is_in(host: str, network: str) -> bool:
    found, inner = _network(network), _network(host)
    return found is not None and inner is not None and found.version == inner.version and inner.subnet_of(found)  # type: ignore[arg-type]


def _is_wide(endpoint: Endpoint, host: str) -> bool:
    """Whether a host of the lab stands for a network of an endpoint."""
    return host not in endpoint.addresses and f"{host}/{128 if ':' in host else 32}" not in endpoint.addresses


def _network(text: str) -> "ipaddress.IPv4Network | ipaddress.IPv6Network | None":
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
