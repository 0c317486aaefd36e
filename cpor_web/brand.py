"""The operator's own look: its logo and colour, served from here as everything else is."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

from flask import Blueprint, Flask, Response, abort, current_app, url_for
from flask.typing import ResponseReturnValue

from cpor_web import colours
from cpor_web.config import Settings
from cpor_web.picture_types import picture_type

ALONE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""The policy of a logo that somebody opens by itself: an SVG may have styles of its own, and nothing else."""

bp = Blueprint("brand", __name__, url_prefix="/brand")


class Brand(NamedTuple):
    """What the operator set: a stylesheet over ours and a picture, both empty where it did not."""

    stylesheet: str
    logo: bytes

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Make the stylesheet and read the logo. Raises OSError where that has gone."""
        return cls(
            stylesheet=colours.stylesheet(settings.operator_colour) if settings.operator_colour else "",
            logo=Path(settings.operator_logo).read_bytes() if settings.operator_logo else b"",
        )

    @property
    def version(self) -> str:
        """What changes with the content, for the addresses of both."""
        return hashlib.sha256(self.stylesheet.encode() + self.logo).hexdigest()[:12]


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the logo and the colour, and tell the pages where; None where there is none."""
    brand = app.extensions["brand"] = Brand.from_settings(settings)
    app.register_blueprint(bp)

    def addresses() -> dict[str, Any]:
        return {
            "brand_stylesheet": url_for("brand.stylesheet", v=brand.version) if brand.stylesheet else None,
            "brand_logo": url_for("brand.logo", v=brand.version) if brand.logo else None,
        }

    app.context_processor(addresses)


@bp.get("/colour.css")
def stylesheet() -> ResponseReturnValue:
    """Return the tokens that the operator's colour sets."""
    return Response(_brand().stylesheet or abort(404), mimetype="text/css")


@bp.get("/logo")
def logo() -> ResponseReturnValue:
    """Return the operator's logo."""
    picture = _brand().logo or abort(404)
    return Response(picture, mimetype=picture_type(picture), headers={"Content-Security-Policy": ALONE})


def _brand() -> Brand:
    return cast(Brand, current_app.extensions["brand"])
