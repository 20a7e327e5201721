"""The words that devices have from the factory: each stands for what its maker says, and none is left out.

One test reads all words of a table at once, and says which of them stands for something else.
"""

import pytest

from planner.engine.existing.devices import asa_words, fortigate_services, paloalto_objects, srx_objects
from planner.engine.existing.parts.services import EVERY_SERVICE, ICMP, ICMP6, TCP, UDP
from planner.engine.existing.readers.fortigate import read
from planner.engine.spans import PORTS
from tests.engine.existing.devices.deciding import Packet, decide
from tests.engine.existing.devices.test_fortigate import configuration, policy, state

FORTIGATE = """
AFS3 tcp 7000-7009 udp 7000-7009, AH ip 51, ALL any, ALL_ICMP icmp, ALL_ICMP6 icmp6, ALL_TCP tcp 1-65535,
ALL_UDP udp 1-65535, AOL tcp 5190-5194, BGP tcp 179, CVSPSERVER tcp 2401 udp 2401, DCE-RPC tcp 135 udp 135,
DHCP udp 67-68, DHCP6 udp 546-547, DNS tcp 53 udp 53, ESP ip 50, FINGER tcp 79, FTP tcp 21, FTP_GET tcp 21,
FTP_PUT tcp 21, GOPHER tcp 70, GRE ip 47, H323 tcp 1503 tcp 1720 udp 1719, HTTP tcp 80, HTTPS tcp 443,
IKE udp 500 udp 4500, IMAP tcp 143, IMAPS tcp 993, INFO_ADDRESS icmp 17, INFO_REQUEST icmp 15, IRC tcp 6660-6669,
Internet-Locator-Service tcp 389, KERBEROS tcp 88 tcp 464 udp 88 udp 464, L2TP tcp 1701 udp 1701, LDAP tcp 389,
LDAP_UDP udp 389, MGCP udp 2427 udp 2727, MMS tcp 1755 udp 1024-5000, MS-SQL tcp 1433-1434, MYSQL tcp 3306,
NFS tcp 111 tcp 2049 udp 111 udp 2049, NNTP tcp 119, NONE tcp 0, NTP tcp 123 udp 123, NetMeeting tcp 1720,
ONC-RPC tcp 111 udp 111, OSPF ip 89, PC-Anywhere tcp 5631 udp 5632, PING icmp 8, PING6 icmp6 128, POP3 tcp 110,
POP3S tcp 995, PPTP tcp 1723, QUAKE udp 26000 udp 27000 udp 27910 udp 27960, RADIUS udp 1812-1813,
RADIUS-OLD udp 1645-1646, RAUDIO udp 7070, RDP tcp 3389, REXEC tcp 512, RIP udp 520, RLOGIN tcp 513:512-1023,
RSH tcp 514:512-1023, RTSP tcp 554 tcp 7070 tcp 8554 udp 554, SAMBA tcp 139, SCCP tcp 2000, SIP tcp 5060 udp 5060,
SIP-MSNmessenger tcp 1863, SMB tcp 445, SMTP tcp 25, SMTPS tcp 465, SNMP tcp 161-162 udp 161-162,
SOCKS tcp 1080 udp 1080, SQUID tcp 3128, SSH tcp 22, SYSLOG udp 514, TALK udp 517-518, TELNET tcp 23, TFTP udp 69,
TIMESTAMP icmp 13, TRACEROUTE udp 33434-33535, UUCP tcp 540, VDOLIVE tcp 7000-7010, VNC tcp 5900, WAIS tcp 210,
WINFRAME tcp 1494 tcp 2598, WINS tcp 1512 udp 1512, X-WINDOWS tcp 6000-6063
"""
SRX = """
any any, junos-bgp tcp 179, junos-dhcp-client udp 68, junos-dhcp-server udp 67, junos-dns-tcp tcp 53,
junos-dns-udp udp 53, junos-finger tcp 79, junos-ftp tcp 21, junos-gopher tcp 70, junos-gre ip 47,
junos-http tcp 80, junos-https tcp 443, junos-icmp-all icmp, junos-icmp-ping icmp 8, junos-icmp6-all icmp6,
junos-icmp6-echo-request icmp6 128, junos-ident tcp 113, junos-ike udp 500, junos-ike-nat udp 4500,
junos-imap tcp 143, junos-imaps tcp 993, junos-ldap tcp 389, junos-mail tcp 25, junos-ms-rpc-tcp tcp 135,
junos-ms-rpc-udp udp 135, junos-ms-sql tcp 1433, junos-nbds udp 138, junos-nbname udp 137,
junos-netbios-session tcp 139, junos-nntp tcp 119, junos-ntp udp 123, junos-ospf ip 89, junos-ping icmp 8,
junos-pingv6 icmp6 128, junos-pop3 tcp 110, junos-pptp tcp 1723, junos-radacct udp 1813, junos-radius udp 1812,
junos-rip udp 520, junos-rlogin tcp 513, junos-rsh tcp 514, junos-rtsp tcp 554, junos-smb-session tcp 445,
junos-smtp tcp 25, junos-sql-monitor udp 1434, junos-ssh tcp 22, junos-syslog udp 514, junos-tacacs tcp 49,
junos-tcp-any tcp 0-65535, junos-telnet tcp 23, junos-tftp udp 69, junos-udp-any udp 0-65535, junos-whois tcp 43
"""
PALOALTO = """
dns tcp 53 udp 53, dns-base tcp 53 udp 53, kerberos tcp 88 udp 88, ldap tcp 389 udp 389, ms-rdp tcp 3389 udp 3389,
mssql-db tcp 1433, mssql-mon udp 1434, mysql tcp 3306, ntp udp 123, ntp-base udp 123, oracle tcp 1521, ping icmp 8,
postgres tcp 5432, smtp tcp 25, smtp-base tcp 25, snmp udp 161, ssh tcp 22, syslog udp 514, telnet tcp 23
"""
ASA_PORTS = """
aol 5190, bgp 179, biff 512, bootpc 68, bootps 67, chargen 19, cifs 3020, citrix-ica 1494, cmd 514, ctiqbe 2748,
daytime 13, discard 9, dnsix 195, domain 53, echo 7, exec 512, finger 79, ftp 21, ftp-data 20, gopher 70, h323 1720,
hostname 101, http 80, https 443, ident 113, imap4 143, irc 194, isakmp 500, klogin 543, kshell 544, ldap 389,
ldaps 636, login 513, lotusnotes 1352, lpd 515, mobile-ip 434, nameserver 42, netbios-dgm 138, netbios-ns 137,
netbios-ssn 139, nfs 2049, nntp 119, ntp 123, pcanywhere-data 5631, pcanywhere-status 5632, pim-auto-rp 496, pop2 109,
pop3 110, pptp 1723, radius 1645, radius-acct 1646, rip 520, rsh 514, rtsp 554, secureid-udp 5510, sip 5060, smtp 25,
snmp 161, snmptrap 162, sqlnet 1521, ssh 22, sunrpc 111, syslog 514, tacacs 49, talk 517, telnet 23, tftp 69, time 37,
uucp 540, vxlan 4789, who 513, whois 43, www 80, xdmcp 177
"""
ASA_PROTOCOLS = """
ip 0, icmp 1, igmp 2, ipinip 4, ipip 4, tcp 6, igrp 9, udp 17, ipv6 41, gre 47, pptp 47, esp 50, ipsec 50, ah 51,
icmp6 58, icmpv6 58, ipv6-icmp 58, eigrp 88, ospf 89, nos 94, pim 103, pcp 108, snp 109, vrrp 112, l2tp 115, sctp 132,
udplite 136
"""
ASA_MESSAGES = {
    ICMP: """
alternate-address 6, conversion-error 31, echo 8, echo-reply 0, information-reply 16, information-request 15,
mask-reply 18, mask-request 17, mobile-redirect 32, parameter-problem 12, redirect 5, router-advertisement 9,
router-solicitation 10, source-quench 4, time-exceeded 11, timestamp-reply 14, timestamp-request 13, traceroute 30,
unreachable 3
""",
    ICMP6: """
echo 128, echo-reply 129, membership-query 130, membership-reduction 132, membership-report 131,
neighbor-advertisement 136, neighbor-redirect 137, neighbor-solicitation 135, packet-too-big 2, parameter-problem 4,
router-advertisement 134, router-renumbering 138, router-solicitation 133, time-exceeded 3, unreachable 1
""",
}
SRX_PORTS = """
bgp 179, domain 53, ftp 21, ftp-data 20, http 80, https 443, imap 143, kerberos-sec 88, ldap 389, netbios-dgm 138,
netbios-ns 137, netbios-ssn 139, nfsd 2049, ntp 123, pop3 110, pptp 1723, radacct 1813, radius 1812, smtp 25,
snmp 161, snmptrap 162, socks 1080, ssh 22, sunrpc 111, syslog 514, tacacs 49, telnet 23, tftp 69
"""


