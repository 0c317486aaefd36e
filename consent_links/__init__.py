"""Links that someone can use to say no, without signing in.

A consent link carries 16 random bytes and a 128-bit signature: 45 characters that hold no name, no address
and no time, survive mail programs, and mean something only to the database that knows the 16 bytes.

    >>> from consent_links import BadLink, LinkSigner, new_id, one_click_headers
    >>> newest, older = "n" * 32, "o" * 32  # in earnest: secrets.token_urlsafe(32), kept out of the code
    >>> deny = LinkSigner([newest, older], purpose="deny")
    >>> id = new_id()  # keep this in the row that the link is about
    >>> token = deny.sign(id)  # put this into the mail; the same for every re-send
    >>> len(token)
    45
    >>> deny.verify(token) == id
    True

Each purpose signs with a key of its own, so no link can be turned into another kind of link:

    >>> LinkSigner([newest, older], purpose="undo").verify(token)
    Traceback (most recent call last):
        ...
    consent_links.exc.BadLink: not a link of ours

To rotate, put a new key first: it signs from then on, and the others still verify. To retire a key, take it
out: its links end. `LinkSigner.signed_by` and `key_id` tell which key a link still needs, and `key=` makes the very
link again that an older key of the ring made.

A link in a mail's header lets the mail program show a button of its own (RFC 8058):

    >>> header = LinkSigner([newest, older], purpose="header")
    >>> sorted(one_click_headers("https://example.org/o/" + header.sign(id)))
    ['List-Unsubscribe', 'List-Unsubscribe-Post']

Serialize such a message with `HEADER_POLICY`, or the header may be broken in two and ignored. The endpoint
behind it is `consent_links.blueprint.one_click_blueprint` for Flask; any other framework needs `verify` and
`is_one_click`. What a link may still do, and until when, is for the caller's database to say: a good signature
proves only who made the link.
"""

from consent_links.exc import BadId, BadKeyRing, BadLink, HeaderUnsafe, LinkError, LinkTooLong, UnknownKey, WeakKey
from consent_links.headers import HEADER_POLICY, URL_LIMIT, is_one_click, one_click_headers
from consent_links.links import ID_BYTES, KEY_BYTES, TOKEN_LENGTH, LinkSigner, key_id, new_id

__all__ = [
    "HEADER_POLICY",
    "ID_BYTES",
    "KEY_BYTES",
    "TOKEN_LENGTH",
    "URL_LIMIT",
    "BadId",
    "BadKeyRing",
    "BadLink",
    "HeaderUnsafe",
    "LinkError",
    "LinkSigner",
    "LinkTooLong",
    "UnknownKey",
    "WeakKey",
    "is_one_click",
    "key_id",
    "new_id",
    "one_click_headers",
]
