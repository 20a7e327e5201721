"""What is to be said about plan files, each thing at its line, in the formats of those who show it there.

`LINT_FORMATS` is the one list of them. An entry names its function as "module:function", which is imported when it is
asked for.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.report.lint.annotate import Linted


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFormat:
    """One way to write it."""

    name: str
    """What `manage.py lint --format` calls it."""
    writes: str
    """The function that writes it, as "module:function"."""

    def render(self, files: "Sequence[Linted]", failing: Collection[str]) -> bytes:
        """All that is said about some files, in UTF-8; the same files give the same bytes.

        `failing` are the severities at which the command fails, for formats that tell failures from the rest.
        """
        function: Callable[[Sequence[Linted], Collection[str]], bytes] = resolve_name(self.writes)
        return function(files, failing)


_ALL = (
    LintFormat(name="text", writes="planner.report.lint.lines:render_text"),
    LintFormat(name="github", writes="planner.report.lint.lines:render_github"),
    LintFormat(name="gitlab", writes="planner.report.lint.data:render_gitlab"),
    LintFormat(name="junit", writes="planner.report.lint.junit:render_junit"),
    LintFormat(name="sarif", writes="planner.report.lint.data:render_sarif"),
)
LINT_FORMATS: Mapping[str, LintFormat] = {one.name: one for one in _ALL}
"""By name."""
