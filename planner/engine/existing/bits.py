"""Sets of small numbers, such as the rows of a table or the endpoints of a plan, as the bits of one number. Pure."""

from collections.abc import Iterable, Iterator
from struct import iter_unpack


def to_bits(numbers: Iterable[int], size: int) -> int:
    """A whole number with these bits set, each of 0 to `size`."""
    bits = bytearray(size // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def list_bits(bits: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest: a step for each 64, and one for each that is set."""
    data = bits.to_bytes((bits.bit_length() + 63) // 64 * 8, "little")
    for place, (left,) in enumerate(iter_unpack("<Q", data)):
        word = left
        while word:
            low = word & -word
            yield 64 * place + low.bit_length() - 1
            word ^= low
