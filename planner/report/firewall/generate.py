"""The only module that knows Aerleon: policies and definitions in, the target's text out.

Aerleon's generators are called one by one instead of through its `api.Generate`, which imports all 34 of them and
every plug-in that happens to be installed. Nothing is read from files and nothing is written.
"""

import copy
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from aerleon.lib import aclgenerator, ciscoasa, fortigate, nacaddr, naming, policy, policy_builder

from planner.report.firewall.errors import NotExpressible
from planner.report.firewall.targets import (
    ASA,
    FORTIGATE,
    PALOALTO,
    SRX,
    WINDOWS,
    Filter,
    Target,
    take_negated,
    take_undecided,
)
from planner.report.firewall.words import clean

# Aerleon keeps the definitions that it is working with in a variable of a module.
_ONE_AT_A_TIME = threading.Lock()
_TAGS = re.compile(r"^.*\$(?:Id|Date|Revision):\$.*\n", re.MULTILINE)
_EMPTY_COMMENT = re.compile(r"^[ \t]*/\*\s*\*/\n", re.MULTILINE)
_WINDOWS_RULE = re.compile(r"^netsh advfirewall firewall add rule name=(\S+) ", re.MULTILINE)
_POLICY_NUMBER = re.compile(r"^(    edit )[0-9]+$", re.MULTILINE)


class _Asa(ciscoasa.CiscoASA):  # type: ignore[misc]
    """Aerleon 1.18 writes IPv4 only, although its terms can do both; our terms are of one family each."""

    def _TranslatePolicy(self, pol: Any, exp_info: int) -> None:  # noqa: N802
        self.ciscoasa_policies = []
        for header, terms in self.policy.filters:
            name = header.FilterName(self._PLATFORM)
            self.ciscoasa_policies.append(
                (header, name, [str(ciscoasa.Term(term, name, af=_family(term))) for term in terms])
            )


def _family(term: Any) -> int:
    sides = (*term.source_address, *term.destination_address)
    return 6 if any(isinstance(address, nacaddr.IPv6) for address in sides) else 4


class _Fortigate(fortigate.Fortigate):  # type: ignore[misc]
    """Aerleon 1.18 can't sort ICMP services among others."""

    services: list[Any]

    def __str__(self) -> str:
        self.services = [_ByName(service.name, str(service)) for service in self.services]
        return str(super().__str__())


class _ByName(tuple[str, str]):
    """A service that is sorted by its name."""

    __slots__ = ()

    def __new__(cls, name: str, text: str) -> "_ByName":
        return super().__new__(cls, (name, text))

    def __str__(self) -> str:
        return self[1]


def generate(target: Target, filters: Sequence[Filter], definitions: dict[str, Any], *, open_undecided: bool) -> str:
    """The text of a target, in which undecided terms are disabled unless they are asked for.

    Raises NotExpressible when Aerleon refuses, or warns that it would leave something out.
    """
    filters = copy.deepcopy(list(filters))  # the builder writes into what it is given
    undecided, negated = take_undecided(filters), take_negated(filters)
    comments = _list_comments(filters) if target is WINDOWS else {}
    with _ONE_AT_A_TIME, _warnings() as warnings:
        try:
            names = naming.Naming()
            names.ParseDefinitionsObject(definitions, "")
            source = {"filename": "plan", "filters": filters}
            # Optimised, neighbouring networks become one under the name of one endpoint, and another rule opens both.
            built = policy.FromBuilder(policy_builder.PolicyBuilder(source, names, optimize=False))
            text = str(_generator(target)(built, 2))
        except (aclgenerator.Error, policy.Error, naming.Error, ValueError, TypeError) as error:
            raise NotExpressible(target.label, clean(str(error), 300)) from error
    if warnings:
        raise NotExpressible(target.label, clean(warnings[0], 300))
    for side, names in negated.items():
        if names:
            text = _NEGATE[target](text, names, side)
    if undecided and not open_undecided:
        text = _DISABLE[target](text, undecided)
    return _make_loadable(target, _add_comments(text, comments) if target is WINDOWS else text)


def _generator(target: Target) -> Any:
    if target is ASA:
        return _Asa
    if target is FORTIGATE:
        return _Fortigate
    module, name = target.generator
    return getattr(import_module(f"aerleon.lib.{module}"), name)


def _make_loadable(target: Target, text: str) -> str:
    """The text without keywords of version control, and without what would do harm on the device."""
    text = _EMPTY_COMMENT.sub("", _TAGS.sub("", text))
    if target is FORTIGATE:
        # Numbered from 1 they would replace the policies that are there; 0 is the next free number.
        text = _POLICY_NUMBER.sub(r"\g<1>0", text)
    return text.strip("\n") + "\n"


def _list_comments(filters: Sequence[Filter]) -> dict[str, str]:
    """By the name of a rule of Windows, its comment."""
    return {
        f"{chosen['header']['targets'][WINDOWS.platform][0]}_{term['name']}": term["comment"]
        for chosen in filters
        for term in chosen["terms"]
    }


