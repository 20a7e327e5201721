"""Questions whose answers describe a topology: what they offer, when they are asked, and which are modules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from ports.matrix.basics import Flag, Paragraph, Role, Slug
from ports.matrix.effects import Effect, Repeat, find_effect_faults, find_repeat_faults
from ports.matrix.marks import BLANK_FACTS, BLANK_TEXT, LATER, SLUG_OF_ROW, Known, Names, OneOf, Shapes
from ports.matrix.rows import Part, Row, Rows, part, row
from ports.matrix.vocabulary import QUESTION_KINDS, QuestionKind, listed


@dataclass(frozen=True, slots=True)
class Assignable(Names):
    """The name of a role that is no group."""

    @property
    def words(self) -> str:
        """What is named."""
        return "slug of a role that is no group"

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say that no endpoint can have it."""
        role = known.find(Role, text) if isinstance(known, Rows) else None
        return f"'{text}' is no role that an endpoint can be given." if role is None or role.kind == "group" else None


@part("an option", label=("option", "slug"))
class Answer(Part):
    """One answer that a question offers, and what follows from it."""

    slug: Annotated[str, SLUG_OF_ROW]
    """Names it."""
    name: str
    """What the guided start calls it."""
    consequence: str
    """In a few words, what it means; blank where its name says it. What it opens is computed for each plan."""
    effect: Effect
    """What it does to the plan."""


@part("'when'")
class Follows(Part):
    """Holds when one of `options` is the answer to an earlier question; with none, when its list isn't empty."""

    question: str
    """An earlier question that is always asked."""
    options: tuple[str, ...]
    """Options of it; `[]` after a list."""


