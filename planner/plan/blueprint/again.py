"""The questions answered again for a plan that is there: what the other answers make otherwise, and nothing else.

The plan of the answers that were shown and that of the answers of now are composed, and what differs between the two
is done to the plan that is there. So names, addresses and all that was made by hand stay; what an answer doesn't ask
for any more goes only where it is as the answer made it, and of anything else it is said that it stays. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from planner.plan.blueprint.answers import Answers
from planner.plan.blueprint.composition import compose_plan
from planner.plan.blueprint.draft import Draft, choice_in_force, list_named
from planner.plan.blueprint.open_questions import DOCUMENTED, PRACTICE
from planner.plan.blueprint.others import NOBODY, Others
from planner.plan.document import Endpoint, Plan, Zone, dump_plan
from planner.plan.fields import PARTS
from ports.matrix import Matrix
from ports.text import free_name, name_key

MOST_PAIRS = 200_000
"""How many pairs of endpoints are tried to find those that were given other names by hand."""
_ROLES = "roles"
_LISTS = tuple(key for key, entry in PARTS["endpoints"].by_key.items() if entry.widget == "boxes" and key != _ROLES)
"""What an endpoint can have several of, beside its roles, as the matrix names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Answers to the questions and to what they leave open. A question without an answer isn't asked."""

    answers: Answers
    others: Others = NOBODY
    choices: Mapping[str, str] = field(default_factory=dict)
    """By choice without a default: the option."""
    caveats: Mapping[str, str] = field(default_factory=dict)
    """By caveat: PRACTICE or DOCUMENTED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredAgain:
    """The plan after other answers, unchecked, and what stays though they don't ask for it, each as a sentence."""

    plan: Plan
    left: tuple[str, ...]


def answer_again(matrix: Matrix, plan: Plan, before: Answered, after: Answered) -> AnsweredAgain:
    """The plan with what other answers make otherwise. The same answers change nothing.

    `before`: what the plan shows. Raises AnswersError with the faults of the answers.
    """
    asked = set(before.answers) | set(after.answers)
    base = compose_plan(_asking(matrix, asked & set(before.answers)), before.answers, "", before.others)
    goal = compose_plan(_asking(matrix, asked & set(after.answers)), after.answers, "", after.others)
    return _Step(matrix, plan, base, goal).take(before, after)


def _asking(matrix: Matrix, slugs: Collection[str]) -> Matrix:
    """The matrix with these questions, and those that follow from them."""
    return replace(matrix, questions={slug: question for slug, question in matrix.questions.items() if slug in slugs})


