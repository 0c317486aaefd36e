"""The address that mail clients post to with their own button (RFC 8058): one request, no cookies, no redirect."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from consent_links import is_one_click
from cpor_web.customers.blueprint import bp, link_or_404
from cpor_web.customers.denying import denied
from cpor_web.emails.links import Purpose
from cpor_web.rules.reasons import Denial, Way


@bp.route("/o/<path:token>", methods=["GET", "POST"])
def one_click(token: str) -> ResponseReturnValue:
    """Record a denial that gives no reason. Anything but the request of RFC 8058 changes nothing."""
    if request.method != "POST":
        raise MethodNotAllowed(valid_methods=["POST"])
    link_id = link_or_404(Purpose.ONE_CLICK, token)
    if not is_one_click(request.form):
        abort(400)
    denied(link_id, Denial.NONE_GIVEN, Way.MAIL_CLIENT)
    return Response(mimetype="text/plain")
