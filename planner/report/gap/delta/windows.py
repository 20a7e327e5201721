"""What is missing on a Windows host: a script of PowerShell that adds rules of a group of its own, and takes it back.

A rule that blocks wins there over every rule that allows, whatever its place, so what such a rule refuses is told and
not opened. Syntax: Microsoft, “New-NetFirewallRule” and “Remove-NetFirewallRule” (module NetSecurity).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from planner.engine.existing.lacks import Lacks
from planner.engine.existing.model import Entry, Stage
from planner.engine.existing.readers import windows as reader
from planner.engine.flows import Flow
from planner.report.firewall import windows
from planner.report.firewall.head import Commands, comment_out, count_rules, explain_codes, introduce
from planner.report.firewall.permits import Permits
from planner.report.firewall.words import cut
from planner.report.gap.delta.task import NOTHING, Stuck, Task, make_permits, say_unclear, say_when
from planner.report.said.powershell import quote

_LABEL = f"{windows.LABEL}, what is missing"


def render_windows(task: Task) -> bytes:
    """The script for the host whose rules were compared, in ASCII, with the line ends of Windows.

    Only comments could have other letters.
    """
    [stage] = task.gap.ruleset.stages
    host = reader.find_host(task.text)
    stuck, partly = Stuck(), Stuck("Not opened in full by this")
    flows = list(task.lacks(stage).flows)
    if host.bar:
        stuck.add(host.bar, flows)
        flows = []
    flows = _list_open(task, stage, flows, stuck, partly)
    permits = make_permits(task, flows, None)
    suffix = task.find_suffix()
    inbound = [permit for boundary in permits.boundaries for permit in boundary.permits]
    rules = windows.make_rules(inbound, permits.addresses, inbound=True, open_undecided=False, suffix=suffix)
    about = [*_introduce(task, permits, rules, host), *stuck.say(), *partly.say()]
    lines = [
        comment_out("#", about),
        *_PARAMETERS,
        f"$group = {quote(windows.GROUP + suffix)}",
        f"$computer = {quote(host.name if host.name.isascii() else '')}",
        "",
        "$rules = @(",
        *(line for rule in rules for line in windows.write_rule(rule)),
        ")",
        *_PROGRAM,
    ]
    return ("\n".join(lines) + "\n").replace("\n", "\r\n").encode("ascii", "replace")


def _list_open(task: Task, stage: Stage, flows: Iterable[Flow], stuck: Stuck, partly: Stuck) -> list[Flow]:
    """Those of some flows of which a rule that allows would open something; why not, or not all, is noted."""
    elsewhere, rest = _part_elsewhere(stage)
    here = Lacks(task.gap, replace(stage, entries=elsewhere, default="accept"), task.mapping, task.firewall)
    allowed = Lacks(task.gap, replace(stage, entries=rest, default="accept"), task.mapping, task.firewall)
    found = []
    for flow in flows:
        is_here = here.decide(flow).state
        if is_here == "closed":
            stuck.add("They go to other hosts, where another firewall decides", [flow])
            continue
        then = allowed.decide(flow)
        named = cut(", ".join(one.replace('"', "") for one in (then.refusing or then.by)), 120)
        if then.state == "closed":
            stuck.add(f"Blocked by {named}, which wins over every rule that allows: change it", [flow])
            continue
        found.append(flow)
        if then.state == "partly":
            partly.add(f"Some of it is blocked by {named}, which wins over every rule that allows", [flow])
        elif then.state == "unknown" and named:
            partly.add(f"It may be blocked by {named}, which is not understood", [flow])
        if is_here != "open":
            partly.add("Some of their addresses are of other hosts, where another firewall decides", [flow])
    return found


def _part_elsewhere(stage: Stage) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """What is for other hosts, as refused, and the entries of this one."""
    elsewhere = tuple(
        replace(one, verdict="drop", obscure=()) for one in stage.entries if one.name.startswith(reader.ELSEWHERE)
    )
    return elsewhere, tuple(one for one in stage.entries if not one.name.startswith(reader.ELSEWHERE))


def _introduce(task: Task, permits: Permits, rules: tuple[windows.Rule, ...], host: reader.Known) -> Iterator[object]:
    yield from introduce(_LABEL, permits, None, False)
    if rules:
        disabled = sum(not rule.enabled for rule in rules)
        closed = f", {disabled} of them disabled, since a choice is open on which they depend." if disabled else "."
        yield say_when()
        yield count_rules(permits, None, len(rules)) + closed
        yield from explain_codes(permits)
        yield "Run it as administrator on the host whose rules they are, as FILE.ps1:"
        yield Commands(
            tuple(f"powershell -ExecutionPolicy Bypass -File FILE.ps1{option}" for option in (" -WhatIf", ""))
        )
        yield (
            "It adds rules of a group that nothing there has, for all profiles, and changes nothing else. Run again "
            "it changes nothing. A rule that blocks wins over every rule that allows: what such a rule refuses is "
            "named below. What leaves the host isn't looked at. To take all back:"
        )
        yield Commands(("powershell -ExecutionPolicy Bypass -File FILE.ps1 -Remove",))
        if not host.name:
            yield "Of which host the rules are wasn't in the file: every flow is taken as one to this host."
    elif not task.gap.missing:
        yield NOTHING
    yield from say_unclear(task)
    yield from permits.left_out


_PARAMETERS = """\
#Requires -Version 5.1
#Requires -RunAsAdministrator
[CmdletBinding(SupportsShouldProcess)]
param(
    # Take back what this script has added.
    [switch]$Remove
)
$ErrorActionPreference = 'Stop'""".splitlines()


_PROGRAM = """\

# ---- from here on the same in every script ----

if ($computer -and $env:COMPUTERNAME -ne $computer) {
    throw "These rules are for $computer, and this is $env:COMPUTERNAME."
}
$known = @(Get-NetFirewallRule -Group $group -ErrorAction SilentlyContinue)
if ($Remove) {
    foreach ($rule in $known) {
        Remove-NetFirewallRule -Name $rule.Name -WhatIf:$WhatIfPreference
    }
} else {
    $names = @($known | ForEach-Object { $_.Name })
    foreach ($rule in $rules) {
        if ($names -notcontains $rule.Name) {
            New-NetFirewallRule @rule -Group $group -Profile Any -WhatIf:$WhatIfPreference | Out-Null
        }
    }
}""".splitlines()
