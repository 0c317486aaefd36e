"""Asks the DNS, and tells "there is none" from "nobody answered"."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver

PATIENCE = 5.0
"""Seconds for one question, all name servers and repeats together."""


class Silent(Exception):
    """No name server gave an answer: of the record nothing is known."""


class Names:
    """The system's resolver, or the one at `server` ("192.0.2.53", "192.0.2.53:5353"; ValueError for others)."""

    def __init__(self, server: str = "") -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.resolver.Resolver(configure=False)
        if server:
            host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(str(ip_address(host)), int(port or 53))]

    def texts(self, name: str) -> list[str]:
        """Return the TXT records at a name, each as one text; raises Silent."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._asked(name, "TXT")]

    def exchangers(self, name: str) -> list[str]:
        """Return the hosts that take mail for a domain, the best first; [""] where it takes none (RFC 7505)."""
        records = sorted(self._asked(name, "MX"), key=lambda record: record.preference)
        return [record.exchange.to_text(omit_final_dot=True).rstrip(".") for record in records]

    def has_address(self, name: str) -> bool:
        """Tell whether a host has an address, of either kind."""
        return any(True for kind in ("A", "AAAA") for _ in self._asked(name, kind))

    def _asked(
        self, name: str, kind: str
    ) -> Iterator[Any]:  # dnspython has no type that tells the records of one kind
        try:
            yield from self._resolver.resolve(name, kind, lifetime=PATIENCE, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return
        except (dns.exception.DNSException, OSError) as error:
            raise Silent(str(error) or type(error).__name__) from error