def _add_comments(text: str, comments: dict[str, str]) -> str:
    """The rules of Windows with their comments, which Aerleon 1.18 leaves out, as remarks before them."""

    def remark(match: re.Match[str]) -> str:
        # Once: a rule may take several lines.
        return "".join(f"rem {line}\n" for line in comments.pop(match[1], "").splitlines()) + match[0]

    return _WINDOWS_RULE.sub(remark, text)


# ---- any but some networks, as each device says that a side is none of what is named ----


def _negate_fortigate(text: str, names: set[str], side: str) -> str:
    """FortiOS has a switch for each side and family."""
    key = {"source": "srcaddr", "destination": "dstaddr"}[side]

    def switch(found: re.Match[str]) -> str:
        family = "6" if f"set {key}6 " in found["rest"] else ""
        line = f"\n{found['space']}set {key}{family}-negate enable" if found["name"] in names else ""
        return f"{found['head']}{line}{found['rest']}"

    return _FORTIGATE_POLICY.sub(switch, text)


def _negate_paloalto(text: str, names: set[str], side: str) -> str:
    return _rewrite_blocks(text, names, _PALOALTO_ENTRY, rf"\g<0>\n\g<space>  <negate-{side}>yes</negate-{side}>")


def _negate_srx(text: str, names: set[str], side: str) -> str:
    return _rewrite_blocks(text, names, _SRX_MATCH, rf"\g<0>\n\g<space>        {side}-address-excluded;")


# ---- what is undecided, as each device disables a rule ----


def _disable_asa(text: str, names: set[str]) -> str:
    """Cisco: the keyword `inactive` at the end of an entry. The remark before an entry has the name of its term."""
    lines, inside = [], False
    for line in text.splitlines():
        if found := _ASA_REMARK.match(line):
            inside = found[1] in names if found[1] in names or _ASA_TERM.fullmatch(found[1]) else inside
        lines.append(f"{line} inactive" if inside and " extended permit " in line else line)
    return "\n".join(lines) + "\n"


def _rewrite_blocks(text: str, names: set[str], pattern: re.Pattern[str], written: str) -> str:
    """Text in which what names one of the terms is written otherwise."""
    return pattern.sub(lambda found: found.expand(written) if found["name"] in names else found[0], text)


_ASA_REMARK = re.compile(r"access-list \S+ remark (\S+)$")
_ASA_TERM = re.compile(r"\S+-[0-9]+(?:-v6)?(?:-c[0-9]+)?|default-deny\S*|\S+-[0-9a-f]{6}")
_FORTIGATE_NAME = re.compile(r'^(?P<space> +)set name "(?P<name>[^"]+)"$', re.MULTILINE)
_PALOALTO_ENTRY = re.compile(r'^(?P<space> +)<entry name="(?P<name>[^"]+)">$', re.MULTILINE)
_SRX_POLICY = re.compile(r"^(?P<space> +)policy (?P<name>\S+) \{$", re.MULTILINE)
_NETSH_RULE = re.compile(
    r"^(?P<start>netsh advfirewall firewall add rule name=[^_ ]*_)(?P<name>\S+) enable=yes", re.MULTILINE
)
_FORTIGATE_POLICY = re.compile(
    r'^(?P<head>(?P<space> +)set name "(?P<name>[^"]+)")$(?P<rest>(?:\n +set .*)*)', re.MULTILINE
)
_SRX_MATCH = re.compile(r"^(?P<space> +)policy (?P<name>\S+) \{\n +match \{$", re.MULTILINE)
_NEGATE: Mapping[Target, Callable[[str, set[str], str], str]] = {
    FORTIGATE: _negate_fortigate, PALOALTO: _negate_paloalto, SRX: _negate_srx,
}  # fmt: skip
_DISABLE: Mapping[Target, Callable[[str, set[str]], str]] = {
    ASA: _disable_asa,
    FORTIGATE: partial(_rewrite_blocks, pattern=_FORTIGATE_NAME, written=r"\g<0>\n\g<space>set status disable"),
    PALOALTO: partial(_rewrite_blocks, pattern=_PALOALTO_ENTRY, written=r"\g<0>\n\g<space>  <disabled>yes</disabled>"),
    SRX: partial(_rewrite_blocks, pattern=_SRX_POLICY, written=r"\g<space>inactive: policy \g<name> {"),
    WINDOWS: partial(_rewrite_blocks, pattern=_NETSH_RULE, written=r"\g<start>\g<name> enable=no"),
}


class _Collector(logging.Handler):
    """Keeps the messages that are logged, from warnings on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What Aerleon warns of meanwhile; it stays out of the service's log, where names of plans have no business."""
    logger, collector = logging.getLogger("absl"), _Collector()
    kept = logger.handlers[:], logger.propagate
    logger.handlers[:], logger.propagate = [collector], False
    try:
        yield collector.messages
    finally:
        logger.handlers[:], logger.propagate = kept
