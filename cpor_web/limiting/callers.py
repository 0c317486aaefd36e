"""Who asks, as limits count them."""

from ipaddress import IPv4Address, ip_address, ip_network

from flask_limiter.util import get_remote_address

NETWORK_BITS = 64
"""Whoever has one IPv6 address has all of its network (RFC 4291, section 2.5.4): limits must not count each."""


def caller() -> str:
    """Return what stands for who asks, where a limit asks for it: an IPv4 address, or the network of an IPv6 one."""
    return counted_as(get_remote_address())


def counted_as(address: str) -> str:
    """Return what an address is counted as; what is none, as itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address) or parsed.ipv4_mapped is not None:
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)
    return str(ip_network((int(parsed) >> NETWORK_BITS << NETWORK_BITS, NETWORK_BITS)))