@row("question")
class Question(Row):
    """A question whose answers describe a topology."""

    slug: Slug
    """Names it."""
    title: str
    """What it is about, in the product's own words."""
    topic: str
    """The heading that it stands under, together with others of the topic."""
    text: Paragraph
    """What is asked."""
    kind: Annotated[QuestionKind, OneOf(QUESTION_KINDS, "kind of question")]
    """One of the options, many of them, or a list of names that are written or pasted, one a line."""
    module: Flag = False
    """Whether it is something to switch on and off in a plan as well."""
    users: Annotated[Flag, LATER] = False
    """Whether it asks who uses the module that it follows: the module's card asks it too, and with the module goes
    what its users have for it."""
    off: Annotated[str | None, BLANK_TEXT] = None
    """Of a module with `one` answer: the option that switches it off. It may set `choices`, nothing else. Of a
    question about users: the option for nobody."""
    roles: tuple[Annotated[str, Assignable("role")], ...] = ()
    """Of a module: the roles whose presence means that it is on. A role belongs to one module at most. Of a question
    about users: what they have for the module."""
    when: Annotated[Annotated[Follows, Shapes("'when' is", ("question", "options"))] | None, BLANK_FACTS] = None
    """Asked only after one of these answers to an earlier question; blank: always asked."""
    default: tuple[str, ...] = ()
    """The options that it counts as when it is skipped; with `one` exactly one, for a `list` none."""
    options: tuple[Answer, ...] = ()
    """What can be answered; `[]` for a `list`."""
    each: Annotated[Repeat | None, BLANK_FACTS] = None
    """Of a `list`: what there is once for each name."""

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of the options, in the document's order."""
        return tuple(option.slug for option in self.options)

    @property
    def repeat(self) -> Repeat:
        """Of a `list`: what there is once for each name. A matrix has no list without it."""
        return cast(Repeat, self.each)

    def option(self, slug: str) -> Answer:
        """The option with that slug; KeyError if there is none."""
        return {option.slug: option for option in self.options}[slug]

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """What can't be asked, switched or answered, and effects that no plan could show."""
        questions = rows.of(Question)
        earlier = questions[: next(n for n, question in enumerate(questions) if question.slug == self.slug)]
        if self.kind == "list":
            yield from self._find_list_faults(where)
        elif self.kind in QUESTION_KINDS:
            yield from self._find_option_faults(where)
        yield from self._find_module_faults(where, earlier, rows)
        yield from self._find_follow_faults(where, earlier)
        lists = {question.slug for question in questions if question.kind == "list"}
        for option in self.options:
            yield from find_effect_faults(f"{where}, option '{option.slug}'", option.effect, lists, rows)
        if self.kind == "list" and self.each is not None:
            yield from find_repeat_faults(where, self.each, rows)

    def _find_list_faults(self, where: str) -> Iterator[str]:
        if self.options or self.default:
            yield f"{where}: a list of names has neither options nor a default."
        if self.each is None or not self.each.zones:
            yield f"{where}: a list of names needs in 'each' the zone that there is for each of them."

    def _find_option_faults(self, where: str) -> Iterator[str]:
        if self.each is not None:
            yield f"{where}: only a list of names has an 'each' of its own; put it into the effect of an option."
        if not self.options:
            yield f"{where} has no options; give it two or more."
        if len(set(self.slugs)) != len(self.slugs):
            yield f"{where} has two options of one slug."
        for slug in self.default:
            if slug not in self.slugs:
                yield f"{where}: '{slug}' is no option of it; allowed are {listed(self.slugs)}."
        if self.kind == "one" and len(self.default) != 1:
            yield f"{where}: the default must be one option; it is what a question that was skipped counts as."

    def _find_module_faults(self, where: str, earlier: Sequence["Question"], rows: Rows) -> Iterator[str]:
        if self.users:
            yield from self._find_user_faults(where, earlier)
        if self.module or self.users:
            for role in self.roles:
                owner = next((o.slug for o in earlier if (o.module or o.users) and role in o.roles), None)
                if owner is not None and rows.has("role", role):
                    yield f"{where}: the role '{role}' belongs to the module '{owner}' already."
            if not self.roles:
                yield f"{where}: a module needs the roles by which it is known."
        if not ((self.module or self.users) and self.kind == "one"):
            if self.off:
                yield f"{where}: only a module with one answer has an option that switches it off."
            return
        off = next((option for option in self.options if option.slug == self.off), None)
        if off is None:
            yield f"{where}: '{self.off or ''}' is no option of it; a module needs one that switches it off."
        elif off.effect.zones or off.effect.endpoints or off.effect.grants or off.effect.each:
            yield f"{where}: the option '{self.off}' switches it off, so it may set choices and nothing else."

    def _find_user_faults(self, where: str, earlier: Sequence["Question"]) -> Iterator[str]:
        """It follows a module, and each of its answers is about people who may be there already."""
        parent = next((other for other in earlier if self.when and other.slug == self.when.question), None)
        if self.module or self.kind != "one" or parent is None or not parent.module:
            yield f"{where}: a question about users has one answer, follows a module in 'when', and is none itself."
        elif any(other.users and other.when and other.when.question == parent.slug for other in earlier):
            yield f"{where}: who uses the module '{parent.slug}' is asked already."
        for option in self.options:
            effect = option.effect
            if effect.grants or effect.choices or effect.each or not all(one.shared for one in effect.endpoints):
                yield f"{where}, option '{option.slug}': it may have zones and shared endpoints, and nothing else."

    def _find_follow_faults(self, where: str, earlier: Sequence["Question"]) -> Iterator[str]:
        if self.when is None:
            return
        parent = next((other for other in earlier if other.slug == self.when.question), None)
        if parent is None or parent.when is not None:
            yield f"{where}: '{self.when.question}' is no earlier question that is always asked."
        elif parent.kind == "list":
            if self.when.options:
                yield f"{where}: '{parent.slug}' is a list; leave the options of 'when' empty."
        else:
            if not self.when.options:
                yield f"{where}: 'when' needs the options of '{parent.slug}' after which it is asked."
            for slug in self.when.options:
                if slug not in parent.slugs:
                    allowed = listed(parent.slugs)
                    yield f"{where}: '{slug}' is no option of '{parent.slug}'; allowed are {allowed}."
