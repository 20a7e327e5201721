"""What staff do with editions and amendments on /matrix/, and two editions side by side."""

import json
from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ports.actions import NoSuchAmendment, activate_matrix, make_amendment, revert_amendment
from ports.matrix import KINDS, NotAmendable, amend, complete, record_key
from ports.matrix.amendments import (
    LONGEST_REASON,
    check_reason,
    find_place,
    name_now,
    normalise,
    read_value,
    write_value,
)
from ports.matrix.differences import Difference, find_differences, is_rename, show_both
from ports.matrix.rows import Facet, describe_fields, facets
from ports.models import Amendment, PortMatrix
from ports.queries import (
    default_product,
    edition_records,
    find_edition,
    find_held_back,
    find_standing,
    list_matrices,
)
from ports.sensitive import sensitive
from ports.text import many

View = Callable[..., HttpResponse]
FIRST = "ports"
"""The field that is mostly amended; a row that has it begins with it."""


def staff_view(view: View) -> View:
    """For staff alone: others are asked to log in, or refused where something is sent."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not (request.user.is_authenticated and request.user.is_active and request.user.is_staff):
            if request.method == "POST":
                raise PermissionDenied
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request, *args, **kwargs)

    return wrapper


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view
@sensitive
def amend_row(request: HttpRequest) -> HttpResponse:
    """A row with its fields, and the form that gives one of them another value here."""
    sent = request.POST if request.method == "POST" else request.GET
    begun = _find_edition(sent.get("edition", ""))
    edition = begun if begun.current else _find_current(begun.product_slug)
    if edition != begun and request.method != "POST":
        raise Http404
    loaded = edition_records(edition.pk)
    records = amend(loaded, find_standing(edition.product_slug))[0]
    row = name_now(sent.get("row", ""), loaded)
    field = sent.get("field", "") or _choose_field(row)
    try:
        kind, record, facet = find_place(records, row, field)
    except NotAmendable as error:
        messages.error(request, str(error))
        return _go_back(edition)
    old = complete(kind, record).get(field)
    value, reason = write_value(facet, old), ""
    faults: tuple[str, ...] = ()
    if request.method == "POST":
        value, reason = request.POST.get("value", "").replace("\r\n", "\n"), request.POST.get("reason", "")
        try:
            if edition != begun:
                raise NotAmendable(
                    f"{begun.slug}, under which this was begun, isn’t the current edition any more; "
                    f"{edition.slug} is. The field is shown as it is there."
                )
            made = _make_once(
                row=row,
                field=field,
                value=normalise(facet, read_value(row, facet, value)),
                reason=reason,
                author=request.user.get_username(),
                product=edition.product_slug,
                seen=_read_seen(request.POST.get("seen", "")),
            )
        except NotAmendable as error:
            faults = error.faults
        else:
            messages.success(request, f"Amendment {made.pk} is made: {row}, {field}.")
            return _go_back(edition)
    context = {
        "edition": edition,
        "row": row,
        "name": _name_row(kind, record),
        "facet": facet,
        "control": _choose_control(facet),
        "meaning": describe_fields(KINDS[kind])[facet.attribute].replace("`", ""),
        "old": write_value(facet, old),
        "seen": json.dumps(old, ensure_ascii=False),
        "value": value,
        "reason": reason,
        "longest": LONGEST_REASON,
        "faults": faults,
        "fields": _describe_fields(kind, record),
    }
    return render(request, "ports/amend.html", context)


@require_POST
@staff_view
@sensitive
def revert(request: HttpRequest, number: int) -> HttpResponse:
    """Take an amendment back; one that is reverted already stays so."""
    try:
        amendment = revert_amendment(number=number, author=request.user.get_username())
        messages.success(request, f"Amendment {number} is reverted: {amendment.row}, {amendment.field}.")
    except NoSuchAmendment as error:
        found = Amendment.objects.filter(pk=number).first()
        if found is None:
            raise Http404 from None
        amendment = found
        messages.info(request, str(error))
    return _go_back(PortMatrix.objects.filter(product_slug=amendment.product, current=True).first())


@require_POST
@staff_view
@sensitive
def activate(request: HttpRequest) -> HttpResponse:
    """Make an edition its product's current one, and say what that holds back."""
    edition = find_edition(request.POST.get("edition", ""))
    if edition is None:
        raise Http404
    activate_matrix(matrix=edition)
    held = len(find_held_back(edition.product_slug))
    also = f" {many(held, 'amendment')} {'is' if held == 1 else 'are'} held back." if held else ""
    messages.success(request, f"{edition.slug} is the current edition of {edition.product}.{also}")
    return _go_back(edition)


