"""What can be wrong with a link, a key ring or a header.

No message quotes a token, a key or a URL: an error may be logged, a working link must not be.
"""


class LinkError(Exception):
    """Something about a consent link is wrong; the base of every exception of this library."""


class BadLink(LinkError):
    """The text is not a link of ours: malformed, altered, cut, of another purpose, or of a retired key.

    One error with one message for all of them, so that nobody can learn from it how near a guess was.
    """

    def __init__(self) -> None:
        super().__init__("not a link of ours")


class BadId(LinkError):
    """An id to sign is not 16 bytes long.

    `length` is the number of bytes it has.
    """

    def __init__(self, length: int) -> None:
        super().__init__(f"an id has 16 bytes, not {length}")
        self.length = length


class BadKeyRing(LinkError):
    """The keys do not make a ring: there are none, one is there twice, or they are a single string.

    `reason` says which, without any key.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"bad key ring: {reason}")
        self.reason = reason


class WeakKey(BadKeyRing):
    """A key is shorter than 32 bytes.

    `length` is the number of bytes it has; `position` counts from 1 in the ring, newest first, and is None for a
    key that was looked at alone.
    """

    def __init__(self, length: int, position: int | None = None) -> None:
        which = "the key" if position is None else f"key {position}"
        super().__init__(f"{which} has {length} bytes, and needs at least 32")
        self.length = length
        self.position = position


class UnknownKey(LinkError):
    """A link is to be signed with a key that is not in the ring: it was retired, or never there.

    `key` is its `key_id`.
    """

    def __init__(self, key: str) -> None:
        super().__init__(f"no key {key} in the ring")
        self.key = key


class HeaderUnsafe(LinkError):
    """A URL cannot stand in a mail header: no https, no host, or characters that would end or re-encode it.

    `reason` says which, without the URL.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"URL not fit for a header: {reason}")
        self.reason = reason


class LinkTooLong(LinkError):
    """A URL does not fit on one header line.

    `length` and `limit` are in characters.
    """

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"a URL of {length} characters does not fit on one header line; {limit} do")
        self.length = length
        self.limit = limit
