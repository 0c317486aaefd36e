"""The headers of a mail as they stand in its bytes: what a parser would mend is what is looked for."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from cpor_web.emails.dkim import ONE_CLICK

ONE_CLICK_VALUE = b"List-Unsubscribe=One-Click"


def head(raw: bytes) -> list[tuple[str, bytes]]:
    """Return the header fields in order: name, and value with its folding, without the line's end."""
    fields = re.split(rb"\r\n(?![ \t])", raw.partition(b"\r\n\r\n")[0])
    return [
        (name.decode("ascii", "replace"), value) for name, _, value in (field.partition(b":") for field in fields)
    ]


def all_of(raw: bytes, name: str) -> list[bytes]:
    """Return the values of a header field, the topmost first, with their folding."""
    return [value.strip(b" ") for each, value in head(raw) if each.lower() == name.lower()]


def read(raw: bytes) -> EmailMessage:
    """Return the mail as mail programs read it."""
    return message_from_bytes(raw, EmailMessage, policy=policy.default)


def in_wire_form(raw: bytes) -> bytes:
    """Return a saved mail with the line ends of the wire; mail programs save it with others."""
    return re.sub(rb"\r?\n", b"\r\n", raw)


def has_one_click(raw: bytes) -> bool:
    return any(all_of(raw, name) for name in ONE_CLICK)


def problems_of_one_click(raw: bytes) -> list[str]:
    """Return why mail programs would not show their button (RFC 8058 section 3.1); empty where they would."""
    url, post = (all_of(raw, name) for name in ONE_CLICK)
    if len(url) != 1 or len(post) != 1:
        return [f"{len(url)} List-Unsubscribe and {len(post)} List-Unsubscribe-Post, where one of each belongs"]
    problems = []
    if b"\r\n" in url[0] or b"\r\n" in post[0]:
        problems.append("a one-click header is folded over several lines")
    if b"=?" in url[0] or b"=?" in post[0]:
        problems.append("a one-click header is an encoded word")
    if not re.search(rb"<https://[^\s<>]+>", url[0]):
        problems.append("List-Unsubscribe has no https address")
    if post[0] != ONE_CLICK_VALUE:
        problems.append(f"List-Unsubscribe-Post is not {ONE_CLICK_VALUE.decode()}")
    return problems
