"""Change requests: two revisions of a plan compared, or one under two matrices; and that one was handed over."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateformat import format as date_format
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST, require_safe

from planner.engine import TooLarge
from planner.engine.compare import Comparison
from planner.engine.life import NO_LIVES, Lives
from planner.engine.rules import Rule
from planner.plan.edits import NotPossible
from planner.report import CHANGE_FORMATS
from planner.report.said.forbidden import Breaches
from planner.report.said.numbers import Numbers, say_names
from planner.report.said.outline import RuleLine, outline_boundaries
from planner.report.said.printed_rules import (
    find_moved,
    list_differences,
    list_moved_ends,
    list_rules_of,
    list_within_zones,
    say_within_zones,
)
from planner.report.said.still_needed import StillNeeded
from planner.report.said.text import (
    ADDRESSED,
    ADDRESSED_TITLE,
    CHANGED,
    READDRESSED,
    UNADDRESSED,
    UNADDRESSED_TITLE,
    list_renamed,
    say_firewalls,
    say_kept,
    say_set_apart,
    word_changes,
)
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.files import send
from planner.store.lives import lives_of_sides
from planner.store.models import Handover, Plan
from planner.store.sent import find_handed_over
from planner.store.sides import NothingToCompare, compare_sides, read_sides, write_changes
from planner.web.forms.plans import HandoverForm
from planner.web.views.access import glance_view, plan_view
from planner.web.views.keeper import describe_life
from planner.web.views.kept import Page, answer, unless_known
from planner.web.views.making import editor_of, made_apart
from planner.web.views.plans import read_sender
from planner.web.views.rules import MEMBERS, SIDES, Folds
from ports.matrix import Matrix
from ports.queries import list_matrices

TEMPLATE = "planner/changes.html"
NOTHING: Mapping[str, Any] = {}
MOST_RULES = 20
"""How many rules of an endpoint with another address stand there at once; the others are folded."""
MOST_RULES_IN_ALL = 10_000
"""How many of them the page folds, for all endpoints together."""
MOST_LOCAL = 500
"""How many connections within zones the page names."""
MOST_RENAMED = 100
"""How many renames stand there at once; the others are folded."""
MOST_FOLDED = 2_000
"""How many renames it names at all."""
PARTS = {
    "opened": "Rules to open",
    "addressed": ADDRESSED_TITLE,
    "closed": "Rules to close",
    "unaddressed": UNADDRESSED_TITLE,
    "changed": "Rules changed",
}
"""The parts of a comparison that have rules, and their headings."""
CLOSING = ("closed", "unaddressed")
"""Those whose rules are of the report before."""
MOST_REVISIONS = 200
"""How many revisions the lists offer; older ones can still be named in the address."""


@require_safe
@glance_view
def show_changes(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The page of a change request."""

    def make(plan: Plan, _: object) -> Page:
        context = _describe(request.GET.dict(), plan, HandoverForm())
        return Page(template=TEMPLATE, context=context, lasts="trouble" not in context)

    return answer(request, plan, (TEMPLATE, request.META["QUERY_STRING"]), make, comments=False)


