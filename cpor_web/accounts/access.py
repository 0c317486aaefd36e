"""Who may open which page. Closed by default: what is neither open nor marked is opened by nobody."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from cpor_web.rules.roles import Role

OPEN = (
    "static",
    "bootstrap.static",
    "brand",
    "health",
    "published",
    "records",
    "customers",
    "assessors",
    "security.login",
    "security.logout",
    "security.forgot_password",
    "security.reset_password",
    "accounts.calendar_feed",
)
"""What needs nobody signed in: endpoints, and blueprints as a whole."""

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
    if request.endpoint is None or is_open(request.endpoint):
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("security.login", next=_way_back()))
    if current_user.role not in allowed_roles(request.endpoint):
        abort(404)
    return None


def _way_back() -> str | None:
    """Return the address to go on to after signing in; what was sent with POST cannot be repeated there."""
    if request.method != "GET" or request.path == "/":
        return None
    return request.full_path if request.query_string else request.path
