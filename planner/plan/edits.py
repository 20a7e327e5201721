"""The changes that a user makes to a plan, each a function from the document that its author saw to an `Edit`.

Parameters are plain data, as a form sends them. `fit` makes of an edit what it is on the newest document. Both raise
`NotPossible` with a sentence when what an edit is about isn't there (any more). Whoever applies an edit has the result
checked by `document.check_plan`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from planner.plan.changes import Change, Edit, FieldPath, Index, apply, compare_rows
from planner.plan.fields import PARTS, PLAN
from planner.plan.references import WORDS
from planner.plan.rows import Document, Row, find_lost, forget_names, names_of, row_key, tidy
from ports.text import free_name, name_key, short

Params = Mapping[str, Any]
GONE = "This flow is no longer in the plan; someone has changed or deleted it."
GONE_OTHERWISE = "This is no longer in the plan; someone has changed it or taken it back."


class NotPossible(ValueError):
    """The edit doesn't fit the document. The message is a sentence."""


def rename_plan(document: Document, params: Params) -> Edit:
    """Fields of the plan itself, each with its new value; what isn't given stays."""
    changes = compare_rows(PLAN, {key: document.get(key) for key in params}, params)
    return Edit(what="rename-plan", changes=_that_differ(changes))


def choose(document: Document, params: Params) -> Edit:
    """choice: its slug; options: a slug, a list of them for a choice of many, or None to take the decision back."""
    return _set(document, "choose", ("choices", params["choice"]), params["options"], params)


def override_port(document: Document, params: Params) -> Edit:
    """service: its slug; ports: a port or range, or empty for the default."""
    return _set(document, "override-port", ("ports", params["service"]), params["ports"] or None, params)


def answer_caveat(document: Document, params: Params) -> Edit:
    """caveat: its slug; answer: "practice" to apply its correction, "documented" to leave it out, or empty."""
    caveat, answer = params["caveat"], params["answer"]
    answers = {"corrections": answer == "practice", "as_documented": answer == "documented"}
    changes = tuple(Change(where=(key, caveat), after=True if taken else None) for key, taken in answers.items())
    words = {"summary": params["summary"]}
    return fit(document, Edit(what="answer-caveat", where=("corrections", caveat), changes=changes, words=words))


def _set(document: Document, what: str, where: tuple[str, str], value: Any, params: Params) -> Edit:
    """One key or member of a field of the plan; params has the summary."""
    change = Change(where=where, after=value)
    return fit(document, Edit(what=what, where=where, changes=(change,), words={"summary": params["summary"]}))


def add_zone(_document: Document, params: Params) -> Edit:
    """The fields of the zone."""
    return _add("add-zone", "zones", params)


def edit_zone(document: Document, params: Params) -> Edit:
    """zone: its name now; words: by field, of slugs; the rest: what its fields shall be; what isn't given stays."""
    changes = {key: value for key, value in params.items() if key not in ("zone", "words")}
    edit = _edit(document, "edit-zone", "zones", params["zone"], changes)
    return replace(edit, words=params.get("words", {}))


def delete_zone(document: Document, params: Params) -> Edit:
    """zone: its name. Its endpoints go with it, and what names them."""
    return fit(document, Edit(what="delete-zone", where=("zones", params["zone"])))


def add_endpoint(_document: Document, params: Params) -> Edit:
    """endpoint: a whole endpoint of the plan document."""
    return _add("add-endpoint", "endpoints", params["endpoint"])


def edit_endpoint(document: Document, params: Params) -> Edit:
    """endpoint: its name now; changes: the fields that change, each with its new value; words: by field, of slugs."""
    edit = _edit(document, "edit-endpoint", "endpoints", params["endpoint"], params["changes"])
    return replace(edit, words=params.get("words", {}))


def duplicate_endpoint(document: Document, params: Params) -> Edit:
    """endpoint: its name. The copy has a free name like it, and nothing that only one machine can have."""
    return fit(document, Edit(what="duplicate-endpoint", where=("endpoints", params["endpoint"])))


