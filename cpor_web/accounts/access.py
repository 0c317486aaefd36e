"""Who may open which page. Closed by default: what is neither open nor marked is opened by nobody."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from cpor_web.accounts import sent_in_vain, session_cookie
from cpor_web.rules.roles import Role
from cpor_web.users import second_factor
from cpor_web.web.current import settings, user

OPEN = (
    "static",
    "bootstrap.static",
    "brand",
    "health",
    "metrics",
    "published",
    "records",
    "customers",
    "assessors",
    "security.login",
    "security.logout",
    "security.forgot_password",
    "security.reset_password",
    "accounts.calendar_feed",
    "accounts.sign_in_elsewhere",
    "accounts.back_from_elsewhere",
    "accounts.signed_out",
    "accounts.second_step",
    "accounts.recovery_code",
    "accounts.passkey_sign_in",
)
"""What needs nobody signed in: endpoints, and blueprints as a whole."""

SETTING_UP = (
    "accounts.new_second_factor",
    "accounts.set_up_second_factor",
    "accounts.confirm",
    "accounts.confirm_by_password",
    "accounts.confirm_by_passkey",
)
"""What is opened by who must set up a second factor first."""

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "allowed_roles"


def init_app(app: Flask) -> None:
    """Ask before every request whether it may go on."""
    app.before_request(_refuse)


def allowed(*who: Role | frozenset[Role]) -> Callable[[View], View]:
    """Mark a view with the roles that may open it: single ones, or the sets of `rules.roles`."""
    roles = frozenset().union(*(frozenset({one}) if isinstance(one, Role) else one for one in who))

    def mark(view: View) -> View:
        setattr(view, _MARK, roles)
        return view

    return mark


def allowed_roles(endpoint: str) -> frozenset[Role]:
    """Return the roles that may open an endpoint of the current app; none where nobody marked it."""
    roles: frozenset[Role] = getattr(current_app.view_functions[endpoint], _MARK, frozenset())
    return roles


def is_open(endpoint: str) -> bool:
    """Tell whether an endpoint needs nobody signed in."""
    return endpoint in OPEN or endpoint.rpartition(".")[0] in OPEN


def _refuse() -> ResponseReturnValue | None:
    """Send strangers to sign in; to people without the right, the page does not exist."""
    endpoint = request.endpoint
    if endpoint is None or is_open(endpoint):
        return None
    if not current_user.is_authenticated:
        if request.method == "POST":
            return sent_in_vain.answer()
        return redirect(url_for("security.login", next=_way_back()))
    if current_user.role not in allowed_roles(endpoint):
        abort(404)
    session_cookie.note_use()
    if endpoint not in SETTING_UP and _lacks_second_factor():
        return redirect(url_for("accounts.new_second_factor"))
    return None


def _lacks_second_factor() -> bool:
    """Tell whether something else must come first; a sign-in provider's word counts as it is."""
    counts = session_cookie.is_from_provider() and not settings().oidc_second_factor
    return not counts and second_factor.lacks(user(), settings())


def _way_back() -> str | None:
    """Return the address to go on to after signing in; what was sent with POST cannot be repeated there."""
    if request.method != "GET" or request.path == "/":
        return None
    return request.full_path if request.query_string else request.path
