"""What was sent while its sender was signed out: shown again, so that no word is lost. Nothing of it is kept here."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf.csrf import CSRFError

from cpor_web.web.current import settings

_SECRETS = ("password", "code", "secret", "token", "credential")
_TELLING = 12  # characters
_OURS = ("once", "seen", "past", "claim", "content", "up_to", "then", "next", "area")
"""Fields that pages of ours fill in by themselves; what a dash adds names what they are about."""


def init_app(app: Flask) -> None:
    """Show again what was sent with a page's token that ended meanwhile."""
    app.register_error_handler(CSRFError, _with_an_old_token)


def answer() -> ResponseReturnValue:
    """Answer what came with a good token from somebody who is signed out: it can be sent again as it is.

    Not without the document that it came with: a dispute, say, is taken only once.
    """
    if _has_documents():
        return _page(again=[])
    if not _telling():
        return redirect(url_for("security.login"))
    return _page(again=fields())


def fields() -> list[tuple[str, str]]:
    """Return what the request's form says, but for secrets."""
    return [(name, value) for name, value in request.form.items(multi=True) if not _is_secret(name)]


def texts() -> list[str]:
    """Return what of it a person has typed, as near as can be told."""
    return [value for name, value in _telling() if name.partition("-")[0] not in _OURS]


def _telling() -> list[tuple[str, str]]:
    """Return what of it a person would miss: more than a mere choice."""
    return [(name, value) for name, value in fields() if len(value.strip()) > _TELLING or len(value.split()) > 1]


def _with_an_old_token(_error: CSRFError) -> ResponseReturnValue:
    """Let people copy what they typed. Nothing sends it again: it may come from another site's form."""
    if _is_ours() and (texts() or _has_documents()) and request.blueprint not in {"security", "customers"}:
        return _page(again=[])
    return render_template("error.html", code=HTTPStatus.BAD_REQUEST), HTTPStatus.BAD_REQUEST


def _has_documents() -> bool:
    return any(each.filename for each in request.files.values())


def _is_ours() -> bool:
    """Tell whether a page of this site has sent it; a site whose name only begins as ours does not."""
    return _is_of_ours(request.headers.get("Origin", request.referrer or ""))


def _is_of_ours(address: str) -> bool:
    return f"{address}/".startswith(f"{settings().public_url}/")


def _came_from() -> str:
    """Return the page that sent it, where its browser says so, it is ours, and its address opens it."""
    page = request.referrer or ""
    return page if _is_of_ours(page) and _can_be_opened(page) else url_for("accounts.home")


def _can_be_opened(page: str) -> bool:
    """Tell whether an address of ours shows a page: one to which a form was sent may not."""
    addresses = current_app.create_url_adapter(request)
    return addresses is not None and addresses.test(urlsplit(page).path, method="GET")


def _page(*, again: list[tuple[str, str]]) -> ResponseReturnValue:
    address = request.full_path if request.query_string else request.path
    page = render_template(
        "accounts/sent_in_vain.html",
        address=address,
        texts=texts(),
        fields=again,
        has_documents=_has_documents(),
        came_from=_came_from(),
        is_signed_in=current_user.is_authenticated,
    )
    return page, HTTPStatus.FORBIDDEN


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRETS)
