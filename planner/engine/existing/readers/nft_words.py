"""Names that nftables has for numbers, and its expressions in words. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from planner.engine.spans import Spans

PROTOCOL_NUMBERS: Mapping[str, int] = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51,
    "ipv6-icmp": 58, "icmpv6": 58, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132, "udplite": 136,
}  # fmt: skip
"""Names of protocols: https://www.iana.org/assignments/protocol-numbers."""
TRANSPORT = Spans.of((PROTOCOL_NUMBERS[name],) * 2 for name in ("tcp", "udp", "dccp", "sctp", "udplite"))
"""The protocols whose headers begin with a source port and a destination port."""
ICMP_TYPES: Mapping[str, int] = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
"""Types of ICMP as nft calls them: RFC 792, nft(8) “ICMP TYPE TYPE”."""
_FROM_128 = (
    "echo-request", "echo-reply", "mld-listener-query", "mld-listener-report", "mld-listener-done",
    "nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert", "nd-redirect",
    "router-renumbering",
)  # fmt: skip
ICMPV6_TYPES: Mapping[str, int] = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    **{name: number for number, name in enumerate(_FROM_128, 128)},
    "mld-listener-reduction": 132, "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142,
    "mld2-listener-report": 143,
}  # fmt: skip
"""Types of ICMPv6 as nft calls them: RFC 4443, RFC 4861, nft(8) “ICMPV6 TYPE TYPE”."""
SENT_ON = frozenset({"DNAT", "NETMAP", "REDIRECT", "TPROXY"})
"""Targets of iptables after which a packet goes to somebody else: iptables-extensions(8)."""
FLAGS: Mapping[str, int] = {
    "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "ece": 64, "cwr": 128
}  # fmt: skip
"""Flags of TCP: RFC 9293, section 3.1."""


def say(expression: Any) -> str:
    """An expression about as nft writes it, cut where it is long."""
    text = _say(expression)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _say(one: Any) -> str:
    if isinstance(one, dict) and len(one) == 1:
        [(kind, inner)] = one.items()
        if kind == "payload" and isinstance(inner, dict):
            return " ".join(str(inner[key]) for key in ("protocol", "field") if key in inner) or "raw payload"
        if kind in ("meta", "ct") and isinstance(inner, dict):
            return " ".join([kind, *(str(inner[key]) for key in ("dir", "key") if key in inner)])
        if kind == "prefix" and isinstance(inner, dict):
            return f"{inner.get('addr')}/{inner.get('len')}"
        if kind == "set" and isinstance(inner, list):
            return f"{{ {', '.join(map(_shallow, inner[:5]))} }}"
        if kind == "range" and isinstance(inner, list):
            return "-".join(map(_shallow, inner))
        if kind == "concat" and isinstance(inner, list):
            return " . ".join(_say(part) if _is_flat(part) else _shallow(part) for part in inner[:5])
    if isinstance(one, list):
        return ",".join(map(_shallow, one[:5]))
    return _shallow(one)


def _is_flat(one: Any) -> bool:
    return isinstance(one, dict) and not ({"concat", "set"} & set(one))


def _shallow(one: Any) -> str:
    """Text and numbers as they are; of anything nested only what it is called, however deep it goes."""
    if isinstance(one, dict):
        return " ".join(map(str, list(one)[:3]))
    if isinstance(one, list):
        return "[…]"
    return one if isinstance(one, str) else json.dumps(one)


def is_bare(left: Any) -> bool:
    """Whether ports are asked for without saying of which protocols."""
    keys = left["concat"] if isinstance(left, dict) and isinstance(left.get("concat"), list) else [left]
    found = set()
    for key in keys:
        payload = key.get("payload") if isinstance(key, dict) else None
        meta = key.get("meta") if isinstance(key, dict) else None
        if isinstance(payload, dict):
            found.add((str(payload.get("protocol")), str(payload.get("field"))))
        if isinstance(meta, dict):
            found.add(("meta", str(meta.get("key"))))
    says = found & {("meta", "l4proto"), ("ip", "protocol"), ("ip6", "nexthdr")}
    return bool(found & {("th", "sport"), ("th", "dport")}) and not says


def is_rest(pair: Any) -> bool:
    """Whether an element of a map stands for all that no other is for."""
    return isinstance(pair, list) and pair[:1] == ["*"]


def goes_on(verdict: Any) -> bool:
    """Whether a packet with this verdict of a map may come to the next rule."""
    return isinstance(verdict, dict) and bool({"jump", "continue"} & set(verdict))


def is_plain(value: Mapping[str, Any]) -> bool:
    element = value.get("elem")
    return isinstance(element, dict) and not set(element) - {"val", "comment", "counter", "last"}


def say_statement(kind: str, inner: Any) -> str:
    """A statement that isn't understood, in a few words."""
    if kind == "limit" and isinstance(inner, dict):
        return f"limit rate {inner.get('rate')}/{inner.get('per')}"
    if kind in ("dnat", "redirect", "tproxy") and isinstance(inner, dict):
        return " ".join([f"{kind} to", *(say(inner[key]) for key in ("addr", "port") if key in inner)])
    if kind == "xt" and isinstance(inner, dict):
        return f"xt {inner.get('type')} {inner.get('name')}"
    return kind