@require_safe
def compare_editions(request: HttpRequest) -> HttpResponse:
    """Two editions as they were loaded: what differs, by row and field."""
    editions = list_matrices()
    if not editions:
        raise Http404
    after = _find_side(request, "to") or editions[0]
    siblings = [one for one in editions if one.product_slug == after.product_slug and one.pk != after.pk]
    before = _find_side(request, "from") or (siblings or [after])[0]
    found = find_differences(edition_records(before.pk), edition_records(after.pk))
    context = {
        "editions": editions,
        "before": before,
        "after": after,
        "rows": [_describe_row(row, list(group)) for row, group in groupby(found, key=lambda one: one.row)],
    }
    return render(request, "ports/compare.html", context)


def _make_once(*, reason: str, seen: Any, **facts: Any) -> Amendment:
    """Make an amendment, or find it made by the same form, which was sent twice. Raises NotAmendable."""
    try:
        return make_amendment(reason=reason, seen=seen, **facts)
    except NotAmendable:
        wanted = {"row", "field", "author", "product"}
        same = Amendment.objects.filter(reverted=None, **{name: facts[name] for name in wanted}).last()
        if same is None or (same.old, same.new, same.reason) != (seen, facts["value"], check_reason(reason)):
            raise
        return same


def _find_edition(slug: str) -> PortMatrix:
    """The edition of that slug, or the current one of the default product; Http404 when there is none."""
    edition = find_edition(slug) if slug else _find_current(default_product())
    if edition is None:
        raise Http404
    return edition


def _find_current(product: str) -> PortMatrix:
    """The current edition of a product; Http404 when it has none."""
    edition = PortMatrix.objects.filter(current=True, product_slug=product).first()
    if edition is None:
        raise Http404
    return edition


def _find_side(request: HttpRequest, name: str) -> PortMatrix | None:
    slug = request.GET.get(name, "").strip()
    edition = find_edition(slug) if slug else None
    if slug and edition is None:
        raise Http404
    return edition


def _go_back(edition: PortMatrix | None) -> HttpResponseRedirect:
    """To the list of amendments on the page of the matrix."""
    query = f"?{urlencode({'edition': edition.slug})}" if edition and edition.product_slug != default_product() else ""
    return HttpResponseRedirect(f"{reverse('show_matrix')}{query}#amendments")


def _choose_field(row: str) -> str:
    """The field that the form of a row begins with."""
    kind = KINDS.get(row.partition("/")[0])
    names = [facet.name for facet in facets(kind) if facet.name != kind.KEY] if kind else []
    return FIRST if FIRST in names else next(iter(names), "")


def _read_seen(text: str) -> Any:
    """The value that the form was made with; ... where a form says none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ...


def _choose_control(facet: Facet) -> dict[str, Any]:
    """What the value is typed or chosen with."""
    if facet.store == "flag":
        return {"options": ("true", "false")}
    if facet.allowed and facet.store == "text":
        return {"options": facet.allowed if facet.required else ("", *facet.allowed)}
    return {"several_lines": facet.several_lines or facet.store in ("list", "facts")}


def _describe_fields(kind: str, record: Any) -> list[dict[str, Any]]:
    """The fields that can be amended, with what they are now."""
    row = complete(kind, record)
    return [
        {"name": facet.name, "value": write_value(facet, row.get(facet.name))}
        for facet in facets(KINDS[kind])
        if facet.name != record_key(kind)
    ]


def _name_row(kind: str, record: Any) -> str:
    """What people call the row, where it has a name of its own."""
    names = (record.get(field) for field in ("name", "title", "document") if field in record)
    return str(next(names, record.get(record_key(kind))))


def _describe_row(row: str, found: list[Difference]) -> dict[str, Any]:
    """A row of the comparison, with each field that differs."""
    first = found[0]
    changes = []
    for difference in found:
        if difference.change == "changed":
            old, new = show_both(difference.old, difference.new)
            renamed = is_rename(difference)
            changes.append({"field": difference.field, "old": old, "new": new, "renamed": renamed})
    return {"row": row, "change": first.change, "changes": changes}
