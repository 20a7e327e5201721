"""The kinds of firewall that a plan can have: an entry says what its files are called, and what its options are.

A kind is a format that `planner.report.FORMATS` writes for a device between zones. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a kind of firewall."""

    title: str
    help: str
    """What it does, as the end of a sentence; the same for all kinds that have it."""
    pattern: re.Pattern[str]
    allowed: str
    """What it may be, in words."""
    default: str = ""
    """What it is where the plan says nothing."""
    reserved: frozenset[str] = frozenset()
    """Names that fit the pattern, and the device takes for something of its own: a file with one would empty that, or
    be refused."""
    is_place: bool = False
    """Whether it says where on the device all of a file is, so that loading it leaves alone what is elsewhere."""

    def is_reserved(self, value: str) -> bool:
        """Whether the name that the value is, or ends with after a space, is reserved."""
        return value.rpartition(" ")[2] in self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A kind of firewall."""

    slug: str
    """How the plan document says it, and what the format is called."""
    name: str
    options: Mapping[str, Option] = field(default_factory=dict)

    def place(self, options: Mapping[str, str]) -> Mapping[str, str]:
        """Where on the device all of the file of a firewall with these options is."""
        return {name: options.get(name, one.default) for name, one in self.options.items() if one.is_place}


_WORD = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_SIDE, _LIST = r"[A-Za-z0-9_.:/-]{1,48}", r"[A-Za-z0-9_.-]{1,55}"
_CHAIN = ("Chain", "the chain that the file fills.")
_HOOKS = ("forward", "input", "output", "prerouting", "postrouting")
_ROUTEROS = frozenset({*_HOOKS, "srcnat", "dstnat"})
"""The chains that RouterOS has itself, of filter, nat, mangle and raw."""
_TARGETS = """
ACCEPT AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK CT DNAT DNPT DROP DSCP ECN HL HMARK IDLETIMER LED
LOG MARK MASQUERADE NAT NETMAP NFLOG NFQUEUE NOTRACK QUEUE RATEEST REDIRECT REJECT RETURN SECMARK SET SNAT SNPT
SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TRACE TTL ULOG"""
_IPTABLES = frozenset([*(hook.upper() for hook in _HOOKS), *_TARGETS.split()])
"""The built-in chains, and targets of iptables 1.8: a chain of that name it refuses."""
_WORDS_OF_NFT = """
accept add ah all and arp bridge cgroup chain comment comp constant continue counter cpu create ct day dccp define
delete describe destroy device devices dnat drop dst dup dynamic ecn element elements eq esp ether exists expires
export exthdr fib flags flow flowtable flush frag fwd ge geneve get goto gre gretap gt handle hbh hook hour ibriport
ibrname icmp icmpv6 igmp iif iifgroup iifname iiftype import include index inet insert interval ip ip6 ipsec jhash
jump le limit list log lshift lt map mark masquerade meta meter mh missing monitor ne netdev nftrace not notrack
numgen obriport obrname offload oif oifgroup oifname oiftype or osf pkttype policy position priority queue quota
random redefine redirect reject rename replace reset return rshift rt rt0 rt2 rtclassid rule ruleset sctp secmark set
size skgid skuid snat socket srh symhash synproxy table tcp th time timeout tproxy type typeof udp udplite undefine
update vlan vmap vni vxlan xor xt"""
_KEYWORDS = frozenset(_WORDS_OF_NFT.split())
"""Words of nft 1.1: it makes neither a chain nor a table of that name."""
_BASE_CHAINS = (*_HOOKS, "ingress", "egress")
_NFTABLES = frozenset([*_BASE_CHAINS, *(name.upper() for name in _BASE_CHAINS), *_KEYWORDS])
"""What base chains are called after their hooks, by iptables too, and what nft makes no chain of."""
_LISTS = Option(
    title="Access lists",
    help="what the list of an interface is called, as in wan1=outside_access_in, dmz=dmz_in; else FROM-wan1.",
    pattern=re.compile(rf"{_SIDE}={_LIST}(?: *, *{_SIDE}={_LIST})*"),
    allowed="an interface, = and the name of its list, with commas between them, as in wan1=outside_access_in",
)
_DEVICE_GROUP = Option(
    title="Device group",
    help="of a Panorama: objects and rules are in this device group, rules in its pre-rulebase.",
    pattern=re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,29}[A-Za-z0-9_.-]|[A-Za-z0-9_.]"),
    allowed="1 to 31 letters, digits, spaces and . _ -, not beginning with a space or a hyphen",
)
_LOG_SETTING = Option(
    title="Log setting",
    help="the log forwarding profile that rules send their logs to; else logs stay on the device.",
    pattern=re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,61}[A-Za-z0-9_.-]|[A-Za-z0-9_.]"),
    allowed="1 to 63 letters, digits, spaces and . _ -, not beginning with a space or a hyphen",
)
_PALO_ALTO = {"device-group": _DEVICE_GROUP, "log-setting": _LOG_SETTING}
_TABLE = (
    Device(slug="asa", name="Cisco ASA", options={"lists": _LISTS}),
    Device(slug="ios", name="Cisco IOS", options={"lists": _LISTS}),
    Device(
        slug="fortigate",
        name="FortiGate",
        options={
            "vdom": Option(
                title="VDOM",
                help="the virtual domain that the file is for.",
                pattern=re.compile(r"[A-Za-z0-9_-]{1,31}"),
                allowed="1 to 31 letters, digits, _ and -",
                is_place=True,
            )
        },
    ),
    Device(slug="paloalto", name="Palo Alto (XML)", options=_PALO_ALTO),
    Device(slug="paloalto-set", name="Palo Alto (set lines)", options=_PALO_ALTO),
    Device(slug="srx", name="Juniper SRX"),
    Device(
        slug="checkpoint",
        name="Check Point",
        options={
            "layer": Option(
                title="Access layer",
                help="the layer with the section of rules; else Network.",
                pattern=re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-]|[A-Za-z0-9_.]"),
                allowed="1 to 100 letters, digits, spaces and . _ -, not beginning with a space or a hyphen",
                default="Network",  # the first layer of a policy, unless somebody named it
                is_place=True,
            )
        },
    ),
    Device(slug="opnsense", name="OPNsense"),
    Device(slug="pfsense", name="pfSense"),
    Device(
        slug="mikrotik",
        name="MikroTik RouterOS",
        options={
            "chain": Option(
                title=_CHAIN[0],
                help=_CHAIN[1],
                pattern=re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}"),
                allowed="1 to 64 letters, digits, - and _, not beginning with -, and no chain that RouterOS "
                f"has itself ({', '.join(sorted(_ROUTEROS))})",
                reserved=_ROUTEROS,
                default="port-planner",
                is_place=True,
            )
        },
    ),
    Device(
        slug="nftables",
        name="nftables",
        options={
            "chain": Option(
                title=_CHAIN[0],
                help=_CHAIN[1],
                pattern=re.compile(_WORD),
                allowed="a name of letters, digits and _, which begins with no digit and is neither that of a hook "
                f"({', '.join(_BASE_CHAINS)}) nor a word of nft, as accept is",
                reserved=_NFTABLES,
                default="port_planner",
                is_place=True,
            ),
            "table": Option(
                title="Table",
                help="family and name of the table with the chain, as in inet filter.",
                pattern=re.compile(rf"(inet|ip|ip6|bridge) {_WORD}"),
                allowed="a family (inet, ip, ip6 or bridge) and a name that is no word of nft, as in inet filter",
                reserved=_KEYWORDS,
                default="inet filter",
                is_place=True,
            ),
        },
    ),
    Device(
        slug="iptables",
        name="iptables",
        options={
            "chain": Option(
                title=_CHAIN[0],
                help=_CHAIN[1],
                pattern=re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,27}"),
                allowed="1 to 28 letters, digits, - and _, not beginning with -, and neither a built-in chain "
                f"({', '.join(hook.upper() for hook in _HOOKS)}) nor a target, as ACCEPT and LOG are",
                reserved=_IPTABLES,
                default="PORT-PLANNER",
                is_place=True,
            )
        },
    ),
)
DEVICES: Mapping[str, Device] = {device.slug: device for device in _TABLE}