def delete_endpoint(document: Document, params: Params) -> Edit:
    """endpoint: its name. What else names it loses it, or goes with it."""
    return fit(document, Edit(what="delete-endpoint", where=("endpoints", params["endpoint"])))


def add_endpoints(_document: Document, params: Params) -> Edit:
    """zones, endpoints: whole zones and endpoints of the plan document, as read from a table."""
    changes = (_come(part, row) for part in ("zones", "endpoints") for row in params[part])
    return Edit(what="add-endpoints", changes=tuple(changes))


def edit_endpoints(document: Document, params: Params) -> Edit:
    """Many endpoints at once, as one step: those of a table.

    changes: by endpoint, the fields that change, each with its new value; zones, endpoints: whole ones that come
    along; words: by field, of slugs.
    """
    index = Index(document)
    changes = [_come("zones", row) for row in params["zones"]]
    for name, wanted in params["changes"].items():
        changes += _compare(index, "endpoints", name, wanted)
    changes += [_come("endpoints", row) for row in params["endpoints"]]
    return Edit(what="edit-endpoints", changes=_that_differ(changes), words=params.get("words", {}))


def add_flow(_document: Document, params: Params) -> Edit:
    """rows: additional flows of the plan document; one, or those of a set of endpoints."""
    return Edit(what="add-flow", changes=tuple(_come("additional_flows", row) for row in params["rows"]))


def edit_flow(document: Document, params: Params) -> Edit:
    """flow: the additional flow as it stands in the document; changes: the fields that change, empty to leave away."""
    flow = params["flow"]
    where = ("additional_flows", row_key("additional_flows", flow))
    change = Change(where=where, before=flow, after=tidy("additional_flows", {**flow, **params["changes"]}))
    return fit(document, Edit(what="edit-flow", where=where, changes=(change,)))


def delete_flow(document: Document, params: Params) -> Edit:
    """flow: the additional flow as it stands in the document."""
    return _go(document, "delete-flow", "additional_flows", params["flow"])


def add_exclusion(_document: Document, params: Params) -> Edit:
    """exclusion: what the plan doesn't need, as a row of the plan document."""
    return _add("add-exclusion", "exclusions", params["exclusion"])


def delete_exclusion(document: Document, params: Params) -> Edit:
    """exclusion: the row as it stands in the document."""
    return _go(document, "delete-exclusion", "exclusions", params["exclusion"])


def add_never(_document: Document, params: Params) -> Edit:
    """rows: what must stay closed, as rows of the plan document; one of a form, or those of a table."""
    return Edit(what="add-never", changes=tuple(_come("never", row) for row in params["rows"]))


def delete_never(document: Document, params: Params) -> Edit:
    """row: what no longer needs to stay closed, as it stands in the document."""
    return _go(document, "delete-never", "never", params["row"])


def add_firewalls(_document: Document, params: Params) -> Edit:
    """rows: firewalls of the plan document; one of a form, or one for each of several zones."""
    return Edit(what="add-firewalls", changes=tuple(_come("firewalls", row) for row in params["rows"]))


def edit_firewall(document: Document, params: Params) -> Edit:
    """firewall: its name now; changes: the fields that change, each with its new value.

    Nothing names a firewall. So one with another name is another row in its place.
    """
    name, changes = params["firewall"], params["changes"]
    if changes.get("name", name) == name:
        return _edit(document, "edit-firewall", "firewalls", name, changes)
    old = _find(Index(document), "firewalls", name)
    where = ("firewalls", name)
    change = Change(where=where, before=old, after=tidy("firewalls", {**old, **changes}))
    return fit(document, Edit(what="edit-firewall", where=where, changes=(change,)))


def delete_firewall(document: Document, params: Params) -> Edit:
    """firewall: its name."""
    return fit(document, Edit(what="delete-firewall", where=("firewalls", params["firewall"])))


