"""Windows hosts: a script of PowerShell for each, which sets the rules of one group and takes away all others of it.

Syntax: Microsoft, “New-NetFirewallRule”, “Set-NetFirewallRule” and “Set-NetFirewallProfile” (module NetSecurity, part
of Windows since 8 and Server 2012). A rule is known by its name, and is ours by its group.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from planner.report.firewall.addresses import Addresses
from planner.report.firewall.devices.openings import split
from planner.report.firewall.entries import OPEN_THEM
from planner.report.firewall.head import Commands, comment_out, introduce
from planner.report.firewall.permits import Host, Permit, Permits
from planner.report.firewall.words import shorten, wrap
from planner.report.said.edition import Edition
from planner.report.said.elsewhere import find_ranges
from planner.report.said.powershell import quote, quote_all
from ports.text import many

SLUG = "windows"
"""What the format is called, and the platform of those that it is for."""
LABEL = "Windows Advanced Firewall"
GROUP = "Port planner"
"""The group of the rules: all that a script touches."""
MOST = 1000
"""Addresses in one rule; the snap-in shows no more."""
_NAME = 120
_DESCRIPTION = 1000
_INDENT = " " * 8
README = (
    (
        "Run the script of a host there as administrator: powershell -ExecutionPolicy Bypass -File host-NAME.ps1. "
        "-WhatIf says what it would do, -Remove takes all of it back."
    ),
    (
        "A host with a script in an earlier archive and none in this one has nothing to accept or open: run the "
        "earlier one there with -Remove."
    ),
)
"""What the README of the archive says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One service of a host, accepted from others or opened to them."""

    name: str
    permit: Permit
    inbound: bool
    local: tuple[str, ...]
    remote: tuple[str, ...]
    """Addresses, networks and ranges; `Any` alone is any."""
    enabled: bool


def write_host(
    host: Host, permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool
) -> bytes:
    """The script of one host, in ASCII, with the line ends of Windows: PowerShell 5.1 knows no other code for sure."""
    rules = list_rules(host, permits.addresses, open_undecided=open_undecided)
    about = _introduce(host, permits, edition, rules, default_deny)
    lines = [
        comment_out("#", about),
        *_PARAMETERS,
        f"$group = {quote(GROUP)}",
        f"$denies = ${'true' if default_deny else 'false'}",
        "",
        "$rules = @(",
        *(line for rule in rules for line in write_rule(rule)),
        ")",
        *_PROGRAM,
    ]
    return ("\n".join(lines) + "\n").replace("\n", "\r\n").encode("ascii")


def list_rules(host: Host, addresses: Addresses, *, open_undecided: bool) -> tuple[Rule, ...]:
    """The rules of a host: one for each service and family, or more where one would have too many addresses."""
    return tuple(
        rule
        for inbound, permits in ((True, host.inbound), (False, host.outbound))
        for rule in make_rules(permits, addresses, inbound=inbound, open_undecided=open_undecided)
    )


def make_rules(
    permits: Iterable[Permit], addresses: Addresses, *, inbound: bool, open_undecided: bool, suffix: str = ""
) -> tuple[Rule, ...]:
    """The rules for what a host accepts, or for what it opens. `suffix` ends their names."""
    rules: list[Rule] = []
    taken: Counter[str] = Counter()
    for permit in permits:
        sources = _list_side(permit, addresses, source=True)
        destinations = _list_side(permit, addresses, source=False)
        local, remote = (destinations, sources) if inbound else (sources, destinations)
        for part in split(remote, MOST):
            base = _name(permit, inbound)
            taken[base] += 1
            rules.append(
                Rule(
                    name=base + (f"-{taken[base]}" if taken[base] > 1 else "") + suffix,
                    permit=permit,
                    inbound=inbound,
                    local=local,
                    remote=tuple(part),
                    enabled=open_undecided or not permit.condition,
                )
            )
    return tuple(rules)


def _name(permit: Permit, inbound: bool) -> str:
    """PortPlanner-in-INT-DMZ-150-tcp-443, with -v6 for IPv6, and four digits for the options that it depends on."""
    service = str(permit.service).replace(" ", "-")
    condition = hashlib.sha256(permit.condition.encode()).hexdigest()[:4] if permit.condition else ""
    parts = ("PortPlanner", "in" if inbound else "out", permit.label, service, condition)
    return shorten("-".join(filter(None, (*parts, "v6" if permit.family == 6 else ""))), _NAME)


def _list_side(permit: Permit, addresses: Addresses, *, source: bool) -> tuple[str, ...]:
    """The addresses of one side. Any is what is in no other zone; without other zones it is the word."""
    members, others = (
        (permit.sources, permit.not_sources) if source else (permit.destinations, permit.not_destinations)
    )
    if members is not None:
        return tuple(dict.fromkeys(_plain(one) for name in members for one in addresses.objects[name]))
    if not others:
        return ("Any",)
    return tuple(first if first == last else f"{first}-{last}" for first, last in find_ranges(others, permit.family))


def _plain(network: str) -> str:
    """A single address without its prefix."""
    return network.removesuffix("/128" if ":" in network else "/32")


def write_rule(rule: Rule) -> Iterator[str]:
    """The lines of a rule: a table of PowerShell, with what stands above it in comments."""
    permit = rule.permit
    protocol, ports = permit.service
    settings = {
        "Name": quote(rule.name),
        "DisplayName": quote(f"{GROUP}: {permit.title}"),
        "Description": quote(permit.fit(_DESCRIPTION)),
        "Direction": quote("Inbound" if rule.inbound else "Outbound"),
        "Action": quote("Allow"),
        "Enabled": quote("True" if rule.enabled else "False"),
        "Protocol": quote(protocol.upper() if ports else "ICMPv4"),
        ("LocalPort" if rule.inbound else "RemotePort") if ports else "IcmpType": quote(ports or "8"),
        "LocalAddress": quote_all(rule.local),
        "RemoteAddress": quote_all(rule.remote),
    }
    for words, command in permit.own_rules:
        yield from (f"    # {line}" for line in wrap(words, 95))
        yield f"    #   {command}"
    yield "    @{"
    yield from (f"{_INDENT}{key} = {value}" for key, value in settings.items())
    yield "    }"


def _introduce(
    host: Host, permits: Permits, edition: Edition | None, rules: tuple[Rule, ...], default_deny: bool
) -> Iterator[object]:
    """The sentences at the head."""
    label = permits.addresses.labels[host.endpoint.name]
    yield from introduce(f"{LABEL}, host {label},", permits, edition, default_deny, host.forbidden)
    inbound = sum(rule.inbound for rule in rules)
    yield f"{many(inbound, 'rule')} for what it accepts, {len(rules) - inbound} for what it opens" + _say_disabled(
        rules
    )
    yield "Run it as administrator on the host that it is named after:"
    name = f"host-{host.name}.ps1"
    yield Commands(
        (
            f"powershell -ExecutionPolicy Bypass -File {name} -WhatIf",
            f"powershell -ExecutionPolicy Bypass -File {name}",
        )
    )
    yield (
        f"It sets the rules of the group {GROUP}, takes away those of that group that aren't in it, and touches "
        "nothing else. Run again it changes nothing; the script of another revision leaves just what that says. "
        "-Profiles Domain,Private has the rules in these profiles alone. To take all back:"
    )
    yield Commands((f"powershell -ExecutionPolicy Bypass -File {name} -Remove",))
    if edition and edition.selection:
        yield "So running this part takes away what the script of the whole plan has set."
    if default_deny:
        yield (
            "It blocks by default in all profiles, incoming and outgoing: name resolution, time, updates and "
            "management need rules of Windows or flows of the plan. -Remove makes both the default of Windows again, "
            "which blocks what comes in and lets go out, whatever they were before."
        )
    else:
        yield (
            "What it opens is set only where a profile blocks outgoing connections by default, which Windows doesn't "
            "unless it is told to: elsewhere such a rule would change nothing. Run it again after that was changed."
        )
    yield "A rule that blocks wins over every rule that allows, and group policy may say that local rules don't count."
    yield from host.seen
    yield from host.left_out
    if not rules:
        yield "There is no rule to write."


def _say_disabled(rules: Iterable[Rule]) -> str:
    disabled = sum(not rule.enabled for rule in rules)
    if not disabled:
        return "."
    return f", {disabled} of them disabled, since a choice is open on which they depend{OPEN_THEM}"


_PARAMETERS = """\
#Requires -Version 5.1
#Requires -RunAsAdministrator
[CmdletBinding(SupportsShouldProcess)]
param(
    # Take back what this script, or that of another revision, has set.
    [switch]$Remove,
    # The profiles that the rules are for: Any, or some of Domain, Private and Public.
    [string[]]$Profiles = 'Any'
)
$ErrorActionPreference = 'Stop'""".splitlines()


_PROGRAM = """\

