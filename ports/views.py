"""The port matrix as a page to search, and as files. What fits a query is decided in `ports.filters`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_http_methods
from django_htmx.http import replace_url
from django_htmx.middleware import HtmxDetails

from ports.exports import SYNTAXES
from ports.filters import (
    FIELD_NAMES,
    Row,
    describe_pairing,
    destination_options,
    find_rows,
    port_label,
    read_query,
    source_options,
)
from ports.matrix import PROTOCOLS, Matrix, MatrixError
from ports.matrix.amendments import find_bearing, find_notes, say_amendment, say_here, say_place
from ports.pages import Kept, cut, is_known, leave_gap, pages, seal
from ports.placed_caveats import place_caveats
from ports.queries import (
    NoMatrix,
    NoProduct,
    current_matrix,
    default_product,
    find_edition,
    find_loaded,
    find_matrix,
    list_amendments,
    list_matrices,
    list_standing,
)


class HtmxRequest(HttpRequest):
    """A request as the middleware of django-htmx leaves it."""

    htmx: HtmxDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The matrix of a page: a current edition with its amendments, or another one as it was loaded."""

    matrix: Matrix
    edition: str = ""
    """Its slug as the address has it; empty for the default product's current one."""
    is_current: bool = True

    @property
    def kept(self) -> dict[str, str]:
        """What the addresses of the same edition have."""
        return {"edition": self.edition} if self.edition else {}


def choose_matrix(request: HttpRequest) -> Shown:
    """The edition that the address names, or the current one of the product that it names.

    Raises Http404 for one that isn't here, NoMatrix and MatrixError.
    """
    slug, product = (request.GET.get(name, "").strip() for name in ("edition", "product"))
    if not slug:
        try:
            matrix = current_matrix(product)
        except NoProduct:
            raise Http404 from None
        named = product and product != default_product()
        return Shown(matrix=matrix, edition=matrix.edition if named else "")
    edition = find_edition(slug)
    found = None
    if edition is not None:
        found = find_matrix(slug) if edition.current else find_loaded(slug)
    if edition is None or found is None:
        raise Http404
    return Shown(matrix=found, edition=slug, is_current=edition.current)


@require_http_methods(["GET", "HEAD"])
def show_matrix(request: HtmxRequest) -> HttpResponse:
    """The whole matrix, or what a query leaves of it; the rows alone when htmx asks for them."""
    try:
        shown = choose_matrix(request)
    except (NoMatrix, MatrixError) as error:
        return render(request, "ports/faults.html", {"faults": _list_faults(error)}, status=503)
    partial = bool(request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request)
    response = _answer(request, shown, partial=partial)
    if partial:
        asked = urlencode(shown.kept | _read_given(request))
        replace_url(response, f"{request.path}?{asked}" if asked else request.path)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request", "Cookie"])
    patch_cache_control(response, private=True, no_cache=True)  # a browser may keep it, and asks each time
    return response


def _read_given(request: HttpRequest) -> dict[str, str]:
    return {name: value for name in FIELD_NAMES if (value := request.GET.get(name, "").strip())}


def _answer(request: HtmxRequest, shown: Shown, *, partial: bool) -> HttpResponse:
    """The page or its rows: 304 to whoever has them. Without a query it is rendered once for all who may do the same.

    Whoever asks with a query has it made: others' words would push the pages out that many ask for.
    """
    staff = bool(request.user.is_staff)
    context = {"is_staff": staff, "may_amend": staff and shown.is_current, "partial": partial}
    if settings.DEBUG or len(get_messages(request)):
        return HttpResponse(_render(request, shown, context))
    person: tuple[object, ...] = ()
    if isinstance(request.user, User):
        get_token(request)  # the cookie is renewed, as by the forms of the page; what they say goes with it
        user = request.user
        person = request.META["CSRF_COOKIE"], user.pk, user.get_username(), user.has_usable_password()
    account = {"on": settings.REQUIRE_LOGIN}
    # What stands is asked after the matrix was: it may have been amended in between.
    standing = shown.matrix.state, list_standing(shown.matrix.product_slug)
    key = "matrix", get_script_prefix(), shown.edition, shown.is_current, standing, staff, partial, account["on"]
    tag = seal((key, request.get_full_path(), person))
    if is_known(request, tag):
        return HttpResponseNotModified(headers={"ETag": tag})

    def make() -> Kept:
        gaps = {"csrf_token": leave_gap("token"), "account_menu": leave_gap("menu"), "account": account}
        return cut(_render(request, shown, context | gaps, alone=True))

    page = make() if _read_given(request) else pages.find(key, make)
    token = get_token(request) if "token" in page.gaps else ""
    filled = page.fill(
        {"token": lambda: token, "menu": lambda: render_to_string("accounts/menu.html", request=request)}
    )
    return HttpResponse(filled, headers={"ETag": tag})


