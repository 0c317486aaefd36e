"""What people read where something is refused, missing or broken: what is wrong, and what to do."""

import errno
from http import HTTPStatus
from math import ceil

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from cpor_web.extensions import db
from cpor_web.proofs.incoming import NotStored
from cpor_web.rules.exc import Invalid, Refused
from cpor_web.rules.words import Value, Values
from cpor_web.transactions import InDoubt
from cpor_web.web import too_often
from cpor_web.web.headers import is_customers_page

NO_NAME_OF_OURS = "This site has another name.\n"
"""To a request for a host that is not ours no page is made: its links would have nowhere to lead."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def init_app(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)
    app.jinja_env.globals.update(sentence=sentence, in_words=in_words)


def sentence(refused: Refused) -> str:
    """Return the sentence of a refusal in the reader's language, its values too."""
    return in_words(refused.message, refused.values)


def in_words(message: str, values: Values) -> str:
    """Return a sentence of the rules in the reader's language, its values too."""
    return _(message, **{name: _translated(value) for name, value in values.items()})


def _translated(value: Value) -> str:
    if isinstance(value, int):
        return format_decimal(value)
    if isinstance(value, tuple):
        return ", ".join(map(_translated, value))
    return str(_(value)) if value else ""


def status_of(refused: Refused) -> int:
    """Return 422 for input that is wrong, 409 for an action that comes at the wrong time."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(refused, Invalid) else HTTPStatus.CONFLICT


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        return _broken(error.original_exception)  # what failed after the view, where Flask wraps it
    if isinstance(error, SecurityError):
        return NO_NAME_OF_OURS, HTTPStatus.BAD_REQUEST, {"Content-Type": "text/plain; charset=utf-8"}
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code < HTTPStatus.BAD_REQUEST:
        return error
    if code == HTTPStatus.NOT_FOUND and (meant := _without_the_last_slash()):
        return redirect(meant)
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return _too_often(error)
    known = code if code in {400, 403, 404, 405, 409, 413, 503} else 400 if code < 500 else 500
    return _page(known), code, _headers(error)


def _too_often(error: HTTPException) -> ResponseReturnValue:
    left = too_often.wait()
    headers = _headers(error) | ({"Retry-After": str(ceil(left.total_seconds()))} if left else {})
    return _page(429, again=too_often.in_words(left) if left else ""), HTTPStatus.TOO_MANY_REQUESTS, headers


def _page(code: int, **more: object) -> str:
    return render_template("error.html", code=code, by_link=is_customers_page(), **more)


def _without_the_last_slash() -> str | None:
    """Return the address of ours that a reader meant who typed a slash too many; None where there is none."""
    if request.routing_exception is None or request.method != "GET" or not request.path.endswith("/"):
        return None
    try:
        addresses = current_app.create_url_adapter(request)
        endpoint, values = addresses.match(request.path.rstrip("/"), method="GET") if addresses else ("", {})
    except HTTPException:
        return None
    said = request.query_string.decode("ascii", "replace")
    return f"{url_for(endpoint, **values)}?{said}" if said else url_for(endpoint, **values)


def _headers(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}


def _broken(error: Exception) -> ResponseReturnValue:
    current_app.logger.error("an answer failed", exc_info=error)
    db.session.rollback()  # the page asks who is signed in, which a broken transaction would refuse
    is_away = _is_the_database_away(error) or _is_there_no_room(error)
    code = HTTPStatus.SERVICE_UNAVAILABLE if is_away else HTTPStatus.INTERNAL_SERVER_ERROR
    page = _page(int(code), in_doubt=isinstance(error, InDoubt))
    db.session.rollback()  # what the page asked for may have failed too: to commit that, after the view, would fail
    return page, code


def _is_the_database_away(error: Exception) -> bool:
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return is_lost or isinstance(error, OperationalError | InDoubt)


def _is_there_no_room(error: Exception) -> bool:
    """Tell whether a disk is full, or the store of documents takes nothing."""
    return isinstance(error, NotStored) or (isinstance(error, OSError) and error.errno in NO_ROOM)
