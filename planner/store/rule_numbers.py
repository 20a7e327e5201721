"""The numbers that rules of a plan have had: by them entries of a firewall are known that an earlier file brought."""

from collections.abc import Collection, Iterator

from planner.engine import Report, TooLarge, evaluate_report
from planner.plan.document import PlanError, carry_stored
from planner.report.said.within import list_numbers
from planner.store.editions import matrix_then
from planner.store.kept import read_documents
from planner.store.models import Plan, Version
from ports.matrix import Matrix

MOST = 100
"""So many earlier revisions are looked through at most, the newest first."""
MOST_FLOWS = 300_000
"""And no more once these had so many flows together, which takes some seconds."""
_AT_ONCE = 10


class EarlierNumbers(Collection[str]):
    """The numbers of rules that a plan has or that an earlier revision had, to be asked with `in`.

    A revision is only worked out when a number is asked for that none of those before it had: most configurations have
    no entry whose rule went. What can't be read any more is left out.
    """

    def __init__(self, plan: Plan, matrix: Matrix, report: Report) -> None:
        """`matrix`: of the plan now; `report`: of its newest revision."""
        self._matrix, self._plan = matrix, plan
        self._known = set(list_numbers(report))
        self._revisions = self._look_back(report)
        self.first = plan.revision
        """The earliest revision that was looked at so far."""
        self.is_whole = True
        """Whether all revisions since could be looked at."""
        self.strangers: dict[str, None] = {}
        """What was asked for and no revision had, in the order of asking."""

    def __contains__(self, number: object) -> bool:
        """Whether a rule has or had this number."""
        if number in self._known:
            return True
        for numbers in self._revisions:
            self._known |= numbers
            if number in numbers:
                return True
        if isinstance(number, str):
            self.strangers[number] = None
        return False

    def __iter__(self) -> Iterator[str]:
        """Every number, sorted; all revisions are worked out for it."""
        for numbers in self._revisions:
            self._known |= numbers
        return iter(sorted(self._known))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _look_back(self, report: Report) -> Iterator[set[str]]:
        """The numbers of each earlier revision, the newest first; each report is made of the one after it."""
        numbers = self._plan.revisions.filter(number__lt=self._plan.revision).order_by("-number")
        chosen = list(numbers.values_list("number", "digest")[:MOST])
        flows = 0
        for start in range(0, len(chosen), _AT_ONCE):
            some = dict(chosen[start : start + _AT_ONCE])
            documents = dict(read_documents(self._plan, some))
            self.is_whole &= len(documents) == len(some)
            for number in sorted(documents, reverse=True):
                version = Version(plan=self._plan.key, number=number, document=documents[number], digest=some[number])
                found = self._evaluate(version, report)
                if found is None:
                    self.is_whole = False
                else:
                    report = found
                    flows += len(report.flows)
                    self.first = number
                    yield set(list_numbers(report))
                if flows > MOST_FLOWS:
                    return

    def _evaluate(self, version: Version, after: Report) -> Report | None:
        matrix = matrix_then(version, self._matrix)
        if matrix is None:
            return None
        try:
            plan, _ = carry_stored(version.document, matrix=matrix)
            return evaluate_report(matrix, plan, after)
        except (PlanError, TooLarge):
            return None
