"""The access log of customers' links: who opened what, when, with what kind of client. It decides nothing.

It is written once the answer is made and all it does is committed, in a transaction of its own that gives up at once
rather than wait: a log that is stalled, full or broken costs nobody an answer, and no denial is lost by it. How long
it may wait is said with the row itself, in one message to the database.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from flask import Response, g, request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.current import alone, now, signers
from cpor_web.customers import clients
from cpor_web.customers.blueprint import bp
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db

log = logging.getLogger(__name__)

_NOTE = """
    SET LOCAL lock_timeout = '100ms';
    SET LOCAL statement_timeout = '300ms';
    SET LOCAL synchronous_commit = off;
    INSERT INTO openings (invitation_id, at, page, method, client, agent)
    SELECT id, %(at)s, %(page)s, %(method)s, %(client)s, %(agent)s FROM invitations WHERE link_id = %(link)s
"""
"""How long the log may keep an answer waiting at worst, and its line. A crash of the database may cost some lines."""


@bp.after_request
def note(response: Response) -> Response:
    """Note a request on a link of ours, by whatever method; those on other addresses leave no trace."""
    purpose = Purpose(request.url_rule.rule.split("/")[1]) if request.url_rule else None
    if purpose and request.view_args:
        link_id = g.get("link_id") or signers().read(purpose, request.view_args["token"])
        if link_id:
            _note(purpose, link_id)
    return response


def _note(purpose: Purpose, link_id: bytes) -> None:
    try:
        _add(purpose, link_id)
    except SQLAlchemyError:
        log.warning("an opening of a customer's link could not be noted", exc_info=True)


def _add(purpose: Purpose, link_id: bytes) -> None:
    if db.session.registry.has():
        db.session.rollback()  # what the answer's work left open is over, and its connection is free
    agent = request.headers.get("User-Agent", "")
    opening = {
        "link": link_id,
        "at": now(),
        "page": purpose.value,
        "method": request.method,
        "client": clients.guess(agent).value,
        "agent": clients.cleaned(agent),
    }
    connection = alone()
    with _filling_in_here(connection):
        connection.exec_driver_sql(_NOTE, opening)


@contextmanager
def _filling_in_here(connection: Connection) -> Iterator[None]:
    """Have psycopg write the values into the text, since PostgreSQL takes several statements only without any."""
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    driver.cursor_factory = psycopg.ClientCursor
    try:
        yield
    finally:
        driver.cursor_factory = psycopg.Cursor
