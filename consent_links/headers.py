"""The two header fields behind a mail program's own "unsubscribe" button (RFC 2369, RFC 8058)."""

import email.policy
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from consent_links.exc import HeaderUnsafe, LinkTooLong

_LINE_LIMIT = 998  # RFC 5322, section 2.1.1, without the line's end
URL_LIMIT = _LINE_LIMIT - len("List-Unsubscribe: <>")

# RFC 3986, appendix A, but for "#": what follows it is never sent to the server.
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
_ONE_CLICK_FIELD = "List-Unsubscribe"
_ONE_CLICK_VALUE = "One-Click"


HEADER_POLICY = email.policy.SMTP.clone(max_line_length=_LINE_LIMIT)
"""The policy to serialize a message with that carries `one_click_headers`.

The standard policy breaks a header after 78 characters: a `List-Unsubscribe` with a URL of 59 or more goes out on two
lines, or as `=?utf-8?q?…`, and mail programs then show no button. RFC 5322 allows 998.

It breaks no other header either, so a long one that is not ASCII becomes one encoded word of more than the 75
characters of RFC 2047. Encode such a header first: `email.header.Header(text, "utf-8", maxlinelen=75).encode()`.
"""


def one_click_headers(url: str, *, allow_http: bool = False) -> dict[str, str]:
    """Return the two header fields that offer `url` for unsubscribing with one request: both, or an error.

    `url` is absolute and ASCII, at most `URL_LIMIT` characters, with the token in its path or query. RFC 8058 wants
    https; `allow_http` is for a developer's machine.

    Raises `HeaderUnsafe` for a URL that a header cannot hold as it is, `LinkTooLong` for one that fills more than
    a line.
    """
    _check_url(url, allow_http=allow_http)
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": f"{_ONE_CLICK_FIELD}={_ONE_CLICK_VALUE}",
    }


def is_one_click(form: Mapping[str, object]) -> bool:
    """Tell whether a parsed POST body says `List-Unsubscribe=One-Click` (RFC 8058, section 3.2).

    `form` maps each field's name to its value, whether it came urlencoded or as multipart. Without the pair the
    request is not a person's click: something merely posted to the address.
    """
    return form.get(_ONE_CLICK_FIELD) == _ONE_CLICK_VALUE


def _check_url(url: str, *, allow_http: bool) -> None:
    # The characters come first: urlsplit silently drops line ends.
    if not _URL_CHARACTERS.fullmatch(url):
        raise HeaderUnsafe("it has characters that must be percent-encoded, or none, or a fragment")
    if "=?" in url:
        raise HeaderUnsafe('it has "=?", which starts an encoded word')
    try:
        parts = urlsplit(url)
    except ValueError:
        raise HeaderUnsafe("its host is malformed") from None
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise HeaderUnsafe("it is not https")
    if not parts.hostname:
        raise HeaderUnsafe("it has no host")
    if len(url) > URL_LIMIT:
        raise LinkTooLong(len(url), URL_LIMIT)