def switch_module(document: Document, params: Params) -> Edit:
    """summary: in words; switch: what differs (`compare_documents`) between the plan without and with the change.

    What is there already, or gone already, counts as done. A zone stays while something stands in it. When others
    have hung something on to an endpoint that goes, nothing is done, so that it doesn't go with it.
    """
    switch = tuple(params["switch"])
    return fit(document, Edit(what="switch-module", changes=switch, words={"summary": params["summary"]}))


def replace_document(document: Document, params: Params) -> Edit:
    """summary: in words; changes: what differs (`compare_documents`) from this very document."""
    return Edit(what="replace-document", changes=tuple(params["changes"]), words={"summary": params["summary"]})


def _add(what: str, part: str, row: Row) -> Edit:
    change = _come(part, row)
    return Edit(what=what, where=change.where, changes=(change,))


def _come(part: str, row: Row) -> Change:
    row = tidy(part, row)
    return Change(where=(part, row_key(part, row)), after=row)


def _go(document: Document, what: str, part: str, row: Row) -> Edit:
    """A row without a name leaves: the one that says all that this says."""
    where = (part, row_key(part, row))
    return fit(document, Edit(what=what, where=where, changes=(Change(where=where, before=row),)))


def _edit(document: Document, what: str, part: str, name: str, wanted: Params) -> Edit:
    changes = _compare(Index(document), part, name, wanted)
    return Edit(what=what, where=(part, name), changes=_that_differ(changes))


def _compare(index: Index, part: str, name: str, wanted: Params) -> Iterator[Change]:
    """What of a row changes, and what doesn't, when some of its fields are to have these values."""
    old = _find(index, part, name)
    return compare_rows(part, {"name": name, **{key: old.get(key) for key in wanted}}, {"name": name, **wanted})


EDITS: dict[str, Callable[[Document, Params], Edit]] = {
    "rename-plan": rename_plan,
    "choose": choose,
    "override-port": override_port,
    "answer-caveat": answer_caveat,
    "add-zone": add_zone,
    "edit-zone": edit_zone,
    "delete-zone": delete_zone,
    "add-endpoint": add_endpoint,
    "edit-endpoint": edit_endpoint,
    "duplicate-endpoint": duplicate_endpoint,
    "delete-endpoint": delete_endpoint,
    "add-endpoints": add_endpoints,
    "edit-endpoints": edit_endpoints,
    "add-flow": add_flow,
    "edit-flow": edit_flow,
    "delete-flow": delete_flow,
    "add-exclusion": add_exclusion,
    "delete-exclusion": delete_exclusion,
    "add-never": add_never,
    "delete-never": delete_never,
    "add-firewalls": add_firewalls,
    "edit-firewall": edit_firewall,
    "delete-firewall": delete_firewall,
    "switch-module": switch_module,
    "replace-document": replace_document,
}
"""The edits by name."""


# ---- an edit on another document than the one that it was made for ----


def fit(document: Document, edit: Edit) -> Edit:
    """The edit as it is to be made on this document: with the values before that it has, without what is so already.

    Raises NotPossible when what it is about isn't there.
    """
    changes = _FITS.get(edit.what, _fit_changes)(document, edit)
    return replace(edit, changes=_that_differ(changes))


def _that_differ(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.before != change.after)


def _fit_changes(document: Document, edit: Edit) -> Iterator[Change]:
    index, taken = Index(document), Counter[FieldPath]()
    for change in edit.changes:
        if not change.is_row:
            yield _fit_change(index, change)
        elif change.before is None:
            yield change
        elif found := _take(index, change, taken):
            yield found
        else:
            raise NotPossible(say_gone(*change.where))


def _take(index: Index, change: Change, taken: Counter[FieldPath]) -> Change | None:
    """The change of a row that goes or is replaced; None where no row is left that isn't `taken` by one before it.

    Several rows may say the same, of which others may have taken off some.
    """
    part, key = change.where
    found = index.find(part, key, taken[change.where])
    taken[change.where] += 1
    return replace(change, before=found[1], at=found[0]) if found else None


