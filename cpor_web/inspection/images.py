"""Pictures: only their headers are read, and none is so large that opening it takes a machine down."""

from typing import IO

from PIL import Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin

from cpor_web.inspection.findings import Finding, Found

READERS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin)
"""Loaded now: later nothing can be."""

Image.preinit()

LARGEST = 200_000_000
"""Pixels of one page: A3 at 600 dots an inch has 139 million."""

MOST_PAGES = 1_000


def inspect(stream: IO[bytes], kind: str) -> int:
    """Return how many pages a picture has, which is one but for TIFF. `kind` is Pillow's name of it.

    Raises Found for one that cannot be read, or would fill the memory.
    """
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, with a sentence of its own
    try:
        with Image.open(stream, formats=[kind]) as image:
            for page in range(MOST_PAGES + 1):
                if not _has(image, page):
                    return page if kind == "TIFF" else 1  # what a camera adds to a JPEG is no page
                if image.width * image.height > LARGEST:
                    break
    except Exception:  # Pillow raises whatever its reader stumbled over
        raise Found(Finding.DAMAGED) from None
    raise Found(Finding.BOMB)


def _has(image: Image.Image, page: int) -> bool:
    if page == 0:
        return True
    try:
        image.seek(page)
    except EOFError:
        return False
    return True
