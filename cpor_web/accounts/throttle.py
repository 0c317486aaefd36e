"""Limits on guessing passwords and on asking for mails: by who asks and for whom, so that nobody is locked out
by what somebody else does from elsewhere.
"""

import hashlib
import hmac
from collections.abc import Callable
from functools import partial

from email_validator import EmailNotValidError, validate_email
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_security import views

from cpor_web.extensions import limiter

WRONG_FOR_ONE_ACCOUNT = "10 per 15 minutes"
WRONG_FROM_ONE_ADDRESS = "100 per hour"
MAILS_FOR_ONE_ACCOUNT = "5 per hour"
MAILS_FROM_ONE_ADDRESS = "30 per hour"


def address_and_account() -> str:
    """Return a key for this caller and this account. It is a keyed hash: the store holds no e-mail address."""
    text = f"{get_remote_address()}\n{_account()}".encode()
    return hmac.new(current_app.config["SECRET_KEY"].encode(), text, hashlib.sha256).hexdigest()


def _account() -> str:
    """Return the address as accounts are found by it: a domain can be written in many ways (UTS 46)."""
    typed = request.form.get("email", "").strip()
    try:
        return validate_email(typed, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return typed.lower()


def _was_wrong(response: Response) -> bool:
    return not 300 <= response.status_code < 400


_by_both = partial(limiter.limit, key_func=address_and_account, methods=["POST"])
_by_address = partial(limiter.limit, key_func=get_remote_address, methods=["POST"])

THROTTLED: dict[str, Callable[..., ResponseReturnValue]] = {
    "security.login": _by_both(WRONG_FOR_ONE_ACCOUNT, deduct_when=_was_wrong)(
        _by_address(WRONG_FROM_ONE_ADDRESS, deduct_when=_was_wrong)(views.login)
    ),
    "security.forgot_password": _by_both(MAILS_FOR_ONE_ACCOUNT)(
        _by_address(MAILS_FROM_ONE_ADDRESS)(views.forgot_password)
    ),
}
"""Flask-Security's views with limits around them, by endpoint."""
