"""Answers to the matrix's questions: read, completed with defaults, and what is wrong with them, sentence by sentence.

It knows nothing of the plan that they make (`composition`, `modules`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ports.matrix import PLACEHOLDER, Matrix, Question, Repeat
from ports.text import CONTROL, MAX_NAME, cut, name_key

Answers = Mapping[str, str | Sequence[str]]
"""By slug of the question: an option, several options, or the lines of a list of names; blank lines don't count."""
Document = dict[str, Any]
"""A plan document as `planner.plan.document.dump_plan` writes it."""

MAX_NAMES = 2_000
"""How many names a list may have."""
_SHOWN_FAULTS = 20


class AnswersError(ValueError):
    """The answers make no plan. `faults` has the sentences for each question that has any, by its slug."""

    def __init__(self, faults: Mapping[str, tuple[str, ...]]) -> None:
        self.faults = dict(faults)
        super().__init__("\n".join(sentence for sentences in faults.values() for sentence in sentences))


def find_answer_faults(matrix: Matrix, answers: Answers) -> dict[str, tuple[str, ...]]:
    """What keeps answers from being composed: sentences by slug of the question, in the matrix's order."""
    try:
        read_answers(matrix, answers)
    except AnswersError as error:
        return error.faults
    return {}


def read_answers(matrix: Matrix, answers: Answers) -> list[tuple[Question, tuple[str, ...]]]:
    """Every question that is asked, in the matrix's order, with its answer or default in the order of its options.

    Raises AnswersError with every fault of the answers.
    """
    faults: dict[str, tuple[str, ...]] = {
        slug: (f"There is no question “{shown(slug)}”.",) for slug in answers if slug not in matrix.questions
    }
    asked: dict[str, tuple[str, ...]] = {}
    for question in matrix.questions.values():
        answer = answers.get(question.slug)
        given = tuple(question.default if answer is None else (answer,) if isinstance(answer, str) else answer)
        if question.when and not _follows(question, asked.get(question.when.question, ())):
            continue
        if question.kind == "list":
            names, found = read_names(given, longest_name(matrix, question))
            asked[question.slug] = names
        else:
            found = tuple(find_option_faults(question, given))
            asked[question.slug] = tuple(slug for slug in question.slugs if slug in given)
        if found:
            faults[question.slug] = found
    if not faults:
        faults = _find_taken_zones(matrix, asked, answers)
    if faults:
        raise AnswersError({slug: faults[slug] for slug in (*matrix.questions, *faults) if slug in faults})
    return [(matrix.questions[slug], answer) for slug, answer in asked.items()]


def _follows(question: Question, answer: tuple[str, ...]) -> bool:
    """Whether a question is asked after this answer to the one that it follows."""
    options = question.when.options if question.when else ()
    return any(slug in options for slug in answer) if options else bool(answer)


def find_option_faults(question: Question, given: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with an answer by slugs of options, as sentences."""
    allowed = ", ".join(option.name for option in question.options)
    for slug in given:
        if slug not in question.slugs:
            yield f"“{shown(slug)}” is no answer to this question; the answers are: {allowed}."
    if question.kind == "one" and len(set(given)) > 1:
        yield "This question takes one answer; choose one."
    if question.kind == "one" and not given:
        yield "This question takes one answer; choose one, or leave the question out."


def read_names(lines: Sequence[str], longest: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a list and what is wrong with them, by line. Blank lines and white space around names go."""
    found = [(number, stripped) for number, line in enumerate(lines, 1) if (stripped := line.strip())]
    if len(found) > MAX_NAMES:
        return (), (f"These are {len(found):,} names; at most {MAX_NAMES:,} are read here. Import the plan instead.",)
    faults, first = [], dict[str, int]()
    for number, name in found:
        if CONTROL.search(name):
            faults.append(f"Line {number:,}: “{shown(name)}” has a control character in it; delete it.")
        elif len(name) > longest:
            faults.append(f"Line {number:,}: this name has {len(name):,} characters; at most {longest} fit.")
        elif (other := first.setdefault(name_key(name), number)) != number:
            faults.append(f"Line {number:,}: “{shown(name)}” is there already, in line {other:,}. Change one of them.")
    return tuple(name for _, name in found), first_few(faults)


def longest_name(matrix: Matrix, question: Question) -> int:
    """How long a name of this list may be, so that every name made of it is one."""
    names = [
        template.name
        for repeat in _repeats(matrix, question)
        for templates in (repeat.zones, repeat.endpoints)
        for template in templates
    ]
    return MAX_NAME - max((len(name) - len(PLACEHOLDER) for name in names), default=0)


def _repeats(matrix: Matrix, question: Question) -> Iterator[Repeat]:
    """Everything that there is once for each name of this list."""
    yield question.repeat
    for other in matrix.questions.values():
        for option in other.options:
            if option.effect.each and option.effect.each.of == question.slug:
                yield option.effect.each


def _find_taken_zones(
    matrix: Matrix, asked: Mapping[str, tuple[str, ...]], answers: Answers
) -> dict[str, tuple[str, ...]]:
    """Names of lists that would be those of zones which another answer makes."""
    taken = {
        name_key(zone.name): zone.name
        for slug, answer in asked.items()
        for option in matrix.questions[slug].options
        if option.slug in answer
        for zone in option.effect.zones
    }
    faults = {}
    for slug, names in asked.items():
        repeat = matrix.questions[slug].each
        if repeat is None:
            continue
        lines = {line.strip(): number for number, line in enumerate(_lines(answers.get(slug) or ()), 1)}
        made: dict[str, str] = {}
        sentences = []
        for name in names:
            for zone in repeat.zones:
                full = fill(zone.name, name)
                if name_key(full) in taken:
                    sentences.append(
                        f"Line {lines[name]:,}: the plan has a zone “{shown(taken[name_key(full)])}” already. "
                        "Use another name."
                    )
                made[name_key(full)] = full
        taken |= made
        if sentences:
            faults[slug] = first_few(sentences)
    return faults


def _lines(answer: str | Sequence[str]) -> Sequence[str]:
    return (answer,) if isinstance(answer, str) else answer


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text as it comes from a form; other separators are control characters, and faults of a name."""
    return tuple(re.split(r"\r\n|\r|\n", text))


def first_few(sentences: list[str]) -> tuple[str, ...]:
    """The sentences; of more than a page can show the first ones, and how many more there are."""
    more = len(sentences) - _SHOWN_FAULTS
    if more <= 0:
        return tuple(sentences)
    return (*sentences[:_SHOWN_FAULTS], f"And {more:,} more lines like these.")


def shown(text: str) -> str:
    """A text that someone typed, short and harmless enough for a sentence."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], cut(text, 60))


def fill(template: str, name: str) -> str:
    """A template's name with the name of a list in it: "Site London" of "Site {name}" and "London"."""
    return template.replace(PLACEHOLDER, name, 1)