class _Step:
    """From one composed plan to another, taken in the plan that is there.

    Names that differ in nothing but capitals are the same, as everywhere in a plan.
    """

    def __init__(self, matrix: Matrix, plan: Plan, base: Plan, goal: Plan) -> None:
        self.matrix = matrix
        self.plan = plan
        self.base, self.goal = base, goal
        self.draft = Draft(matrix, plan)
        self.pairs = pair_endpoints(base, plan)
        self.zones = _pair_zones(base, plan, self.pairs)
        self.left: list[str] = []

    def take(self, before: Answered, after: Answered) -> AnsweredAgain:
        """Add, change, take off, in this order: what goes is looked at when everything else is in its place."""
        base, goal = (_by_key(side.endpoints) for side in (self.base, self.goal))
        for key, endpoint in goal.items():
            if key not in base:
                self._add(endpoint)
            elif endpoint != base[key] and base[key].name in self.pairs:
                self._change(self.pairs[base[key].name], base[key], endpoint)
        used = {name_key(endpoint.zone) for endpoint in self.goal.endpoints}
        there = _by_key(self.base.zones)
        for key, zone in _by_key(self.goal.zones).items():
            if key not in used and key not in there:
                self._zone(zone.name)
        self._take_off([made for key, made in base.items() if key not in goal and made.name in self.pairs])
        self._decide()
        plan = replace(
            self.draft.finish(),
            corrections=_answer_open(self.plan.corrections, PRACTICE, before, after),
            as_documented=_answer_open(self.plan.as_documented, DOCUMENTED, before, after),
        )
        choices = dict(plan.choices)
        for slug in {*before.choices, *after.choices}:
            if slug not in after.choices:
                choices.pop(slug, None)
            elif before.choices.get(slug) != after.choices[slug]:
                choices[slug] = after.choices[slug]
        ordered = {slug: choices[slug] for slug in self.matrix.choices if slug in choices}
        return AnsweredAgain(plan=replace(plan, choices=ordered), left=tuple(self.left))

    def _zone(self, name: str) -> Zone:
        """The plan's zone for one of the new answers, made where there is none."""
        wanted = next(zone for zone in self.goal.zones if zone.name == name)
        known = self.draft.zones.get(name_key(self.zones.get(name_key(name), name)))
        if known is not None and known.kind == wanted.kind:
            return known
        made = replace(wanted, name=free_name(wanted.name, self.draft.zones))
        self.draft.zones[name_key(made.name)] = made
        self.zones[name_key(name)] = made.name
        return made

    def _add(self, wanted: Endpoint) -> None:
        zone = self._zone(wanted.zone)
        there = self.draft.endpoints.get(name_key(wanted.name))
        if there and there.zone == zone.name and set(wanted.roles) <= set(there.roles) and there.group == wanted.group:
            return  # somebody has made it meanwhile
        name = free_name(wanted.name, self.draft.endpoints)
        self.draft.endpoints[name_key(name)] = self.draft.sound(replace(wanted, name=name, zone=zone.name))

    def _change(self, name: str, old: Endpoint, new: Endpoint) -> None:
        """Do to an endpoint what differs between the two, whatever else it has become."""
        key = name_key(name)
        endpoint = self.draft.endpoints[key]
        fewer = tuple(role for role in endpoint.roles if role not in set(old.roles) - set(new.roles))
        facts = {name: _moved(getattr(endpoint, name), getattr(old, name), getattr(new, name)) for name in _LISTS}
        if endpoint.addresses == old.addresses:
            facts["addresses"] = new.addresses
        more = [role for role in new.roles if role not in old.roles]
        changed = replace(endpoint, roles=self.draft.combined(fewer, more), **facts)  # type: ignore[arg-type]
        if name_key(old.zone) != name_key(new.zone) and endpoint.zone == self.zones.get(name_key(old.zone)):
            changed = replace(changed, zone=self._zone(new.zone).name)
        self.draft.endpoints[key] = self.draft.sound(changed)

    def _take_off(self, going: list[Endpoint]) -> None:
        """Take off what is as the answers made it, with zones that are empty then; of the rest say that it stays."""
        named = list_named(dump_plan(self.plan))
        for made in going:
            key = name_key(self.pairs[made.name])
            endpoint = self.draft.endpoints[key]
            why = self._find_handmade(endpoint, made, named)
            if why:
                self.left.append(f"“{endpoint.name}” stays, as {why}.")
            else:
                del self.draft.endpoints[key]
        kept = _by_key(self.goal.zones)
        gone = (self.zones[key] for key in _by_key(self.base.zones) if key in self.zones and key not in kept)
        for name in self.draft.drop_empty(gone):
            self.left.append(f"The zone “{name}” stays, as something was set in it or names it.")

    def _find_handmade(self, endpoint: Endpoint, made: Endpoint, named: Mapping[str, frozenset[str]]) -> str:
        """What of an endpoint was made by hand, as the end of a sentence; empty where nothing was."""
        if endpoint.name in named["endpoints"]:
            return "something else in the plan names it"
        if name_key(endpoint.name) != name_key(made.name):
            return "it was given a name of its own"
        if endpoint.addresses != made.addresses:
            return "it has addresses"
        as_made = replace(made, name=endpoint.name, zone=endpoint.zone)
        if _unordered(endpoint) != _unordered(as_made) or self.zones.get(name_key(made.zone)) != endpoint.zone:
            return "it was changed by hand"
        return ""

    def _decide(self) -> None:
        """Take over what the new answers decide otherwise, where the plan says still what the old ones said."""
        for slug, choice in self.matrix.choices.items():
            old, new = (choice_in_force(self.matrix, side.choices, slug) for side in (self.base, self.goal))
            if old == new:
                continue
            if choice_in_force(self.matrix, self.draft.choices, slug) != old:
                self.left.append(f"“{choice.name}” stays as it was decided in the plan.")
            elif slug in self.goal.choices:
                self.draft.choices[slug] = self.goal.choices[slug]
            else:
                self.draft.choices.pop(slug, None)


