"""Stylesheets, scripts, pictures: compressed, at addresses that change with their content, so browsers keep them.

Pages are not compressed: they hold tokens, whose length would then tell of them.
"""

import gzip
import hashlib
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

ENDPOINTS = ("static", "bootstrap.static", "brand.stylesheet", "brand.logo")
TEXTS = ("text/css", "text/javascript", "image/svg+xml")
FOR_GOOD = "public, max-age=31536000, immutable"

BOOTSTRAP = metadata.version("bootstrap-flask")


def init_app(app: Flask) -> None:
    """Give the addresses of assets their version, and send those that have it as what never changes."""
    folder = Path(str(app.static_folder))

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and (file := folder / values["filename"]).is_file():
            values.setdefault("v", _version(file, file.stat().st_mtime_ns))
        elif endpoint == "bootstrap.static":
            values.setdefault("v", BOOTSTRAP)

    app.after_request(_send)


@lru_cache
def _version(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _send(response: Response) -> Response:
    if request.endpoint not in ENDPOINTS or response.status_code not in {200, 304}:
        return response
    if "v" in request.args:
        response.headers["Cache-Control"] = FOR_GOOD
    if response.mimetype in TEXTS:
        response.vary.add("Accept-Encoding")
        if response.status_code == 200 and request.accept_encodings.quality("gzip") > 0:
            response.direct_passthrough = False
            response.set_data(_compressed(response.get_data()))
            response.headers["Content-Encoding"] = "gzip"
            response.headers.pop("ETag", None)  # it is the uncompressed content's
    return response


@lru_cache(maxsize=32)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
