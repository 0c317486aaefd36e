"""Pictures that browsers show safely, told by their content and not by their name."""

import re

_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def picture_type(content: bytes) -> str:
    """Return the media type of a picture, told by its content; empty where it is none that browsers show safely."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if re.match(
        rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>\[]*>\s*)?<svg[\s>]",
        content,
        re.DOTALL,
    ):
        return "image/svg+xml"
    return next((kind for start, kind in _BEGINNINGS.items() if content.startswith(start)), "")
