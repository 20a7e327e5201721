"""What the plan's page says of other editions: that one would change the plan, or that what is amended here has."""

from dataclasses import dataclass
from urllib.parse import urlencode

from planner.engine import Report
from planner.store.impact import Impact, weigh_version
from planner.store.models import Plan, Revision
from ports.matrix import MatrixError
from ports.models import PortMatrix
from ports.queries import find_matrix_at, find_state
from ports.text import many
from ports.written import Written

MOST_WEIGHED = 20_000
"""Most flows of a plan of which the page works out by itself what another edition would change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A sentence, or its beginning and what differs, and where one can look."""

    sentence: str
    differs: str = ""
    look: str = "Look, then switch"
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What there is to be said, and whether the product has other editions."""

    told: tuple[Offer, ...] = ()
    others: bool = False


_editions = Written(
    lambda product: (
        PortMatrix.objects.filter(product_slug=product).order_by("pk").values_list("pk", "slug", "current")
    ),
    "a product",
)


def describe_offers(plan: Plan, now: Revision | None, report: Report) -> Offers:
    """What another edition, or what is amended here by now, changes for a plan whose report this is.

    `now` is its newest revision. One query while nothing has changed. What it takes to know is worked out once for
    each revision and state of the matrix, and never for a plan of more than MOST_WEIGHED flows.
    """
    if plan.edition_id is None:
        return Offers()
    editions = _editions.ask(report.matrix.product_slug)
    others = len(editions) > 1
    found = [
        _tell_edition(plan, report, pk, slug) for pk, slug, current in editions if current and pk != plan.edition_id
    ]
    return Offers(told=(*found, *_tell_amended(plan, now, report)), others=others)


def _tell_edition(plan: Plan, report: Report, number: int, slug: str) -> Offer:
    """Of the product's current edition, which the plan isn't on."""
    which = "A new" if number > (plan.edition_id or 0) else "Another"
    begins = f"{which} edition, {slug},"
    if report.too_large or len(report.flows) > MOST_WEIGHED:
        return Offer(sentence=f"{begins} is the current one. What it would change is worked out when you look.")
    try:
        matrix = find_matrix_at(number)
    except MatrixError as error:  # the plan's own edition is sound, and so are its pages
        count = many(len(error.faults), "fault")
        return Offer(sentence=f"{begins} is the current one and can’t be read: its rows have {count}.", look="Look")
    impact = weigh_version(plan.name, plan.version, report.matrix, matrix)
    if impact.faults:
        count = many(len(impact.faults), "thing")
        return Offer(
            sentence=f"{begins} is the current one, and this plan doesn’t fit it: {count} to mend first.", look="Look"
        )
    return _tell(impact, f"{begins} would change", f"{begins} would change nothing in this plan.")


def _tell(impact: Impact, begins: str, nothing: str) -> Offer:
    if not impact.differs:
        return Offer(sentence=nothing)
    return Offer(sentence=f"{begins} this plan:", differs=impact.said)


def _tell_amended(plan: Plan, now: Revision | None, report: Report) -> list[Offer]:
    """That what is amended over the plan's edition isn't what it was when the plan was changed last."""
    if now is None or now.digest in ("", report.matrix.digest):
        return []
    begins = f"What is amended here has changed since revision {plan.revision}"
    query = urlencode({"to": report.matrix.edition})
    then = find_state(now.digest)
    if then is None or report.too_large or len(report.flows) > MOST_WEIGHED:
        return [Offer(sentence=f"{begins}, and may have changed this plan.", look="Look", query=query)]
    impact = weigh_version(plan.name, plan.version, then, report.matrix)
    if impact.faults:
        return [Offer(sentence=f"{begins}. What differs can’t be said.", look="Look", query=query)]
    if not impact.differs:
        return [Offer(sentence=f"{begins}; no rule of this plan differs.", look="Look", query=query)]
    return [Offer(sentence=f"{begins}, and with it this plan:", differs=impact.said, look="Look", query=query)]
