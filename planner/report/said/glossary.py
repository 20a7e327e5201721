"""The words of the product, each explained once, for those who know the product or the firewall."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word that pages use, and what it means here."""

    slug: str
    name: str
    means: str
    """In a sentence or two, for everybody."""
    firewall: str = ""
    """What a network engineer would call it, or has to know beside that."""


_TABLE = (
    Term(slug="plan", name="plan", means="Where servers, people and managed systems stand, and what was decided."),
    Term(
        slug="zone",
        name="zone",
        means="A part of the network in which nothing stands between the endpoints.",
        firewall="What is behind one interface, or one security zone, of a firewall.",
    ),
    Term(
        slug="endpoint",
        name="endpoint",
        means="A machine, or a group of machines or people, in one zone.",
        firewall="An address object; a group of many stands for a network.",
    ),
    Term(
        slug="group", name="group", means="An endpoint that stands for many machines or people, such as all clients."
    ),
    Term(
        slug="role",
        name="role",
        means="What an endpoint does, such as database server, or who people are, such as website users. "
        "What has to be opened follows from the roles.",
    ),
    Term(
        slug="source",
        name="source",
        means="The endpoint that opens a connection.",
        firewall="Replies are implied: a stateful firewall admits them by itself.",
    ),
    Term(
        slug="destination",
        name="destination",
        means="The endpoint that is connected to.",
        firewall="Ports are always those of the destination.",
    ),
    Term(
        slug="service",
        name="service",
        means="A protocol and its port under a name, such as HTTPS, TCP 443. Some ports can be changed in the plan.",
    ),
    Term(
        slug="flow",
        name="flow",
        means="One endpoint has to reach one other on one port, with the reason and the section that says so.",
    ),
    Term(
        slug="rule",
        name="rule",
        means="Flows between two zones that one entry of a firewall admits together.",
        firewall="Sources, destinations and services of one entry; it admits exactly the flows and nothing else.",
    ),
    Term(
        slug="boundary",
        name="boundary",
        means="The way from one zone to another; the way back is another one.",
        firewall="Where the rules of one direction belong.",
    ),
    Term(slug="finding", name="finding", means="Something that the reader of a report must know or decide."),
    Term(
        slug="choice",
        name="choice",
        means="What the vendor's document leaves to you, such as which of two ports. Until it is decided, all options "
        "are listed.",
        firewall="Rules of an undecided choice are marked with “or”: one of them will do.",
    ),
    Term(
        slug="alternative",
        name="alternatives",
        means="Rules of which one will do, as they belong to options of a choice that nobody has decided. They are "
        "marked with “or”, or with “only with” where nothing else would do.",
        firewall="Made disabled in the files of firewalls, until the choice is decided.",
    ),
    Term(
        slug="state",
        name="state",
        means="How far a rule has come: requested, approved, implemented, verified or rejected. A rule that has grown "
        "since says so.",
    ),
    Term(
        slug="caveat",
        name="caveat",
        means="Where the document is unclear, silent, or differs from practice. Practice is followed, or it stays as "
        "documented.",
    ),
    Term(
        slug="prohibition",
        name="prohibition",
        means="What must stay closed: the document says so, or the plan does.",
        firewall="No rule may admit it; one that would is an error among the findings.",
    ),
    Term(slug="exclusion", name="exclusion", means="A flow that the document asks for and this site doesn't need."),
    Term(slug="own-flow", name="own flow", means="A flow that this site needs beyond the document, such as DNS."),
    Term(
        slug="change-request",
        name="change request",
        means="What differs between two revisions of a plan: what has to be opened, closed and changed.",
    ),
    Term(
        slug="edition",
        name="edition",
        means="The vendor's document as of one day. A plan stays on its edition until somebody switches it.",
    ),
)

TERMS = {term.slug: term for term in _TABLE}
"""The words by slug, in the order in which they build on each other."""
