"""What processes cost: their processor time and their memory, as Linux tells it in /proc."""

import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TICK = os.sysconf("SC_CLK_TCK")


class Processes:
    """The processes of a service, and of a database server on this machine that scripts/with-postgres.sh started."""

    def __init__(self, service: int, database_url: str = "") -> None:
        self.service, self.database = service, _find_postmaster(database_url)

    def spent(self) -> dict[str, float]:
        """Seconds of processor time so far, by who spent them; what ended meanwhile counts where it was waited for."""
        found = {"service": sum(map(spent_by, family(self.service)))}
        return found | ({"database": sum(map(spent_by, family(self.database)))} if self.database else {})

    def peaks(self) -> list[int]:
        """The most memory that each process of the service had at once, in bytes; the one that minds them first."""
        return [size for number in family(self.service) if (size := peak_of(number))]


def family(number: int) -> list[int]:
    """A process and its children, and theirs."""
    found = [number]
    with suppress(OSError):
        for child in Path(f"/proc/{number}/task/{number}/children").read_text().split():
            found += family(int(child))
    return found


def spent_by(number: int) -> float:
    """Seconds of processor time of a process, and of the children that it has waited for; 0 for one that is gone."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK


def peak_of(number: int) -> int:
    """The most memory that a process had, in bytes; 0 for one that is gone."""
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{number}/status").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0


def _find_postmaster(url: str) -> int:
    folder = parse_qs(urlsplit(url).query).get("host", [""])[0]
    with suppress(OSError, ValueError, IndexError):
        return int(Path(folder, "data", "postmaster.pid").read_text().splitlines()[0])
    return 0
