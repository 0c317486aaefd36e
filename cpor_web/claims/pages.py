"""Pages that people name, checked against those that documents have, as far as these are counted."""

import re

from cpor_web.models import Document
from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_, Values

_PAGES = re.compile(
    r"(?:(?:p|pp|pages?|s|seiten?|sid(?:a|an|or)|blz|pagina(?:'s)?|oldal)[.:]?\s*)?(\d+(?:[\s,;–-]+\d+)*)\.?",
    re.ASCII | re.IGNORECASE,
)
"""A page, or several, in figures; what else stands there is taken as it is."""

_NAMED_PAGE = re.compile(
    r"\b(?:pages?|pp?\.|seiten?|s\.|sid(?:a|an|or)|blz\.?|pagina)\s*(\d{1,9})\b", re.ASCII | re.IGNORECASE
)
"""A page within other words; a word for it must stand there, as people write many numbers."""


def check_place(page: str, document: Document, name: str) -> None:
    """Raise Invalid where a page, said in figures, is none that the document has, as far as its pages are counted."""
    said = _PAGES.fullmatch(page)
    if said is None or document.pages is None:
        return
    if all(1 <= int(number) <= document.pages for number in re.findall(r"\d+", said[1], re.ASCII)):
        return
    about: Values = {"document": document.filename, "pages": document.pages}
    one = N_("“%(document)s” has one page. Enter 1, or leave the page empty.")
    several = N_("“%(document)s” has %(pages)s pages, counted from the file's first. Enter one of them.")
    raise Invalid(one if document.pages == 1 else several, about, field_name=name)


def check_words(words: str, last: int | None, name: str) -> None:
    """Raise Invalid where words to the partner name a page that no document has, as far as all are counted."""
    named = [int(number) for number in _NAMED_PAGE.findall(words)]
    if last is not None and any(not 1 <= number <= last for number in named):
        sentence = N_("“%(place)s”: no document of this claim has that page. The longest has %(pages)s.")
        raise Invalid(sentence, {"place": words, "pages": last}, field_name=name)
