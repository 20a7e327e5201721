"""iptables files: a chain of our own that FORWARD jumps to, or, to deny the rest, all of FORWARD.

One file for iptables-restore and ip6tables-restore: each skips the lines that are marked for the other.
"""

from collections.abc import Iterable, Iterator
from itertools import product

from planner.report.firewall.entries import Entry, list_entries, say_disabled, say_empty
from planner.report.firewall.head import (
    Commands,
    comment_out,
    count_rules,
    explain_codes,
    introduce,
    write_file,
)
from planner.report.firewall.permits import Permits
from planner.report.firewall.targets import IPTABLES, all_permits
from planner.report.said.edition import Edition

CHAIN = "PORT-PLANNER"

_COMMENT = 250
"""iptables takes comments of at most 255 bytes."""
_STATE = "-m conntrack --ctstate NEW,ESTABLISHED,UNTRACKED"
"""All packets of a connection from its source; those out of state are left to what follows the jump."""
_INDENT = "| "
"""So that no line of a head begins with what a person typed."""


def render_forward(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """The rules between zones: as a chain beside others, or with a default deny as the whole of FORWARD."""
    entries = list_entries(all_permits(permits), permits.addresses, open_undecided=open_undecided)
    about = [
        *introduce(IPTABLES.label, permits, edition, default_deny),
        f"{count_rules(permits, edition, len(entries))}{say_disabled(entries)}",
        *explain_codes(permits),
        *(_say_table() if default_deny else _say_chain(is_part=bool(edition and edition.selection))),
        "Each program takes the lines of its own family, marked -4 and -6.",
        "For IPv6 do the same with ip6tables and ip6tables-restore, and the same file.",
        *permits.left_out,
        *say_empty(entries, default_deny=default_deny),
    ]
    statements = _write_table(entries) if default_deny else _write_chain(entries)
    return write_file(comment_out(IPTABLES.mark, about, _INDENT), statements)


def _say_chain(*, is_part: bool) -> Iterator[object]:
    yield (
        f"It fills the chain {CHAIN} of the filter table and changes nothing else. Loading it again, or the file of "
        "another revision, replaces what was loaded before."
    )
    if is_part:
        yield "So loading this part closes what the file of the whole plan has opened."
    yield "Once, before the first time, make the chain and have FORWARD jump there:"
    yield Commands((f"iptables -N {CHAIN}", f"iptables -I FORWARD -j {CHAIN}"))
    yield (
        "Load it with iptables-restore --noflush FILE. Where the jump is missing or --noflush is forgotten it refuses "
        "and changes nothing. Replies are the matter of your own rules: they have to accept established connections."
    )
    yield "To take it back:"
    yield Commands((f"iptables -D FORWARD -j {CHAIN}", f"iptables -F {CHAIN}", f"iptables -X {CHAIN}"))


def _say_table() -> Iterator[object]:
    yield (
        "It is for a router that has no other rules: it sets the policy of FORWARD to DROP and takes the place of all "
        "rules of FORWARD. What is forwarded is dropped unless it is a reply or named here."
    )
    yield (
        "Load it with iptables-restore --noflush FILE, which leaves INPUT and OUTPUT alone; without --noflush their "
        "rules go, too. Loading it again replaces what was loaded before. To take it back, to a router that forwards "
        "everything:"
    )
    yield Commands(
        ("iptables -P FORWARD ACCEPT", "iptables -F FORWARD", f"iptables -F {CHAIN}", f"iptables -X {CHAIN}")
    )


def _write_chain(entries: Iterable[Entry]) -> Iterator[str]:
    yield "*filter"
    # With --noflush naming a chain of one's own empties it, and no other.
    yield f":{CHAIN} - [0:0]"
    yield "# Finds the jump, or ends here with nothing changed; without --noflush FORWARD has been emptied by now."
    yield f"-C FORWARD -j {CHAIN}"
    yield from (line for entry in entries for line in _write_entry(entry))
    yield "COMMIT"


def _write_table(entries: Iterable[Entry]) -> Iterator[str]:
    yield "*filter"
    yield ":FORWARD DROP [0:0]"
    yield f":{CHAIN} - [0:0]"
    # With --noflush the rules of a built-in chain stay, and a second load would double them.
    yield "-F FORWARD"
    yield "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    yield f"-A FORWARD -j {CHAIN}"
    yield from (line for entry in entries for line in _write_entry(entry))
    yield "COMMIT"


def _write_entry(entry: Entry) -> Iterator[str]:
    """A line for each pair of networks; before them, where it is undecided, a comment that says on what it depends."""
    protocol, ports = entry.service
    mark = f"# -{entry.family}" if entry.disabled else f"-{entry.family}"
    service = f"-m {protocol} --dport {ports.replace('-', ':')}" if ports else "-m icmp --icmp-type 8"
    end = f'-p {protocol} {service} {_STATE} -m comment --comment "{entry.comment(_COMMENT)}" -j ACCEPT'
    if entry.condition:
        yield f"# {entry.title}: {entry.condition}"
    # Without addresses there is no line; only any stands for all.
    sides = ([None] if networks is None else networks for networks in (entry.sources, entry.destinations))
    for source, destination in product(*sides):
        ends = (f"-s {source} " if source else "") + (f"-d {destination} " if destination else "")
        yield f"{mark} -A {CHAIN} {ends}{end}"