def _render(request: HttpRequest, shown: Shown, context: dict[str, Any], *, alone: bool = False) -> str:
    """The page, or its rows where `partial` is. `alone`: by a template that gets no request, which can be kept."""
    matrix = shown.matrix
    query, errors = read_query(matrix, request.GET)
    rows = find_rows(matrix, query)
    given = _read_given(request)
    context = context | {
        "matrix": matrix,
        "shown": shown,
        "kept": urlencode(shown.kept),
        "given": given,
        "errors": errors,
        "count": len(rows),
        "groups": _group_rows(matrix, rows),
        "parameters": urlencode(shown.kept | query.parameters),
        "others": place_caveats(matrix).others,
    }
    name = "ports/matrix.html#matrix-rows"
    if not context["partial"]:
        name = "ports/matrix.html"
        context |= _describe_matrix(matrix, given, errors) | _describe_editions(shown)
    return render_to_string(name, context, None if alone else request)


def _describe_editions(shown: Shown) -> dict[str, Any]:
    """The editions to choose from, and what is amended over the current one of the product."""
    product = shown.matrix.product_slug
    judged = list_amendments(product) if shown.is_current else ()
    return {
        "editions": list_matrices(),
        "judged": [{"one": one, "place": say_place(one.facts), "words": say_amendment(one.facts)} for one in judged],
        "held_back": [one for one in judged if one.state == "conflict"],
    }


@require_http_methods(["GET", "HEAD"])
def download_matrix(request: HttpRequest, syntax: str) -> HttpResponse:
    """What a query leaves of the matrix, as a file; a query that can't be read is refused with its sentences."""
    try:
        matrix = choose_matrix(request).matrix
    except (NoMatrix, MatrixError) as error:
        return _refuse(_list_faults(error), status=503)
    query, errors = read_query(matrix, request.GET)
    if errors:
        return _refuse(tuple(errors.values()), status=400)
    form = SYNTAXES[syntax]
    return HttpResponse(
        form.write(matrix, query, find_rows(matrix, query)),
        content_type=form.content_type,
        headers={"Content-Disposition": f'attachment; filename="port-matrix-{matrix.edition}.{syntax}"'},
    )


def _list_faults(error: NoMatrix | MatrixError) -> tuple[str, ...]:
    return error.faults if isinstance(error, MatrixError) else (str(error),)


def _refuse(sentences: Sequence[str], *, status: int) -> HttpResponse:
    return HttpResponse("\n".join(sentences) + "\n", content_type="text/plain; charset=utf-8", status=status)


def _group_rows(matrix: Matrix, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows by section. How a pairing finds its sources is said in the first row of a section that has it."""
    caveats = place_caveats(matrix).sections
    amended = find_notes(matrix)
    groups = []
    for number, group in groupby(rows, key=lambda row: row.requirement.section):
        said: set[str] = set()
        lines = []
        for row in group:
            notes = [say_here(amendment) for amendment in find_bearing(matrix, row.requirement)]
            lines.append(
                {
                    "row": row,
                    "explain": row.source.pairing not in said,
                    "notes": notes,
                    "caveats": [
                        {"caveat": caveat, "notes": amended.get(f"{caveat.KIND}/{caveat.slug}", ())}
                        for caveat in row.caveats
                    ],
                }
            )
            said.add(row.source.pairing)
        groups.append(
            {
                "number": number,
                "title": matrix.section_title(number),
                "lines": lines,
                "caveats": caveats.get(number, ()),
                "cited_by": [
                    (pairing.name, matrix.roles[pairing.near].name)
                    for pairing in matrix.pairings.values()
                    if pairing.near_section == number
                ],
            }
        )
    return groups


def _describe_matrix(matrix: Matrix, given: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    """What only the whole page shows: the filter's options, and the tables below the rows."""
    roles, pairings = source_options(matrix)
    places = place_caveats(matrix)
    notes = find_notes(matrix)
    sections: dict[str, dict[str, None]] = {}
    for requirement in matrix.requirements:
        for ask in requirement.asks:
            sections.setdefault(ask.service, {})[requirement.section] = None
    return {
        "protocols": PROTOCOLS,
        "source_roles": roles,
        "source_pairings": pairings,
        "destinations": destination_options(matrix),
        "pairings": [
            {
                "pairing": pairing,
                "words": describe_pairing(matrix, pairing),
                "near": matrix.roles[pairing.near].name,
            }
            for pairing in matrix.pairings.values()
        ],
        "choices": [
            {
                "choice": choice,
                "notes": notes.get(f"{choice.KIND}/{choice.slug}", ()),
                "options": [(option, option.slug in (choice.default or ())) for option in choice.options],
            }
            for choice in matrix.choices.values()
        ],
        "services": [
            {
                "service": service,
                "label": port_label(service),
                "sections": tuple(sections.get(service.slug, ())),
                "notes": notes.get(f"{service.KIND}/{service.slug}", ()),
            }
            for service in matrix.services.values()
        ],
        "caveats": [
            {"caveat": caveat, "notes": notes.get(f"{caveat.KIND}/{caveat.slug}", ())}
            for caveat in (
                *places.others,
                *{caveat.slug: caveat for found in places.sections.values() for caveat in found}.values(),
            )
        ],
    }
