"""What a report says about itself beyond its content."""

import datetime
from dataclasses import dataclass
from typing import Literal

from planner.engine.compare import Comparison
from planner.engine.life import NO_LIVES, Lives
from planner.engine.report import Report
from planner.report.said.answers import Taken
from planner.report.said.filters import Selection
from planner.report.said.there import There
from ports.text import show_line

Paper = Literal["a4", "letter"]
PAPERS: dict[Paper, str] = {"a4": "A4", "letter": "Letter"}
"""The sizes of paper that can be printed on, with what people and CSS call them."""
Engine = Literal["typst", "weasyprint"]
ENGINES: tuple[Engine, ...] = ("typst", "weasyprint")
"""What can set the pages of a PDF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The date of a report, the revision of the plan if it is stored, and what the report was made with."""

    date: datetime.date
    revision: int | None = None
    selection: Selection | None = None
    """None: the whole report."""
    since: Comparison | None = None
    """What differs from an earlier revision."""
    since_revision: int | None = None
    since_sent: str = ""
    """To whom that revision was handed over and when, or what else is to be said of it, in words; may be empty."""
    paper: Paper = "a4"
    link: str | None = None
    """The address of a page that shows the plan; on the cover, with a link, when given."""
    stylesheet: str = ""
    """CSS of a house style, as `planner.deploy.stylesheet.read_stylesheet` gives it; empty: ours alone."""
    engine: Engine | None = None
    """What sets the PDF; None: whatever suits the service and the house style."""
    lives: Lives = NO_LIVES
    """The states of the rules; of a plan that isn't stored there are none."""
    taken: tuple[Taken, ...] = ()
    """The decisions of which it is known who took them, when or why; of a plan that isn't stored there are none."""
    classification: str | None = None
    """Who may see it, in the words of the house, above each page: "Internal use only". None: as the settings say."""
    earlier: tuple[Report, ...] = ()
    """Earlier reports of the plan, the oldest first, that devices may have been told: what they opened is closed."""
    earlier_said: str = ""
    """Which those are, in words: "revisions 3 and 7"; may be empty."""
    there: There | None = None
    """A comparison with a firewall's own rules, which stands beside the rules; None: none."""
    with_plan: bool = False
    """Whether the plan document goes along in a PDF: not to readers, who see the report and not the document."""
    is_last: bool = False
    """Whether the process ends once it is written, so that the memory that it took need not be given back before."""

    @property
    def part(self) -> str:
        """Only a part of the plan: Port: 443; 3 of 27 rules. On one line; empty for the whole report."""
        return f"Only a part of the plan: {show_line(self.selection.sentence)}." if self.selection else ""

    @property
    def of_whole(self) -> str:
        """What ends a heading over what differs from an earlier revision, which is compared as a whole: nothing where
        the report is of the whole plan, too."""
        return ", of the whole plan" if self.selection else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editions:
    """What the two sides of a comparison are called ("revision 41", a file's name), and what a document of it has."""

    before: str
    after: str
    sent: str = ""
    """To whom the first side was handed over and when, in words; empty if it wasn't."""
    date: datetime.date | None = None
    """Of the comparison; None: today."""
    paper: Paper = "a4"
    stylesheet: str = ""
    """CSS of a house style, as for a report."""
    engine: Engine | None = None
    """As for a report."""
    classification: str | None = None
    """As for a report."""
    lives_before: Lives = NO_LIVES
    """The states of the rules of the first side, which some are to be closed of."""
    lives_after: Lives = NO_LIVES
    """Those of the rules of the second side."""
