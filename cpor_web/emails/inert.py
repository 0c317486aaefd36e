"""Makes what people typed harmless in a mail: nothing of it becomes a link, hides, turns around or adds lines."""

import re
import unicodedata
from typing import Any

from cpor_web.rules.characters import HIDDEN

QUOTED = frozenset({"comment", "words"})
"""What people wrote in several lines, and mails quote as such. All else stays on one line."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(\+\d\d:\d\d|Z)?")
# Labels end in marks and emoji too, so what parts words is named, not what makes them.
_GAP = r"\s!-/:-@\[-^`{-~\u00ab\u00bb\u2010-\u2027\u2030-\u205e"
_JOINT = re.compile(r"[@＠﹫.。．｡﹒:](?=\S)")  # whatever is like a link has one of these before its next word
_LINK_LIKE = re.compile(
    rf"""(?<=[^{_GAP}])(?:
        [@＠﹫](?=[^{_GAP}])
        | [.。．｡﹒](?=[^{_GAP}]{{2}})(?!(?<=\d.)\d)  # IDNA takes four dots; numbers and dates keep theirs,
        | (?<=\d)[.。．｡﹒](?=\d+[.。．｡﹒]\d+[.。．｡﹒]\d)  # IP addresses do not
        | :(?=//)
    )""",
    re.VERBOSE,
)


def inert(value: Any, name: str = "") -> Any:
    """Return a mail's facts with every text in them harmless; `name` is the fact's own.

    Dots, at-signs and colons that join words as in an address get brackets; control, format and bidi characters go.
    """
    if isinstance(value, str):
        return _inert(value) if name in QUOTED else " ".join(_inert(value).split())
    if isinstance(value, list):
        return [inert(item, name) for item in value]
    if isinstance(value, dict):
        return {key: inert(item, key) for key, item in value.items()}
    return value


def _inert(text: str) -> str:
    has_nothing_hidden = text.isprintable()
    if has_nothing_hidden and not _JOINT.search(text):
        return text  # as nearly all that people type
    if _MOMENT.fullmatch(text):
        return text  # ours, with a dot before its microseconds; no link has this form
    return _LINK_LIKE.sub(lambda match: f"[{match.group()}]", text if has_nothing_hidden else _visible(text))


def _visible(text: str) -> str:
    lines = re.split(r"\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029]", text.replace("\t", " "))
    return "\n".join("".join(c for c in line if unicodedata.category(c) not in HIDDEN) for line in lines)
