"""Networks: addresses and CIDR blocks that a client may come from."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Networks:
    """A list of networks; it holds if the address lies in one of them."""

    items: tuple[Network, ...]

    @classmethod
    def parse(cls, value: object) -> Networks:
        """Read an address, a CIDR block or a list of those.  Raises ValueError in plain words."""
        texts = value if isinstance(value, list) else [value]
        if not texts:
            raise ValueError("an empty list matches nothing")
        return cls(tuple(network(text) for text in texts))

    def __contains__(self, address: str) -> bool:
        """Say whether an IP address, given as text, lies in one of the networks."""
        try:
            client = ip_address(address)
        except ValueError:
            return False
        return any(client in network for network in self.items)


def network(text: object) -> Network:
    """Read one address or CIDR block.  Raises ValueError in plain words."""
    if not isinstance(text, str):
        raise ValueError("give an address or a network such as 192.0.2.0/24")
    try:
        return ip_network(text)
    except ValueError as error:
        if "host bits set" in str(error):
            raise ValueError(f"{text} has host bits set; write {ip_network(text, strict=False)}") from None
        raise ValueError(f"{text} is no IP address or network such as 192.0.2.0/24") from None
