"""What a view may ask for of the present request. Nothing below the blueprints imports this."""

from datetime import datetime
from typing import cast

from flask import Flask, current_app, g, request
from flask_login import current_user

from cpor_web import clock, closures
from cpor_web.config import Settings
from cpor_web.database.alone import Alone
from cpor_web.emails.links import Signers
from cpor_web.emails.returns import ReturnAddresses
from cpor_web.extensions import db
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore, scanning
from cpor_web.rules.roles import Actor
from cpor_web.web import present


def init_app(app: Flask, settings: Settings) -> None:
    """Keep what the settings say where views and commands find it."""
    app.extensions["settings"] = settings
    app.extensions["programme"] = Programme.from_settings(settings)
    app.extensions["signing_keys"] = SigningKeys(settings.signing_keys)
    app.extensions["signers"] = Signers(settings.consent_keys, settings.public_url)
    app.extensions["return_addresses"] = ReturnAddresses(settings.consent_keys, settings.return_address)
    if settings.clock_file:
        clock.follow(settings.data_dir / settings.clock_file)
    app.context_processor(lambda: {"programme": programme_as_set_up()})
    app.teardown_appcontext(_give_back)


def settings() -> Settings:
    """Return the operator's settings."""
    return cast(Settings, current_app.extensions["settings"])


def programme() -> Programme:
    """Return the programme with the calendar's closures, read when first counted with in this request or job."""
    if "programme" not in g:
        g.programme = programme_as_set_up().with_closures(closures.Unread(db.session))
    return cast(Programme, g.programme)


def programme_as_set_up() -> Programme:
    """Return the programme as the settings have it: enough for pages, which must not need the database."""
    return cast(Programme, current_app.extensions["programme"])


def alone() -> Alone:
    """Return this request's connection for statements that are a transaction each; it is given back with the request.

    For what is read, or noted, by one statement.
    """
    kept = present.kept()
    if "alone" not in kept:
        kept.alone = Alone(db.engine)
    return cast(Alone, kept.alone)


def _give_back(_error: BaseException | None) -> None:
    if taken := g.get("alone"):
        taken.close()


def signers() -> Signers:
    """Return the makers and readers of customers' links."""
    return cast(Signers, current_app.extensions["signers"])


def return_addresses() -> ReturnAddresses:
    """Return the maker and reader of our mails' envelope addresses."""
    return cast(ReturnAddresses, current_app.extensions["return_addresses"])


def signing_keys() -> SigningKeys:
    """Return the keys that sign what is to be verified later."""
    return cast(SigningKeys, current_app.extensions["signing_keys"])


def documents() -> DocumentStore:
    """Return the store of documents."""
    return cast(DocumentStore, current_app.extensions["documents"])


def scanner_state() -> scanning.ScannerState:
    """Return how the scanner stands: it decides whether a document is given out."""
    return scanning.scanner_state(db.session(), clamd=settings().clamd)


def user() -> User:
    """Return who is signed in; only for views that nobody reaches without."""
    return cast(User, current_user._get_current_object())  # themselves: each look through the proxy costs


def actor() -> Actor:
    """Return who acts, as the rules see it."""
    return user().actor


def now() -> datetime:
    """Return the moment of this request: the same one throughout, read when it is first asked for."""
    kept = present.kept()
    if "now" not in kept:
        kept.now = clock.utcnow()
    return cast(datetime, kept.now)


def came_from_another_site() -> bool:
    """Tell whether a page of another site led here, as browsers say by themselves (Fetch Metadata, Sec-Fetch-Site).

    Links in mails that are read in a browser do too: pages open for them, and begin nothing.
    """
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
