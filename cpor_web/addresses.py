"""Mail addresses as the wire takes them."""

import re

import idna

LONGEST = 320
"""Characters: 64, an @ and 255 (RFC 5321, 4.5.3.1). Parsers of addresses take seconds for a million of them."""

# RFC 5321's dot-string at a domain. Quoted local parts, address literals and lists are left out on purpose:
# nobody's customer contact has one, and each of them is a way to smuggle a second address past a parser.
_ADDRESS = re.compile(
    r"""[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f-\x9f]{1,64}@[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f-\x9f]{1,255}"""
)


class UnsupportedAddress(ValueError):
    """An `address`, as it was given, that no mail of ours can carry."""

    def __init__(self, address: str) -> None:
        super().__init__("not a mail address that we can write to")  # logs are no place for people's addresses
        self.address = address


def is_address(address: str) -> bool:
    """Tell whether this is one plain address, safe to stand in an SMTP command or a header."""
    return _ADDRESS.fullmatch(address) is not None


def ascii_domain(domain: str) -> str:
    """Return a domain in lower-case A-labels (IDNA 2008 after UTS 46, RFC 5891), as the wire takes it.

    Raises UnicodeError for what is none.
    """
    return idna.encode(domain, uts46=True).decode("ascii").lower()


def ascii_address(address: str) -> str:
    """Return an address in ASCII: the domain in A-labels (IDNA 2008, RFC 5891), the rest untouched.

    Raises UnsupportedAddress for what is not one plain address, or where its local part is not ASCII: such a mailbox
    needs SMTPUTF8 (RFC 6531) on every server on the way, and headers in UTF-8, which we do not write.
    """
    if address.isascii() and is_address(address):
        return address
    local, _, domain = address.rpartition("@")
    try:
        converted = f"{local}@{ascii_domain(domain)}"
    except UnicodeError:
        raise UnsupportedAddress(address) from None  # idna's own words quote the domain
    if not (converted.isascii() and is_address(address) and is_address(converted)):
        raise UnsupportedAddress(address)
    return converted