def pairs(table):
    """Name -> what is said of it."""
    return {name: said for name, _, said in (one.strip().partition(" ") for one in table.split(","))}


def say_span(span):
    first, last = span
    return str(first) if first == last else f"{first}-{last}"


def say_service(service):
    """A service as the tables above write it, one word after the other."""
    if service == EVERY_SERVICE:
        return "any"
    ((number, last),) = service.protocols
    assert number == last
    if number in (TCP, UDP):
        assert service.families == {4, 6}
        source = "" if service.source_ports == PORTS else ":" + ",".join(map(say_span, service.source_ports))
        name = "tcp" if number == TCP else "udp"
        return " ".join(f"{name} {say_span(span)}{source}" for span in service.ports)
    if number in (ICMP, ICMP6):
        assert service.families == ({4} if number == ICMP else {6})
        name = "icmp" if number == ICMP else "icmp6"
        if service.ports == PORTS:
            return name
        ((first, last),) = service.ports
        assert (first % 256, last) == (0, first + 255)
        return f"{name} {first // 256}"
    assert (service.ports, service.families) == (PORTS, {4, 6})
    return f"ip {number}"


def say_services(services):
    return " ".join(map(say_service, services))


def test_services_of_a_fortigate_are_those_from_the_factory():
    said = {}
    for name, services in fortigate_services.PREDEFINED.items():
        assert services.vague == ()
        said[name] = say_services(services.clear)
    assert said == pairs(FORTIGATE)


