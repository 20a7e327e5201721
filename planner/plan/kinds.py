"""The kinds of zone: an entry of this table says all that the planner knows of one.

A plan's zone has one of these kinds, and a matrix may name those that `ports.matrix` lists. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneKind:
    """A kind of zone."""

    slug: str
    """How the plan document says it."""
    name: str
    """One zone of this kind in words, as in "a remote site"."""
    plural: str
    code: str
    """How rule numbers abbreviate it."""
    order: int
    """Where its chapters stand: from the outside in, lowest first."""
    trust: int
    """How far inside a diagram draws it: 0 is outside everything. Several kinds may be alike."""
    colour: str
    """Of its zones in diagrams on paper and in files; on pages, `tokens.css` has one of its name for each theme."""
    help: str
    """What it is for, as a sentence."""
    allows_any: bool = False
    """Whether a group in it may have the address `any`."""
    remote: bool = False
    """Whether a zone of it is a site apart: it folds with all others of its kind, and needs an agent of its own."""
    own_code: bool = False
    """Whether its zones are numbered by the kind even where one stands alone, which others are by their name."""


_TABLE = (
    ZoneKind(
        slug="internal", name="internal zone", plural="internal zones", code="INT", order=4, trust=2,
        colour="#1f63d1", help="A network inside: servers, or workstations.",
    ),
    ZoneKind(
        slug="dmz", name="DMZ zone", plural="DMZ zones", code="DMZ", order=2, trust=1, own_code=True,
        colour="#a85f00", help="A network between inside and outside, for what is reached from both.",
    ),
    ZoneKind(
        slug="internet", name="internet zone", plural="internet zones", code="NET", order=1, trust=0, own_code=True,
        colour="#c0352b", help="Everyone outside. A group in it may have the address any.", allows_any=True,
    ),
    ZoneKind(
        slug="cloud", name="cloud zone", plural="cloud zones", code="CLD", order=3, trust=2,
        colour="#6b4fc8", help="A network at a provider.",
    ),
    ZoneKind(
        slug="remote-site", name="remote site", plural="remote sites", code="RS", order=5, trust=3, own_code=True,
        colour="#0f7a55", help="A site of its own behind a link; from within it its systems are reached.",
        remote=True,
    ),
)  # fmt: skip

KINDS: Mapping[str, ZoneKind] = {kind.slug: kind for kind in _TABLE}
"""The kinds by slug, in the order in which they are listed and offered."""
USUAL = "internal"
"""The kind of a zone of which nothing more is known."""
OUTSIDE = min(KINDS.values(), key=lambda kind: kind.trust).slug
"""The kind of the zone that is trusted least."""
