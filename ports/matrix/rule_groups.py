"""What Windows Firewall has rules of its own for, so that a host needs no new ones."""

import re
from collections.abc import Iterator
from typing import Annotated

from ports.matrix.basics import Paragraph, Slug
from ports.matrix.marks import Pattern
from ports.matrix.rows import Row, Rows, row

RESOURCE = Pattern(
    re.compile(r"@[A-Za-z0-9._\\-]+,-[0-9]+"), "name of a group", "such as @FirewallAPI.dll,-28752 (Remote Desktop)"
)
RULE_NAME = Pattern(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"), "name of a rule", "such as RemoteDesktop-UserMode-In-TCP"
)


@row("rulegroup", later=True)
class RuleGroup(Row):
    """Rules that Windows brings along, disabled, for what a service or a requirement needs.

    What Windows shows as the name of a group or a rule is another text in each of its languages. So commands are given
    the names that stay: the group's resource, and the rules' own names.
    """

    slug: Slug
    """Names it in services and requirements."""
    name: str
    """What an English Windows calls it: `"Remote Desktop"`."""
    group: Annotated[str, RESOURCE]
    """What any Windows calls it, as `Get-NetFirewallRule -Group` takes it."""
    rules: tuple[Annotated[str, RULE_NAME], ...] = ()
    """The names of those of its rules that are needed, as `-Name` takes them; `[]`: all of the group."""
    text: Paragraph
    """For whoever sets the firewall of a host: what it does better than a rule of one's own."""

    @property
    def chosen(self) -> str:
        """What chooses its rules, as a cmdlet of PowerShell takes it in any language of Windows."""
        return f"-Name {','.join(self.rules)}" if self.rules else f"-Group '{self.group}'"

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """A rule is named once."""
        if len(set(self.rules)) != len(self.rules):
            yield f"{where} names a rule twice."
