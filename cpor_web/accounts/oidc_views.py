"""Signing in through the operator's provider: out to it, back from it, and out of it again.

What a begun sign-in waits for is in the session's cookie, signed and for ten minutes: the answer counts only in the
browser that asked. No token of the provider's is kept anywhere.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, views
from flask_security.utils import login_user, logout_user

from cpor_web.accounts import failures, freshness, new_secret, places, second_step, session_cookie
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.exc import NotBelieved, ProviderAway
from cpor_web.accounts.way_on import within
from cpor_web.config import Settings
from cpor_web.extensions import db, limiter, security
from cpor_web.limiting.callers import caller
from cpor_web.models import User
from cpor_web.transactions import transaction
from cpor_web.users.identities import Arrivals, Trust, TurnedAway, Vouched
from cpor_web.web.current import came_from_another_site, now, programme, settings

if TYPE_CHECKING:
    from cpor_web.accounts.oidc_provider import Provider

WRONG_FROM_ONE_ADDRESS = "100 per hour"
ANSWERED_WITHIN = timedelta(minutes=10)
NEVER = datetime.fromtimestamp(0, UTC)

WAY = session_cookie.OIDC
_PENDING = "oidc"
_FORMS = "csrf_token"
"""Where Flask-WTF keeps what the tokens of a session's forms are made from."""

_log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Keep the provider of the settings where views find it. It is asked nothing before somebody signs in."""
    chosen: Settings = app.extensions["settings"]
    if chosen.oidc_issuer:
        from cpor_web.accounts.oidc_provider import Provider  # large, and not every house has one

        app.extensions["oidc"] = Provider.from_settings(chosen)
    app.view_functions["security.logout"] = _sign_out
    app.context_processor(lambda: {"provider_name": chosen.oidc_called if chosen.oidc_issuer else ""})


@bp.get("/login/oidc")
def sign_in_elsewhere() -> ResponseReturnValue:
    """Send somebody to the provider, to come back signed in; by a press of theirs on a page of ours (ASVS 7.6.2)."""
    wanted = within(request.args.get("next"))
    provider = _provider()
    if came_from_another_site():
        return redirect(url_for("security.login", next=wanted or None))
    anew = "anew" in request.args
    try:
        question = provider.ask(_back(), now=now(), anew=anew)
    except ProviderAway:
        return _page("away", HTTPStatus.SERVICE_UNAVAILABLE)
    session[_PENDING] = {
        "state": question.state,
        "nonce": question.nonce,
        "verifier": question.verifier,
        "asked": now().isoformat(),
        "anew": anew,
        "next": wanted,
    }
    return redirect(question.url)


def _was_wrong(response: object) -> bool:
    return not 300 <= getattr(response, "status_code", 0) < 400


@bp.get("/login/oidc/back")
@limiter.limit(WRONG_FROM_ONE_ADDRESS, key_func=caller, deduct_when=_was_wrong)
def back_from_elsewhere() -> ResponseReturnValue:
    """Take the provider's answer: sign in whom it vouches for, or say why not."""
    provider = _provider()
    try:
        pending = _pending(provider)
        vouched = provider.answer(
            request.args["code"], back=_back(), nonce=pending["nonce"], verifier=pending["verifier"], now=now()
        )
    except NotBelieved as why:
        _log.warning("an answer of the sign-in provider was not believed: %s", why)
        failures.tell(WAY)
        return _page("not-believed", HTTPStatus.BAD_REQUEST)
    except ProviderAway:
        return _page("away", HTTPStatus.SERVICE_UNAVAILABLE)
    return _receive(vouched, pending)


@bp.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Tell that one is signed out here, and lead to signing out at the provider."""
    there = _provider().sign_out_url(settings().public_url + url_for("security.login"), now=now())
    return render_template("accounts/signed_out.html", sign_out_there=there)


def _provider() -> "Provider":
    return cast("Provider | None", current_app.extensions.get("oidc")) or abort(404)


def _back() -> str:
    return settings().public_url + url_for("accounts.back_from_elsewhere")


def _pending(provider: "Provider") -> dict[str, Any]:
    """Return what we asked, which is answered once. Raises NotBelieved where this is no answer to it."""
    pending = session.pop(_PENDING, None)
    if not isinstance(pending, dict) or request.args.get("state") != pending["state"]:
        raise NotBelieved("nobody asked for it here")
    if not timedelta() <= now() - datetime.fromisoformat(pending["asked"]) < ANSWERED_WITHIN:
        raise NotBelieved("it came too late")
    if request.args.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
        raise NotBelieved("it is another provider's")
    if "code" not in request.args:
        raise NotBelieved("the provider signed nobody in")
    return pending


def _receive(vouched: Vouched, pending: Mapping[str, Any]) -> ResponseReturnValue:
    with transaction(db.session):
        arrivals = Arrivals(db.session(), Trust.from_settings(settings()), programme(), now(), places.here())
        found = arrivals.receive(vouched)
    if isinstance(found, TurnedAway):
        _log.info("the sign-in provider vouched for somebody who was turned away")
        failures.tell(WAY)
        return _page("turned-away", HTTPStatus.FORBIDDEN, found)
    # Of a provider that does not tell when they proved it, only that is believed which it was asked for.
    proved_at = vouched.proved_at or (now() if pending.get("anew") else NEVER)
    return _sign_in(found, pending["next"] or url_for("accounts.home"), proved_at)


def _sign_in(user: User, onward: str, proved_at: datetime) -> ResponseReturnValue:
    _sign_out_before(user)
    if settings().oidc_second_factor:
        asked = security.two_factor_plugins.tf_enter(user, False, WAY, onward)
        if asked is not None:
            second_step.came_by(WAY)
            return asked
    with transaction(db.session):
        login_user(user, remember=False, authn_via=[WAY])
    freshness.proved(proved_at)
    return redirect(onward)


def _sign_out_before(user: User) -> None:
    """End the sign-in that this browser has.

    Forms that wait in other tabs of the same person's stay good, and so does what their app has read.
    """
    if not current_user.is_authenticated:
        return
    is_same = current_user.id == user.id
    token, secret = (session.get(_FORMS), new_secret.seen(user)) if is_same else (None, "")
    logout_user()
    if token is not None:
        session[_FORMS] = token
    new_secret.hand_on(user, secret)


def _sign_out() -> ResponseReturnValue:
    came_from_there = current_user.is_authenticated and session_cookie.is_from_provider()
    answer: ResponseReturnValue = views.logout()
    if current_user.is_authenticated or not came_from_there or not settings().oidc_issuer:
        return answer
    # A page in between: a form of ours may lead nowhere else (form-action), and leaving the provider is a choice.
    return redirect(url_for("accounts.signed_out"))


def _page(why: str, status: HTTPStatus, turned_away: TurnedAway | None = None) -> ResponseReturnValue:
    return render_template("accounts/not_signed_in.html", why=why, refused=turned_away), status
