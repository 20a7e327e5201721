"""The ready-made topologies of the shipped matrix, each as a plan document in YAML, as people have it in a file."""

from dataclasses import dataclass, replace
from functools import cache

from planner.engine import Report, evaluate_report
from planner.plan.document import Plan, dump_plan, read_plan
from planner.plan.syntax import to_yaml
from planner.plan.topologies import read_topologies
from ports.queries import shipped_matrix

MATRIX = shipped_matrix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A plan document in YAML, under the slug of its topology."""

    slug: str
    data: bytes


def unanswered(plan: Plan) -> Plan:
    """A plan without its answers to what the document leaves open: caveats, and choices that have no default."""
    chosen = {slug: taken for slug, taken in plan.choices.items() if MATRIX.choices[slug].default is not None}
    return replace(plan, corrections=(), as_documented=(), choices=chosen)


def _write(slug: str, plan: Plan) -> Example:
    return Example(slug=slug, data=to_yaml(dump_plan(plan)).encode())


PLANS = read_topologies(MATRIX)
EXAMPLES = {slug: _write(slug, plan) for slug, plan in PLANS.items()}
UNANSWERED = {
    slug: _write(
        slug,
        replace(
            unanswered(plan),
            endpoints=tuple(
                replace(endpoint, addresses=()) if "self-destruct-site" in endpoint.roles else endpoint
                for endpoint in plan.endpoints
            ),
        ),
    )
    for slug, plan in PLANS.items()
}
"""The same with every question open, and without the address of the self-destruct site: as plans in work are."""


@cache
def report_on(example: Example) -> Report:
    """The report of one of them, the same for all who look at it."""
    return evaluate_report(MATRIX, read_plan(example.data, matrix=MATRIX))


def read_examples() -> tuple[Example, ...]:
    """All of them, simplest first."""
    return tuple(EXAMPLES.values())
