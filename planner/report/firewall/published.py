"""What the head of a firewall's file says of other firewalls that publish what its entries lead to."""

from collections import defaultdict
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from planner.engine.published import Published, Publishing
from planner.engine.report import Report
from planner.report.firewall.crossings import list_crossings
from planner.report.firewall.permits import Permits
from planner.report.firewall.words import call_name
from ports.text import many, plural

MOST_FIREWALLS = 12
"""How many other firewalls are told of."""
MOST_ENDPOINTS = 12
"""How many endpoints are named that one of them publishes."""
_known: WeakKeyDictionary[Report, Publishing] = WeakKeyDictionary()
"""What the firewalls of a report publish: the file of each of hundreds asks for all of them."""
_HERE_OWN = (
    "Entries and translations here lead to own addresses, since the plan doesn't say which firewall packets meet "
    "first: where they come here before one of these, put the address that it publishes in the place of the own one."
)


def find_publishing(report: Report) -> Publishing:
    """What the firewalls of a report publish."""
    if (publishing := _known.get(report)) is None:
        publishing = _known[report] = Publishing(report.plan)
    return publishing


def say_published_elsewhere(permits: Permits) -> Iterator[str]:
    """Sentences of harmless text: which other firewalls publish destinations of entries to sources of theirs, and what
    follows from that; none where none does."""
    found = _find_elsewhere(permits)
    labels = permits.addresses.labels
    for name, published in list(found.items())[:MOST_FIREWALLS]:
        named = ", ".join(f"{labels[one.endpoint]} {one.real} as {one.seen}" for one in published[:MOST_ENDPOINTS])
        more = f" and {len(published) - MOST_ENDPOINTS:,} more" if len(published) > MOST_ENDPOINTS else ""
        yield f"{call_name(name, 60)} publishes {named}{more}."
    if (more_of_them := len(found) - MOST_FIREWALLS) > 0:
        yield f"{many(more_of_them, 'more firewall')} {plural(more_of_them, 'publishes', 'publish')} some of them."
    if found:
        yield _HERE_OWN


def _find_elsewhere(permits: Permits) -> dict[str, list[Published]]:
    """What other firewalls publish, by their names, in the order of the plan; not what this one publishes alike, as
    one beside it on another way does."""
    here, plan = permits.firewall, permits.report.plan
    if here is None:
        return {}
    publishing = find_publishing(permits.report)
    if publishing.publishers <= {here.name} or publishing.firewalls.get(here.name) != here:
        return {}
    zones: dict[str, set[str]] = defaultdict(set)
    for crossing in list_crossings(permits.report, here):
        for part in crossing.parts:
            sources = {source.zone for source in part.sources}
            for destination in part.destinations:
                if publishing.publishes(destination.name):
                    zones[destination.name] |= sources
    members = permits.addresses.members
    used = {name for one in permits.boundaries for permit in one.permits for name in permit.destinations or ()}
    found: dict[str, list[Published]] = {one.name: [] for one in plan.firewalls}
    own = {one.endpoint: one.seen for one in publishing.by_firewall[here.name][0].values()}
    for endpoint, sources in sorted(zones.items()):
        for firewall, one in publishing.list_seen(endpoint, sources):
            if one.seen != own.get(endpoint) and not used.isdisjoint(members[endpoint].get(one.family, ())):
                found[firewall.name].append(one)
    return {name: published for name, published in found.items() if published}
