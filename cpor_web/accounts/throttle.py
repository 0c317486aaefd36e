"""Limits on guessing passwords and on asking for mails, so that nobody is locked out by what somebody else does.

Strangers are counted by who asks and for whom, by who asks, and all together for each account. A browser that the
account's owner has used is counted by itself (see `known_browsers`), and so is who is signed in.
"""

from collections.abc import Callable
from functools import partial

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_security import current_user, views

from cpor_web.accounts.access import allowed
from cpor_web.accounts.known_browsers import account_key, known_as
from cpor_web.accounts.own_password import guarded
from cpor_web.extensions import limiter
from cpor_web.limiting.callers import caller
from cpor_web.rules.roles import USER_ROLES

WRONG_FOR_ONE_ACCOUNT = "10 per 15 minutes"
WRONG_FROM_ONE_ADDRESS = "100 per hour"
WRONG_BY_ALL_STRANGERS = "60 per hour"
MAILS_FOR_ONE_ACCOUNT = "5 per hour"
MAILS_FROM_ONE_ADDRESS = "30 per hour"


def address_and_account() -> str:
    """Return a key for this caller and this account. It is a keyed hash: the store holds no e-mail address."""
    return account_key(f"{caller()}\n{account()}")


def account() -> str:
    """Return a key for the account that is typed."""
    return account_key(request.form.get("email", ""))


def known_browser() -> str:
    """Return a key for this browser, "" where it is not known to the account that is typed."""
    return known_as(request.form.get("email", ""))


def is_known() -> bool:
    """Tell whether this browser is known to the account that is typed."""
    return bool(known_browser())


def _is_stranger() -> bool:
    return not is_known()


def _was_wrong(response: Response) -> bool:
    return not 300 <= response.status_code < 400


_limit = partial(limiter.limit, methods=["POST"])
_wrong = partial(_limit, deduct_when=_was_wrong)

THROTTLED: dict[str, Callable[..., ResponseReturnValue]] = {
    "security.login": _wrong(WRONG_FOR_ONE_ACCOUNT, key_func=known_browser, exempt_when=_is_stranger)(
        _wrong(WRONG_FOR_ONE_ACCOUNT, key_func=address_and_account, exempt_when=is_known)(
            _wrong(WRONG_FROM_ONE_ADDRESS, key_func=caller, exempt_when=is_known)(
                _wrong(lambda: WRONG_BY_ALL_STRANGERS, key_func=account, exempt_when=is_known)(views.login)
            )
        )
    ),
    "security.forgot_password": _limit(MAILS_FOR_ONE_ACCOUNT, key_func=address_and_account)(
        _limit(MAILS_FROM_ONE_ADDRESS, key_func=caller)(views.forgot_password)
    ),
    "security.change_password": allowed(USER_ROLES)(
        guarded(_wrong(WRONG_FOR_ONE_ACCOUNT, key_func=lambda: f"user {current_user.id}")(views.change_password))
    ),
}
"""Flask-Security's views with limits around them, by endpoint."""