def _moved(now: tuple[str, ...], old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """A list after what differs between two others was done to it."""
    kept = [value for value in now if value not in old or value in new]
    return tuple(dict.fromkeys((*kept, *(value for value in new if value not in old))))


def _by_key[T: (Endpoint, Zone)](rows: Iterable[T]) -> dict[str, T]:
    return {name_key(row.name): row for row in rows}


def _unordered(endpoint: Endpoint) -> Endpoint:
    lists = {name: tuple(sorted(getattr(endpoint, name))) for name in (_ROLES, *_LISTS)}
    return replace(endpoint, **lists)  # type: ignore[arg-type]


def _answer_open(now: tuple[str, ...], meaning: str, before: Answered, after: Answered) -> tuple[str, ...]:
    """The plan's caveats of one answer, with those that were answered otherwise."""
    changed = {
        slug: after.caveats.get(slug)
        for slug in (*before.caveats, *after.caveats)
        if before.caveats.get(slug) != after.caveats.get(slug)
    }
    kept = (slug for slug in now if slug not in changed)
    return (*kept, *(slug for slug, answer in changed.items() if answer == meaning))


# ---- which endpoint is which ----


def pair_endpoints(made: Plan, plan: Plan) -> dict[str, str]:
    """The endpoints of a composed plan, each with the name of the one in the plan that stands for it.

    By name where they have something in common, else by what they are: the nearest in a zone of the same kind. What
    has none was deleted by hand.
    """
    there = {name_key(endpoint.name): endpoint for endpoint in plan.endpoints}
    pairs: dict[str, str] = {}
    for one in made.endpoints:
        other = there.get(name_key(one.name))
        if other is not None and (held(one) & held(other) or held(one) == held(other)):
            pairs[one.name] = other.name
    taken = set(pairs.values())
    left = [one for one in made.endpoints if one.name not in pairs and held(one)]
    free = [other for other in plan.endpoints if other.name not in taken]
    if len(left) * len(free) > MOST_PAIRS:
        return pairs
    kinds, others = ({zone.name: zone.kind for zone in side.zones} for side in (made, plan))
    likely = sorted(
        (len(held(one) ^ held(other)), place, number)
        for place, one in enumerate(left)
        for number, other in enumerate(free)
        if held(one) & held(other) and one.group == other.group and kinds[one.zone] == others[other.zone]
    )
    for _, place, number in likely:
        if left[place].name not in pairs and free[number].name not in taken:
            pairs[left[place].name] = free[number].name
            taken.add(free[number].name)
    return pairs


def held(endpoint: Endpoint) -> frozenset[str]:
    """What an endpoint is, by which it is known again."""
    return frozenset((*endpoint.roles, *endpoint.platforms))


def _pair_zones(made: Plan, plan: Plan, pairs: Mapping[str, str]) -> dict[str, str]:
    """The zones of a composed plan by `name_key`, each with the name of the plan's.

    That is the one of its name, else where what it holds stands.
    """
    there = {name_key(zone.name): zone for zone in plan.zones}
    kinds = {zone.name: zone.kind for zone in plan.zones}
    places = {endpoint.name: endpoint.zone for endpoint in plan.endpoints}
    found = {}
    for zone in made.zones:
        named = there.get(name_key(zone.name))
        if named is not None and named.kind == zone.kind:
            found[name_key(zone.name)] = named.name
            continue
        stand = list(_list_places(made, zone, pairs, places))
        alike = [name for name in stand if kinds[name] == zone.kind]
        if alike:
            found[name_key(zone.name)] = max(alike, key=alike.count)
    return found


def _list_places(made: Plan, zone: Zone, pairs: Mapping[str, str], places: Mapping[str, str]) -> Iterator[str]:
    for endpoint in made.endpoints:
        if endpoint.zone == zone.name and endpoint.name in pairs:
            yield places[pairs[endpoint.name]]