# ---- from here on the same in every script ----

$profileNames = @($Profiles -split ',' | ForEach-Object { $_.Trim() }) -join ', '
$active = @(Get-NetFirewallProfile -PolicyStore ActiveStore)
foreach ($one in $active) {
    if ($one.Enabled -eq 'False') {
        Write-Warning "The firewall is off in the profile $($one.Name): rules are kept and do nothing there."
    }
    if ($one.AllowLocalFirewallRules -eq 'False') {
        Write-Warning "In the profile $($one.Name) group policy says that local rules don't count."
    }
}

# What leaves needs rules only where leaving is blocked.
$outgoing = $denies -or @($active | Where-Object { $_.DefaultOutboundAction -eq 'Block' }).Count -gt 0
$wanted = @(if (-not $Remove) { $rules | Where-Object { $outgoing -or $_.Direction -eq 'Inbound' } })
$names = @($wanted | ForEach-Object { $_.Name })
$known = @(Get-NetFirewallRule -Group $group -ErrorAction SilentlyContinue)
$knownNames = @($known | ForEach-Object { $_.Name })

if ($denies -and $Remove) {
    Set-NetFirewallProfile -All -DefaultInboundAction NotConfigured -DefaultOutboundAction NotConfigured `
        -WhatIf:$WhatIfPreference
}
foreach ($rule in $wanted) {
    if ($knownNames -contains $rule.Name) {
        $settings = $rule.Clone()
        $settings.NewDisplayName = $settings.DisplayName
        $settings.Remove('DisplayName')
        Set-NetFirewallRule @settings -Profile $profileNames -WhatIf:$WhatIfPreference
    } else {
        New-NetFirewallRule @rule -Group $group -Profile $profileNames -WhatIf:$WhatIfPreference | Out-Null
    }
}
$gone = @($known | Where-Object { $names -notcontains $_.Name })
foreach ($rule in $gone) {
    Remove-NetFirewallRule -Name $rule.Name -WhatIf:$WhatIfPreference
}
if ($denies -and -not $Remove) {
    Set-NetFirewallProfile -All -DefaultInboundAction Block -DefaultOutboundAction Block -WhatIf:$WhatIfPreference
}
if (-not $WhatIfPreference) {
    Write-Output "$($wanted.Count) rules set, $($gone.Count) taken away."
}""".splitlines()
