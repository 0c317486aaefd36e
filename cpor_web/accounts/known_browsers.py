"""Browsers in which somebody has signed in before: a cookie of its own for each account, which opens nothing.

While strangers guess at an account from many places, they share one small number of tries. A browser that its owner
has used has its own, so nobody is locked out by what others do (OWASP, "device cookies").
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from flask import Flask, Response, after_this_request, current_app, request
from flask_login import user_logged_in
from flask_security import password_reset
from itsdangerous import BadSignature, URLSafeSerializer

from cpor_web import addresses
from cpor_web.models import User
from cpor_web.web.current import settings

KNOWN_FOR = timedelta(days=365)


def init_app(app: Flask) -> None:
    """Know a browser once somebody has signed in with it, or chosen a password by the link of their mail."""
    user_logged_in.connect(_remember, app)
    password_reset.connect(_rename, app)


def account_key(email: str) -> str:
    """Return what stands for an account where its address must not: a keyed hash.

    It is of the address as accounts are found by it: a domain can be written in many ways (UTS 46).
    """
    normal = email.strip().lower()
    if len(normal) <= addresses.LONGEST:
        with suppress(EmailNotValidError):
            found = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
            normal = found.normalized.lower()
    return hmac.new(current_app.config["SECRET_KEY"].encode(), normal.encode(), hashlib.sha256).hexdigest()


def known_as(email: str) -> str:
    """Return the name under which this browser is known to an account, "" where it is not."""
    account = account_key(email)
    try:
        return str(_signer(account).loads(request.cookies.get(_cookie(account), "")))
    except BadSignature:
        return ""


def _remember(_app: Flask, *, user: User, **_how: object) -> None:
    _keep(user, known_as(user.email) or _new_name())


def _rename(_app: Flask, *, user: User, **_how: object) -> None:
    """Know this browser by another name, under which nothing was tried yet: the new password is taken at once."""
    _keep(user, _new_name())


def _new_name() -> str:
    return secrets.token_urlsafe(12)


def _keep(user: User, name: str) -> None:
    account = account_key(user.email)
    value = _signer(account).dumps(name)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(account),
            value,
            max_age=KNOWN_FOR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _cookie(account: str) -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known-{account[:12]}"


def _signer(account: str) -> URLSafeSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(list(settings().secret_keys[::-1]), salt=f"known-browser-{account}", signer_kwargs=how)