def test_applications_of_an_srx_are_those_of_its_defaults():
    said = {}
    for name, services in srx_objects._KNOWN.items():
        assert services.vague == ()
        said[name] = say_services(services.clear)
    assert said == pairs(SRX)


def test_applications_of_a_palo_alto_that_have_ports_of_their_own_are_these():
    assert {name: say_services(found) for name, found in paloalto_objects._APPLICATIONS.items()} == pairs(PALOALTO)


def test_words_of_an_asa_stand_for_numbers():
    known = {name: int(said) for name, said in pairs(ASA_PORTS).items()}
    assert {name: asa_words.read_port(name) for name in asa_words._PORTS} == known
    known = {name: int(said) for name, said in pairs(ASA_PROTOCOLS).items()}
    assert {name: asa_words.read_protocol(name) for name in ("ip", *asa_words.PROTOCOLS)} == known
    for protocol, table in ASA_MESSAGES.items():
        known = {name: int(said) for name, said in pairs(table).items()}
        assert {name: asa_words.read_message(name, protocol) for name in asa_words._MESSAGES[protocol]} == known
    assert asa_words.PORTED == {"tcp": (6,), "udp": (17,), "tcp-udp": (6, 17), "sctp": (132,)}


def test_ports_of_an_srx_have_names():
    assert {name: int(said) for name, said in pairs(SRX_PORTS).items()} == srx_objects._PORTS
    assert srx_objects._TYPES == {"echo-request": 8, "echo-reply": 0, "unreachable": 3, "time-exceeded": 11}


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("Email Access", "tcp 53, udp 53, tcp 143, tcp 993, tcp 110, tcp 995, tcp 25, tcp 465"),
        ("Exchange Server", "tcp 135, udp 135, tcp 53, udp 53, tcp 443"),
        ("Web Access", "tcp 53, udp 53, tcp 80, tcp 443"),
        ("Windows AD", ("tcp 135, udp 135, tcp 53, udp 53, tcp 88, tcp 464, udp 88, udp 464, tcp 389, "
         "udp 389, tcp 139, tcp 445")),
    ],
)  # fmt: skip
def test_groups_of_a_fortigate_have_the_members_from_the_factory(group, members):
    objects = 'config firewall address\n    edit "all"\n    next\nend\n'
    ruleset = read(configuration(policy(1, srcaddr='"all"', dstaddr='"all"', srcintf=None, dstintf=None,
                                        service=f'"{group}"'), objects=objects))  # fmt: skip
    opened = {
        f"{protocol} {port}"
        for protocol in ("tcp", "udp")
        for port in (22, 25, 53, 80, 88, 110, 135, 139, 143, 389, 443, 445, 464, 465, 993, 995)
        if decide(ruleset, Packet(source="10.1.0.5", destination="10.0.0.10", protocol=protocol, port=port))[0]
        == "open"
    }
    assert opened == {one.strip() for one in members.split(",")}


