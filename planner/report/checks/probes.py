"""What is sent to services over UDP so that they answer: a question of their own protocol that changes nothing there.

Nobody logs in, and nothing is asked for but an answer of whatever kind. Written in the notation of printf in scripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question for one port over UDP."""

    port: str
    """As IANA registered it for the protocol."""
    name: str
    question: bytes
    must: bool
    """Whether a service that is up answers it for sure; then no answer in time means that the way is closed."""


def _wrap(tag: int, *parts: bytes) -> bytes:
    """A value in BER with a definite length (X.690, section 8.1)."""
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + body


def _integer(value: int) -> bytes:
    return _wrap(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _text(value: bytes, tag: int = 0x1B) -> bytes:
    return _wrap(tag, value)


def _field(number: int, *parts: bytes) -> bytes:
    """A field of a sequence with its number in context."""
    return _wrap(0xA0 + number, *parts)


def _principal(kind: int, *names: bytes) -> bytes:
    """A PrincipalName (RFC 4120, section 5.2.2)."""
    return _wrap(0x30, _field(0, _integer(kind)), _field(1, _wrap(0x30, *map(_text, names))))


_REALM = b"CHECK"
_PLAIN = 0x80
"""The tag of a value that is known by its number in context and holds no others."""


def _ask_for_ticket() -> bytes:
    """An AS-REQ (RFC 4120, section 5.4.1) for nobody in a realm that isn't there: answered by a KRB-ERROR."""
    body = _wrap(
        0x30,
        _field(0, _wrap(0x03, b"\x00\x40\x00\x00\x00")),
        _field(1, _principal(1, b"port-check")),
        _field(2, _text(_REALM)),
        _field(3, _principal(2, b"krbtgt", _REALM)),
        _field(5, _text(b"20370913024805Z", 0x18)),
        _field(7, _integer(1_234_567)),
        _field(8, _wrap(0x30, _integer(18), _integer(17), _integer(23))),
    )
    return _wrap(0x6A, _wrap(0x30, _field(1, _integer(5)), _field(2, _integer(10)), _field(4, body)))


def _ask_to_change() -> bytes:
    """A request to change a password (RFC 3244, section 2) with a ticket that nobody made: it can only be refused."""
    sealed = _wrap(0x30, _field(0, _integer(18)), _field(2, _wrap(0x04, b"\x00" * 16)))
    ticket = _wrap(
        0x61,
        _wrap(
            0x30,
            _field(0, _integer(5)),
            _field(1, _text(_REALM)),
            _field(2, _principal(2, b"kadmin", b"changepw")),
            _field(3, sealed),
        ),
    )
    request = _wrap(
        0x6E,
        _wrap(
            0x30,
            _field(0, _integer(5)),
            _field(1, _integer(14)),
            _field(2, _wrap(0x03, b"\x00" * 5)),
            _field(3, ticket),
            _field(4, sealed),
        ),
    )
    private = _wrap(0x75, _wrap(0x30, _field(0, _integer(5)), _field(1, _integer(21)), _field(3, sealed)))
    size = 6 + len(request) + len(private)
    return size.to_bytes(2) + b"\x00\x01" + len(request).to_bytes(2) + request + private


def _ask_directory() -> bytes:
    """A search of the directory's root for the time (RFC 4511, section 4.5.1; over UDP: RFC 1798)."""
    search = _wrap(
        0x63,
        _text(b"", 0x04),
        _wrap(0x0A, b"\x00"),
        _wrap(0x0A, b"\x00"),
        _integer(1),
        _integer(1),
        _wrap(0x01, b"\x00"),
        _text(b"objectClass", _PLAIN + 7),
        _wrap(0x30, _text(b"currentTime", 0x04)),
    )
    return _wrap(0x30, _integer(1), search)


_ALL = (
    Probe(
        port="53",
        name="DNS: the name servers of the root (RFC 1035, section 4.1)",
        question=b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01",
        must=True,
    ),
    Probe(port="88", name="Kerberos: a ticket for nobody", question=_ask_for_ticket(), must=True),
    Probe(
        port="123",
        name="NTP: the time, as a client of version 3 (RFC 5905, section 7.3)",
        question=b"\x1b" + b"\x00" * 47,
        must=True,
    ),
    Probe(port="389", name="LDAP: the time of the directory", question=_ask_directory(), must=True),
    Probe(port="464", name="Kerberos passwords: a change that is refused", question=_ask_to_change(), must=False),
    Probe(port="1434", name="SQL Server Browser: its instances (MS-SQLR, 2.2.1)", question=b"\x02", must=True),
)
PROBES: Mapping[str, Probe] = {probe.port: probe for probe in _ALL}
"""By UDP port. Of kpasswd not every server answers what it can't read, so no answer of it proves nothing."""
