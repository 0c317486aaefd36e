"""The one-click endpoint of RFC 8058 for Flask; nothing else of this library needs Flask.

It is for other applications: `cpor_web` has an endpoint of its own (`cpor_web/customers/one_click.py`), because there
bad links are counted, and every request on a link is noted.
"""

from collections.abc import Callable

from flask import Blueprint, Response, abort, request
from flask.views import MethodView

from consent_links.exc import BadLink
from consent_links.headers import is_one_click
from consent_links.links import LinkSigner

_BODY_LIMIT = 16 * 1024  # a one-click body has 26 bytes, or a few hundred as multipart


class OneClick(MethodView):
    """Takes a mail program's POST, and nothing but that: any other method is answered 405 and changes nothing."""

    init_every_request = False

    def __init__(self, signer: LinkSigner, on_one_click: Callable[[bytes], None]) -> None:
        self.signer = signer
        self.on_one_click = on_one_click

    def post(self, token: str) -> Response:
        try:
            id = self.signer.verify(token)
            request.max_content_length = _BODY_LIMIT
            if not is_one_click(request.form):
                abort(400)
            self.on_one_click(id)
        except BadLink:
            abort(404)
        return Response(mimetype="text/plain", headers={"Cache-Control": "no-store"})


def one_click_blueprint(name: str, signer: LinkSigner, on_one_click: Callable[[bytes], None]) -> Blueprint:
    """Return a blueprint with one endpoint, `<name>.one_click`, at `/<token>`.

    `on_one_click` gets the id of a verified link for each POST that says `List-Unsubscribe=One-Click`, urlencoded
    or multipart; it must bear repeats, since mail programs repeat. It raises `BadLink` for an id it does not know.

    The answer is an empty 200 without cookie or redirect; 404 for every token that is not a link of `signer`, 400
    for a body without the pair, 413 for one over 16 KiB. The token is the authority, so the application's own
    CSRF check must exempt this blueprint.
    """
    blueprint = Blueprint(name, __name__)
    blueprint.add_url_rule("/<token>", view_func=OneClick.as_view("one_click", signer, on_one_click))
    return blueprint
