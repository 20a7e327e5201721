"""The ready-made topologies of the shipped matrix, each as a plan document in YAML, as people have it in a file."""

from dataclasses import dataclass

from planner.plan.document import dump_plan
from planner.plan.syntax import to_yaml
from planner.plan.topologies import read_topologies
from ports.queries import shipped_matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A plan document in YAML, under the slug of its topology."""

    slug: str
    data: bytes


EXAMPLES = {
    slug: Example(slug=slug, data=to_yaml(dump_plan(plan)).encode())
    for slug, plan in read_topologies(shipped_matrix()).items()
}


def read_examples() -> tuple[Example, ...]:
    """All of them, simplest first."""
    return tuple(EXAMPLES.values())
