"""Facts of the matrix in words, shared by findings, explanations and what isn't needed."""

from collections.abc import Iterable, Iterator, Mapping

from planner.engine.topology import PLAIN, Setting
from planner.plan.document import Plan
from ports.matrix import Choice, Matrix, Target


def say_choice(matrix: Matrix, plan: Plan, slug: str, settings: Iterable[Setting] = (PLAIN,)) -> str:
    """What is decided: "Self-destruct messages: embedded (default)".

    `settings` are those of the endpoints that it is about: they, or their zones, may have decided for themselves.
    """
    choice = matrix.choices[slug]
    said = dict.fromkeys(_say_answer(choice, plan, dict(setting.choices)) for setting in settings)
    return f"{choice.name}: {' / '.join(said)}"


def _say_answer(choice: Choice, plan: Plan, own: Mapping[str, str | tuple[str, ...]]) -> str:
    taken = own.get(choice.slug, plan.choices.get(choice.slug, choice.default))
    if taken is None:
        return "not decided"
    options = (taken,) if isinstance(taken, str) else taken
    names = ", ".join(choice.option(option).name for option in options) or "none"
    if choice.slug in own:
        return f"{names} (own decision)"
    return names if choice.slug in plan.choices else f"{names} (default)"


def target_facts(target: Target, matrix: Matrix) -> Iterator[str]:
    """What an endpoint has to have to be such a target: "the operation “Password reset”"."""
    if target.operation:
        yield f"the operation “{matrix.operations[target.operation].name}”"
    if target.platform:
        yield f"the platform “{matrix.platforms[target.platform].name}”"
    if target.session:
        yield f"the session “{matrix.sessions[target.session].name}”"
