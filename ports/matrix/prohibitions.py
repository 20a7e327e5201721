"""Who must never open a connection to whom, by the document."""

from collections.abc import Iterator
from typing import Annotated

from ports.matrix.basics import Paragraph, RoleSlug, Slug
from ports.matrix.marks import Names
from ports.matrix.requirements import Conditions, find_option_faults
from ports.matrix.rows import Row, Rows, row


@row("prohibition", later=True)
class Prohibition(Row):
    """A flow that the document forbids, on every port."""

    slug: Slug
    """Names it."""
    section: Annotated[str, Names("section")]
    """Where in the document it stands."""
    source: RoleSlug
    """No endpoint with this role opens a connection …"""
    destination: RoleSlug
    """… to an endpoint with this role; one and the same endpoint aside."""
    summary: Paragraph
    """What is forbidden and why, in your own words."""
    when: Conditions = ()
    """Conditions, all of which must hold; a choice is that of the source."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """Its conditions name options that there are."""
        yield from find_option_faults(where, self.when, rows)
