"""Pictures: only their headers are read, and none is so large that opening it takes a machine down."""

from collections.abc import Callable
from functools import partial
from typing import IO

from PIL import Image

from cpor_web.inspection.findings import Finding, Found

LARGEST = 200_000_000
"""Pixels of one page: A3 at 600 dots an inch has 139 million."""

MOST_PAGES = 1_000


def inspector(kind: str) -> Callable[[IO[bytes]], int]:
    """Return what inspects pictures of `kind`, by Pillow's name of it; only its reader is imported."""
    if kind == "PNG":
        from PIL.PngImagePlugin import PngImageFile

        return partial(_inspect, PngImageFile, has_pages=False)
    if kind == "TIFF":
        from PIL.TiffImagePlugin import TiffImageFile

        return partial(_inspect, TiffImageFile, has_pages=True)
    from PIL import MpoImagePlugin  # noqa: F401 - what a JPEG of several pictures is; later nothing can be imported
    from PIL.JpegImagePlugin import jpeg_factory

    return partial(_inspect, jpeg_factory, has_pages=False)  # what a camera adds to a JPEG is no page


def _inspect(read: Callable[[IO[bytes]], Image.Image], stream: IO[bytes], *, has_pages: bool) -> int:
    """Return how many pages a picture has; raise Found for one that cannot be read, or would fill the memory."""
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, with a sentence of its own
    try:
        with read(stream) as image:
            for page in range(MOST_PAGES + 1):
                if not _has(image, page):
                    return page if has_pages else 1
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
