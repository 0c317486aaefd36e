"""Where a link of a document leads when it is clicked: to a page or a mailbox, or to a file, a share or a program."""

import re

PAGES = frozenset({"http", "https", "mailto", "tel"})
"""Schemes (RFC 3986, section 3.1) that open a browser, a mail or a call, and no file."""

_UNSEEN = re.compile(r"[\0-\x20\x7f]")
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):", re.I)


def leads_astray(address: str, *, has_pages_without_scheme: bool) -> bool:
    """Tell whether a link opens anything but a page, a mail or a call.

    `has_pages_without_scheme`: whether `www.example.com` is a page to the program that shows the document, as it is
    to readers of PDF; Office takes all but `#place` for a file, or for a program with its arguments.
    """
    seen = _UNSEEN.sub("", address)  # as browsers read it
    if scheme := _SCHEME.match(seen):
        return scheme[1].lower() not in PAGES
    if not seen or seen.startswith("#"):
        return False
    return not has_pages_without_scheme or seen.replace("\\", "/").startswith("//")
