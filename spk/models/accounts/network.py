"""The addresses that a key may be used from: IPv4 and IPv6 networks (RFC 4632, RFC 4291)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from spk.models.refusal import InvalidValue

MOST = 50  # networks of a key
LONGEST = 49  # characters, as in ffff:…:255.255.255.255/128


def read(text: str) -> tuple[str, ...]:
    """Networks from lines or a list with commas, as clean() has them; raises InvalidValue."""
    if len(text) > 2 * MOST * LONGEST:
        raise InvalidValue(f"List {MOST} addresses or fewer.")
    return clean(filter(None, re.split(r"[\s,;]+", text)))


def clean(given: Iterable[str]) -> tuple[str, ...]:
    """Networks in their usual form, each once; raises InvalidValue naming what is none."""
    found = tuple(dict.fromkeys(map(_clean_one, given)))
    if len(found) > MOST:
        raise InvalidValue(f"List {MOST} addresses or fewer.")
    return found


def is_network(text: str) -> bool:
    try:
        return bool(_clean_one(text))
    except InvalidValue:
        return False


def contains(networks: Iterable[str], address: str | None) -> bool:
    """Whether an address is in one of the networks; an unknown one is in none."""
    try:
        seen = ip_address(address or "")
    except ValueError:  # a unix socket has none
        return False
    if isinstance(seen, IPv6Address) and seen.ipv4_mapped:
        seen = seen.ipv4_mapped
    return any(seen in _parse(network) for network in networks)


def _clean_one(text: str) -> str:
    try:
        if len(text) > LONGEST or "%" in text:
            raise ValueError
        network = _unmap(ip_network(text, strict=False))
    except ValueError:
        raise InvalidValue(f"“{text[:60]}” is not an address like 203.0.113.7 or 2001:db8::/32.") from None
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _unmap(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """The IPv4 network that an IPv6 one stands for (RFC 4291, 2.5.5.2)."""
    mapped = isinstance(network, IPv6Network) and network.network_address.ipv4_mapped
    return ip_network(f"{mapped}/{network.prefixlen - 96}") if mapped and network.prefixlen >= 96 else network


@lru_cache(maxsize=1024)
def _parse(network: str) -> IPv4Network | IPv6Network:
    return ip_network(network)
