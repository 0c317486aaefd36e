"""Everything that a person can get to see: each page that links lead to, and each file behind them."""

from urllib.parse import urldefrag, urljoin

from tests.support.person import Person

MOST = 1000
SAMPLES = "/review/preview/"
"""Previews have sample facts only, and are hundreds: each mail, in each language."""


def all_answers(person: Person, *beginnings: str) -> dict[str, str]:
    """Return every answer that somebody gets who begins at these paths and follows each link, by address."""
    open_, read = [person.home + path for path in beginnings], dict[str, str]()
    while open_:
        address = open_.pop()
        if address in read or not address.startswith(f"{person.home}/") or SAMPLES in address:
            continue
        assert len(read) < MOST, f"there is no end to it: {list(read)[-5:]}"
        person.open(address)
        assert person.status == 200, f"{person.status} at {address}"
        read[address] = str(person.page)
        open_ += (_whole(person, str(link["href"])) for link in person.page("a", href=True))
    return read


def _whole(person: Person, href: str) -> str:
    return urldefrag(urljoin(person.address, href)).url