HARMLESS = """
action-type anti-replay auth-cert auth-path auth-redirect-addr auto-asic-offload block-notification capture-packet
captive-portal-exempt comment comments custom-log-fields decrypted-traffic-mirror deep-inspection-options
delay-tcp-npu-session diffserv-copy diffserv-forward diffserv-reverse diffservcode-forward diffservcode-rev dlp-sensor
dsri dynamic-shaping fec firewall-session-dirty fixedport fsso fsso-agent-for-ntlm geoip-anycast geoip-match
global-label inbound inspection-mode ippool ips-sensor ips-voip-filter label log-http-transaction logtraffic
logtraffic-start name nat natinbound natip natoutbound np-acceleration ntlm-enabled-browsers
outbound passive-wan-health-measurement pcp-outbound pcp-poolname per-ip-shaper permit-any-host
permit-stun-host policyid poolname poolname6 port-preserve profile-group profile-protocol-options profile-type
redirect-url replacemsg-override-group reputation-direction reputation-direction6 rsso rtp-addr
scan-botnet-connections schedule-timeout send-deny-packet session-ttl ssl-mirror ssl-mirror-intf tcp-mss-receiver
tcp-mss-sender tcp-session-without-syn tcp-timeout-pid timeout-send-rst tos traffic-shaper traffic-shaper-reverse
udp-timeout-pid utm-status uuid vlan-cos-fwd vlan-cos-rev vpntunnel wanopt wanopt-detection wanopt-passive-opt
wanopt-peer wanopt-profile webcache webcache-https webproxy-forward-server wsso ztna-tags-match-logic
av-profile application-list ssl-ssh-options
"""
READ = """
dstaddr-negate dstaddr4 dstaddr6 dstaddr6-negate interface internet-service internet-service-src internet-service6
internet-service6-src match-vip service-negate srcaddr-negate srcaddr4 srcaddr6 srcaddr6-negate
"""


def test_settings_of_a_fortigate_that_narrow_nothing_leave_a_policy_as_it_is():
    """All of them at once: one that isn't known would make the policy unclear."""
    settings = {key.replace("-", "_"): "enable" for key in HARMLESS.split()}
    assert state(configuration(policy(1, **settings))) == ("open", 'policy 1 "enable"')
    switched_off = {key.replace("-", "_"): "disable" for key in READ.split() if key.endswith("negate")}
    assert state(configuration(policy(1, **switched_off, match_vip="enable"))) == ("open", "policy 1")


NAMED = ["groups", "users", "fsso-groups", "devices", "application", "app-category", "app-group", "url-category"]


@pytest.mark.parametrize("key", NAMED)
def test_settings_of_a_fortigate_that_name_whose_packets_are_meant_are_told_with_their_values(key):
    assert state(configuration(policy(1, **{key.replace("-", "_"): '"kim"'}))) == ("unknown", f"{key} kim")
