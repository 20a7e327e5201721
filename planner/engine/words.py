"""Facts of the matrix in words, shared by findings, explanations and what isn't needed."""

from collections.abc import Iterator

from planner.plan.document import Plan
from ports.matrix import Matrix, Target


def say_choice(matrix: Matrix, plan: Plan, slug: str) -> str:
    """What a plan has decided: "Self-destruct messages: embedded (default)"."""
    choice = matrix.choices[slug]
    taken = plan.choices.get(slug, choice.default)
    if taken is None:
        return f"{choice.name}: not decided"
    options = (taken,) if isinstance(taken, str) else taken
    names = ", ".join(choice.option(option).name for option in options) or "none"
    return f"{choice.name}: {names}" + ("" if slug in plan.choices else " (default)")


def target_facts(target: Target, matrix: Matrix) -> Iterator[str]:
    """What an endpoint has to have to be such a target: "the operation “Password reset”"."""
    if target.operation:
        yield f"the operation “{matrix.operations[target.operation].name}”"
    if target.platform:
        yield f"the platform “{matrix.platforms[target.platform].name}”"
    if target.session:
        yield f"the session “{matrix.sessions[target.session].name}”"
