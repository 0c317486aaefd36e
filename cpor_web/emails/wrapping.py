"""Plain text for narrow windows: lines of at most 76 characters, links in one piece."""

import re
import textwrap

WIDTH = 76
"""RFC 5322 advises at most 78; mail programs that quote a mail need two of them."""

_LINK = re.compile(r"https?://\S+")
_LEAD = re.compile(r"(> |- )?")


def wrapped(text: str) -> str:
    """Break long lines at spaces; a bullet's lines stay indented, a quotation's stay quoted.

    A line that is one link stays whole, whatever its length: mail programs do not mend broken links.
    """
    return _line(text) if text.isprintable() else "\n".join(map(_line, text.splitlines()))


def quoted(text: str) -> str:
    """Set each line of what a person wrote behind a `> `, so that nobody takes it for our own words."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def _line(line: str) -> str:
    if (len(line) <= WIDTH and line.isprintable() and not line.endswith(" ")) or _LINK.fullmatch(line):
        return line
    lead = _LEAD.match(line)
    first = lead.group() if lead else ""
    rest = first if first == "> " else " " * len(first)
    words = line[len(first) :]
    if words and line.isprintable() and "  " not in words and words == words.strip():
        broken = _broken(words, first, rest)
        if broken is not None:
            return broken
    return (
        textwrap.fill(words, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
        or first.rstrip()
    )


def _broken(words: str, first: str, rest: str) -> str | None:
    """Break words with single blanks between them as `textwrap` does, None where one is wider than a line."""
    lines, indent = [], first
    while len(words) > WIDTH - len(indent):
        at = words.rfind(" ", 0, WIDTH - len(indent) + 1)
        if at < 0:
            return None
        lines.append(indent + words[:at])
        words, indent = words[at + 1 :], rest
    return "\n".join([*lines, indent + words])
