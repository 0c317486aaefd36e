"""PDF (ISO 32000): nothing that runs, reaches out, or carries other files. Its pages are not drawn."""

from collections.abc import Iterator
from typing import IO, Any, BinaryIO, cast

import pikepdf

from cpor_web.inspection.findings import Finding, Found
from cpor_web.inspection.links import leads_astray

MOST_OBJECTS = 400_000
LARGEST_PICTURE = 400_000_000
"""Pixels of one picture on a page."""

MOST_FILTERS = 2
"""A stream that is packed more often than this is packed to hide or to burst."""

RUNNING = frozenset(
    {"/Launch", "/JavaScript", "/SubmitForm", "/ImportData", "/Rendition", "/RichMediaExecute", "/GoToR", "/GoToE"}
)
"""Actions (12.6) that start programs, run scripts, send or fetch: wherever they are."""

BY_ITSELF = frozenset({"/GoTo", "/Named"})
"""All that may happen without a click."""

KEYS = {
    "/JS": Finding.SCRIPTS,
    "/JavaScript": Finding.SCRIPTS,
    "/XFA": Finding.FORM,
    "/EF": Finding.EMBEDDED,
    "/EmbeddedFiles": Finding.EMBEDDED,
    "/Collection": Finding.EMBEDDED,
    "/RichMediaContent": Finding.EMBEDDED,
}
HARMLESS = ("; repairing", "reported number of objects")
"""Slips that many programs make, of which no reader makes anything else: pages without resources, wrong counts."""

SUBTYPES = frozenset({"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/FileAttachment"})


def inspect(stream: IO[bytes]) -> int:
    """Return how many pages a PDF has; raise Found for one that is encrypted, damaged, or does more than show pages.

    A damaged one is not repaired: readers would each repair it in a way of their own, into something unseen here.
    """
    try:
        with pikepdf.open(cast(BinaryIO, stream), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Found(Finding.ENCRYPTED)
            if len(pdf.objects) > MOST_OBJECTS:
                raise Found(Finding.BOMB)
            _look_at(pdf.trailer)
            for each in pdf.objects:
                _look_at(each)
            # An object that cannot be read here is nothing here, and a script to who searches the file for it.
            if not all(any(slip in str(said) for slip in HARMLESS) for said in pdf.get_warnings()):
                raise Found(Finding.DAMAGED)
            return len(pdf.pages)
    except pikepdf.PasswordError:
        raise Found(Finding.ENCRYPTED) from None
    except (pikepdf.PdfError, pikepdf.DataDecodingError, ValueError, TypeError, KeyError, AttributeError):
        raise Found(Finding.DAMAGED) from None


def _look_at(whole: Any) -> None:
    """Look at an object with all that is written within it; what it refers to has its turn."""
    if isinstance(whole, pikepdf.Stream) and "/F" in whole:
        raise Found(Finding.LINKED)
    waiting = [whole]
    while waiting:
        each = waiting.pop()
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            for key, value in each.items():
                _look_at_entry(key, value)
            _look_at_picture(each)
        waiting.extend(_within(each))


def _within(each: Any) -> Iterator[Any]:
    if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
        values: Any = (value for _, value in each.items())
    elif isinstance(each, pikepdf.Array):
        values = iter(each)
    else:
        return
    for value in values:
        if isinstance(value, pikepdf.Object) and not value.is_indirect:
            yield value


def _look_at_entry(key: str, value: Any) -> None:
    if key in KEYS:
        raise Found(KEYS[key])
    if key == "/S" and _name(value) in RUNNING:
        raise Found(Finding.SCRIPTS)
    if (key == "/Subtype" and _name(value) in SUBTYPES) or (key == "/Type" and _name(value) == "/EmbeddedFile"):
        raise Found(Finding.EMBEDDED)
    if key in ("/URI", "/Base") and _leads_astray(value):
        raise Found(Finding.ASTRAY)
    if key == "/OpenAction":
        _happens_by_itself(value)
    if key == "/AA" and isinstance(value, pikepdf.Dictionary):
        for _, action in value.items():
            _happens_by_itself(action)
    if key == "/Filter" and isinstance(value, pikepdf.Array) and len(value) > MOST_FILTERS:
        raise Found(Finding.BOMB)


def _leads_astray(value: Any) -> bool:
    return isinstance(value, pikepdf.String) and leads_astray(str(value), has_pages_without_scheme=True)


def _happens_by_itself(action: Any) -> None:
    """Refuse all but a jump within the document; a destination is no dictionary."""
    if isinstance(action, pikepdf.Dictionary):
        kind = _name(action.get("/S"))
        if kind not in BY_ITSELF or "/Next" in action:
            raise Found(Finding.SCRIPTS)


def _look_at_picture(each: Any) -> None:
    if _name(each.get("/Subtype")) == "/Image":
        width, height = each.get("/Width", 0), each.get("/Height", 0)
        if int(width) * int(height) > LARGEST_PICTURE:
            raise Found(Finding.BOMB)


def _name(value: Any) -> str:
    return str(value) if isinstance(value, pikepdf.Name) else ""
