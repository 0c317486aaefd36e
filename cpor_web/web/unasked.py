"""What Flask and its extensions would do for each start or request, though nothing here needs it: it is left out."""

from collections.abc import Callable, MutableMapping
from functools import cache, partial
from typing import Any, Self

from flask import Flask
from flask.templating import Environment
from flask_login.utils import _user_context_processor
from werkzeug.routing import Rule

from cpor_web.extensions import limiter, security


class Address(Rule):
    """An address that compiles how it is built when it first is: no process builds all of them.

    Werkzeug compiles it at the start, and a second way that Flask never asks for.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))

        def build(this: Self, /, **values: Any) -> tuple[str, str]:
            return compiled()(this, **values)

        return build


class Templates(Environment):
    """Templates that all know the same globals, and so are not asked for each page and import which are their own."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals themselves, where Jinja would lay an empty layer of the template's own over them."""
        return super().make_globals(d) if d else self.globals


class Application(Flask):
    """A Flask application with such addresses and templates."""

    jinja_environment = Templates
    url_rule_class = Address


def init_app(app: Flask) -> None:
    """Take out what extensions ask around each request; each must be there by now (ValueError).

    Flask-Principal looks up who is signed in, also for a picture, and for a customer's page, which reads no session:
    `accounts.access` asks where it matters. Flask-Limiter looks for limits that hold for everything: there are none.
    Flask-Login looks whether somebody is to be remembered: nobody is, and every answer then depends on cookies. It
    also looks up who is signed in for every page that is drawn, a customer's too: pages that say it ask for it.
    """
    for asked in (security.principal._on_before_request, limiter._check_request_limit):
        app.before_request_funcs[None].remove(asked)
    app.after_request_funcs[None].remove(app.login_manager._update_remember_cookie)  # type: ignore[attr-defined]
    app.template_context_processors[None].remove(_user_context_processor)
