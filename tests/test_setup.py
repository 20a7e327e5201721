"""What `scripts/setup.sh` installs: each thing is called something in Debian, in Fedora and in Homebrew."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = {"library", "program", "font", "wish", "browser", "quicker"}
NEED = re.compile(rf'^ *(?:echo ")?((?:{"|".join(KINDS)})  [^"\n]*)"?$', re.MULTILINE)


def test_every_need_has_the_name_to_look_for_and_three_packages():
    found = [need.split() for need in NEED.findall((ROOT / "scripts" / "setup.sh").read_text("utf-8"))]
    assert {need[0] for need in found} == KINDS
    assert [need for need in found if len(need) != 5] == []