def _fit_change(index: Index, change: Change) -> Change:
    part = change.where[0]
    if part in PARTS:
        _find(index, part, change.where[1])
        return change if change.is_rename else replace(change, before=index.look(change.where))
    before = index.look(change.where)
    members = index.document.get(part) if before is True else None
    return replace(change, before=before, at=members.index(change.where[1]) if isinstance(members, list) else None)


def _fit_deletion(document: Document, edit: Edit) -> Iterator[Change]:
    """The row, the rows that need it, and in all others its name."""
    part, name = edit.where
    _find(Index(document), part, name)
    lost = find_lost(document, part, {name})
    gone = {key: frozenset(row_key(key, document[key][place]) for place in places) for key, places in lost.items()}
    for key, places in lost.items():
        for place, row in enumerate(document.get(key, ())):
            where = (key, row_key(key, row))
            if place in places:
                yield Change(where=where, before=row, at=place)
                continue
            fewer = forget_names(key, row, gone)
            if PARTS[key].named:
                own = {"name": row["name"]}
                yield from compare_rows(key, own | {field: row[field] for field in fewer}, own | fewer)
            elif fewer:
                yield Change(where=where, before=row, after=tidy(key, {**row, **fewer}), at=place)


def _fit_copy(document: Document, edit: Edit) -> Iterator[Change]:
    part, name = edit.where
    index = Index(document)
    known = PARTS[part].by_key
    old = _find(index, part, name)
    copy = {key: deepcopy(value) for key, value in old.items() if key not in known or known[key].copied}
    copy["name"] = free_name(name, {name_key(row["name"]) for row in document[part]})
    place, _ = index.find(part, name) or (len(document[part]) - 1, old)
    yield Change(where=(part, copy["name"]), after=copy, at=place + 1)


def _fit_switch(document: Document, edit: Edit) -> Iterator[Change]:
    index, taken = Index(document), Counter[FieldPath]()
    fitted = (_fit_switched(index, change, taken) for change in edit.changes)
    changes = [change for change in fitted if change is not None]
    after = apply(document, replace(edit, changes=tuple(changes)))
    rows = PARTS[PLAN].rows
    named = {
        part: {name for entry in rows for row in after.get(entry.key, ()) for name in names_of(entry.key, row, part)}
        for part in WORDS
    }
    for change in changes:
        part, name = change.where[0], change.where[-1]
        if change.is_row and change.after is None and name in named.get(part, ()):
            if part == "endpoints":
                raise NotPossible(f"Something else in the plan names “{name}” by now. Look at it, then do this again.")
            continue
        yield change


def _fit_switched(index: Index, change: Change, taken: Counter[FieldPath]) -> Change | None:
    """A change of a switch, None where it is done already."""
    if not change.is_row:
        return _fit_change(index, change)
    if change.before is not None:
        return _take(index, change, taken)
    part, key = change.where
    found = index.find(part, key)
    if found and any(found[1].get(field) != value for field, value in change.after.items()):
        raise NotPossible(f"There is another {WORDS.get(part, 'row')} “{short(key)}” in the plan by now.")
    return None if found else change


_FITS: dict[str, Callable[[Document, Edit], Iterator[Change]]] = {
    "delete-zone": _fit_deletion,
    "delete-endpoint": _fit_deletion,
    "delete-firewall": _fit_deletion,
    "duplicate-endpoint": _fit_copy,
    "switch-module": _fit_switch,
}
"""The edits whose changes follow from the document: what hangs on to a row that goes, a name that is free."""


def _find(index: Index, part: str, name: str) -> Row:
    found = index.find(part, name)
    if found is None:
        raise NotPossible(say_gone(part, name))
    return found[1]


def say_gone(part: str, name: str = "") -> str:
    """Why nothing can be done to a row that isn't there."""
    if not PARTS[part].named:
        return GONE if part == "additional_flows" else GONE_OTHERWISE
    word = WORDS.get(part, "firewall")
    return f"There is no {word} “{short(name)}” any more; someone has renamed or deleted it."