@require_safe
@glance_view
@made_apart(editor_of, "changes")
@unless_known
def download_changes(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The change request in one of CHANGE_FORMATS, as a file."""
    kind = CHANGE_FORMATS.get(name)
    if kind is None:
        raise Http404
    try:
        return send(write_changes(plan, kind, request.GET.dict()))
    except NothingToCompare as error:
        raise Http404(str(error)) from None


@require_POST
@plan_view
def hand_over(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Remember that a revision was handed over."""
    form = HandoverForm(request.POST)
    if form.is_valid():
        facts = form.cleaned_data | {"note": form.cleaned_data["note"].replace("\r\n", "\n")}
        under = find_handed_over(plan, facts["revision"])
        try:
            actions.hand_over(plan_id=plan.pk, matrix=under, sender=read_sender(request), **facts)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return redirect("show_changes", key=plan.key)
    return render(request, TEMPLATE, _describe(request.GET.dict(), plan, form))


def _describe(asked: dict[str, str], plan: Plan, form: Form) -> dict[str, Any]:
    """What the page says; `asked` is what its address says of the two sides."""
    matrix = matrix_of(plan)
    handovers = list(plan.handovers.all()[:20])
    context: dict[str, Any] = {
        "plan": plan,
        "here": reverse("show_changes", kwargs={"key": plan.key}),
        "revisions": _list_revisions(plan),
        "matrices": _list_matrices(matrix, handovers),
        "handovers": [
            (handover, handover.revision != plan.revision or handover.digest not in ("", matrix.digest))
            for handover in handovers
        ],
        "form": form,
        "side_names": ("before", "after"),
    }
    try:
        sides = read_sides(asked, plan)
        context["sides"] = sides
        found = compare_sides(plan, sides)
        lives = lives_of_sides(plan, found.comparison)
        described = describe_comparison(found.comparison, ends=f"ends/?{sides.query()}&", lives=lives)
        context |= described | {"query": sides.query(), "found": found}
    except NothingToCompare as error:
        context["trouble"] = str(error)
    except TooLarge as error:
        context["trouble"] = f"A revision is too large to be compared. {error.sentence}"
    return context


def _list_matrices(matrix: Matrix, handovers: list[Handover]) -> list[tuple[str, str]]:
    """Under what the sides can be compared, with its name: their own, the product's editions, those of handovers."""
    editions = [one for one in list_matrices() if one.product_slug == matrix.product_slug]
    found = [
        (one.slug, f"{one} ({one.slug}{', the plan’s' if one.slug == matrix.edition else ''})") for one in editions
    ]
    sent = {one.digest: localdate(one.sent) for one in handovers if one.digest}  # the first one's date
    past = [digest for digest in sent if digest != matrix.digest]
    if len(found) == 1 and not past:
        return []
    return [
        ("", "that it was stored under; the plan as it is now under that of now"),
        *found,
        *((digest, f"as it was on {date_format(sent[digest], 'j F Y')} ({digest[:8]})") for digest in sent),
    ]


def _list_revisions(plan: Plan) -> list[Any]:
    """The newest revisions, checkpoints and those that were handed over, newest first, without their documents."""
    sent = set(plan.handovers.values_list("revision", flat=True))
    brief = plan.revisions.order_by("-number").only("number", "summary", "author", "created", "checkpoint")
    newest = brief[:MOST_REVISIONS]
    older = brief.filter(Q(number__in=sent | {1}) | ~Q(checkpoint=""))
    found = {revision.number: revision for revision in (*newest, *older)}
    return [{"revision": revision, "sent": number in sent} for number, revision in sorted(found.items(), reverse=True)]


def describe_comparison(
    compared: Comparison, *, ends: str = "", lives: tuple[Lives, Lives] = (NO_LIVES, NO_LIVES)
) -> dict[str, Any]:
    """What a page shows of a comparison: its numbers, and the rules to open, to close and changed by boundary.

    `ends` is what follows the page's address to fetch the endpoints that a rule folds; where it is empty, the page
    names as many as it has room for. `lives` are those of the rules before and after.
    """

    rules_of, moved = list_rules_of(compared), find_moved(compared)
    folds, breaches, numbers = Folds(), Breaches(compared.after), Numbers(compared)
    needed = StillNeeded(compared)
    lives_before, lives_after = lives

    def describe(line: RuleLine, slug: str, known: Lives, differs: Sequence[Any]) -> dict[str, Any]:
        rule, life = line.rule, known.of(line.rule)
        return {
            "line": line,
            "number": numbers.old(rule.id) if slug in CLOSING else numbers.new(rule.id),
            "forbidden": breaches.say_rule(rule) if slug not in CLOSING else "",
            "needed": needed.say(rule) if slug in CLOSING else "",
            "differs": (*differs, *list_moved_ends(moved, rule)),
            "life": describe_life(life) if life else None,
            **{
                f"{side}_rest": ""
                if folds.has_room(getattr(line, side)) or not ends
                else f"{ends}{urlencode({'part': slug, 'rule': rule.id, 'side': side})}"
                for side in SIDES
            },
        }

    def chapters(
        slug: str, boundaries: Any, report: Any, known: Lives, differences: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        return [
            {
                "boundary": chapter.boundary,
                "lines": [describe(line, slug, known, differences.get(line.rule.id, ())) for line in chapter.lines],
            }
            for chapter in outline_boundaries(boundaries, report, members=MEMBERS)
        ]

    said = {"changed": CHANGED, "addressed": ADDRESSED, "unaddressed": UNADDRESSED, **say_kept(compared)}
    local = list_within_zones(compared)
    renamed = list_renamed(compared)
    room = MOST_RULES_IN_ALL

    def fold_rules(rules: Sequence[str]) -> dict[str, Any]:
        nonlocal room
        folded = rules[MOST_RULES : MOST_RULES + room]
        room -= len(folded)
        more = max(0, len(rules) - MOST_RULES)
        return {"rules": rules[:MOST_RULES], "folded": folded, "more": more, "unnamed": more - len(folded)}

    return {
        "compared": compared,
        "show_way": "both",  # nobody opens a rule without its addresses
        "renamed": renamed[:MOST_RENAMED],
        "renamed_folded": renamed[MOST_RENAMED:MOST_FOLDED],
        "more_renamed": max(0, len(renamed) - MOST_RENAMED),
        "unnamed_renamed": max(0, len(renamed) - MOST_FOLDED),
        "shows_states": bool(lives_before or lives_after),
        "names_said": say_names(compared),
        "set_apart": say_set_apart(compared),
        "firewalls_said": say_firewalls(compared),
        "readdressed_said": READDRESSED,
        "local": local[:MOST_LOCAL],
        "more_local": max(0, len(local) - MOST_LOCAL),
        "local_said": say_within_zones(local),
        "moved": [{"change": change, **fold_rules(rules_of[change.endpoint.name])} for change in compared.addresses],
        "counts": word_changes(compared),
        "groups": [
            (slug, PARTS[slug], said.get(slug, ""), chapters(slug, boundaries, report, known, differences))
            for slug, boundaries, report, known, differences in (
                ("opened", compared.boundaries_opened, compared.after, lives_after, NOTHING),
                ("addressed", compared.boundaries_addressed, compared.after, lives_after, NOTHING),
                ("closed", compared.boundaries_closed, compared.before, lives_before, NOTHING),
                ("unaddressed", compared.boundaries_unaddressed, compared.before, lives_before, NOTHING),
                (
                    "changed",
                    compared.boundaries_changed,
                    compared.after,
                    lives_after,
                    list_differences(compared),
                ),
            )
        ],
        "formats": [
            kind
            for kind in CHANGE_FORMATS.values()
            if not kind.part or getattr(compared.was.plan, kind.part) or getattr(compared.after.plan, kind.part)
        ],
    }


def find_part(compared: Comparison, part: str) -> Sequence[Rule]:
    """The rules of one of PARTS; none for anything else."""
    return getattr(compared, f"rules_{part}") if part in PARTS else ()
