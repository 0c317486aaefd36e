"""The access log of customers' links: who opened what, when, with what kind of client. It decides nothing.

It is written once the answer is made and all it does is committed, in a transaction of its own that gives up at once
rather than wait: a log that is stalled, full or broken costs nobody an answer, and no denial is lost by it. How long
it may wait is said with the lines themselves, in one message to the database. What is asked for while a line is being
written is written next, all of it together.
"""

import json
import logging
from collections.abc import Sequence

from flask import Request, Response, current_app
from flask.blueprints import BlueprintSetupState
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cpor_web.customers import clients
from cpor_web.customers.blueprint import bp
from cpor_web.customers.together import Together
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.web import present
from cpor_web.web.current import alone, now, signers

log = logging.getLogger(__name__)

Line = dict[str, str]

OPENINGS = "openings"
MOST = 500

_BOUNDED = """
    SET LOCAL lock_timeout = '100ms';
    SET LOCAL statement_timeout = '300ms';
    SET LOCAL synchronous_commit = off;
"""
"""How long the log may keep an answer waiting at worst. A crash of the database may cost some lines."""

_NOTE = """
    INSERT INTO openings (invitation_id, at, page, method, client, agent)
    SELECT invitations.id, at, page, method, client, agent
    FROM json_to_recordset(%s) line (link text, at timestamptz, page text, method text, client text, agent text)
    JOIN invitations ON link_id = decode(link, 'hex')
"""
_PREPARE = f"PREPARE note_openings (json) AS {_NOTE.replace('%s', '$1')}"
"""By SQL, and not by the driver: what the driver prepares cannot be sent together with what bounds it."""

_NOTE_AS_PREPARED = "EXECUTE note_openings (%s)"
_IS_PREPARED = "note_openings"


@bp.record
def _keep(state: BlueprintSetupState) -> None:
    state.app.extensions[OPENINGS] = Together(_note, most=MOST)


def _note(lines: Sequence[Line]) -> Sequence[None]:
    """Note lines. Where that fails, our own log says so, and nobody else."""
    try:
        _write(lines)
    except SQLAlchemyError:
        log.warning("%d openings of customers' links could not be noted", len(lines), exc_info=True)
    return [None] * len(lines)


@bp.after_request
def note(response: Response) -> Response:
    """Note a request on a link of ours, by whatever method; those on other addresses leave no trace."""
    asked = present.asked()
    purpose = Purpose(asked.url_rule.rule.split("/")[1]) if asked.url_rule else None
    if purpose and asked.view_args:
        link_id = present.kept().get("link_id") or signers().read(purpose, asked.view_args["token"])
        if link_id:
            if db.session.registry.has():
                db.session.rollback()  # what the answer's work left open is over, and its connection is free
            current_app.extensions[OPENINGS].do(_line(purpose, link_id, asked))
    return response


def _line(purpose: Purpose, link_id: bytes, asked: Request) -> Line:
    agent = asked.headers.get("User-Agent", "")
    return {
        "link": link_id.hex(),
        "at": now().isoformat(),
        "page": purpose.value,
        "method": asked.method,
        "client": clients.guess(agent).value,
        "agent": clients.cleaned(agent),
    }


def _write(lines: Sequence[Line]) -> None:
    connection, said = alone(), (json.dumps(lines),)
    if _IS_PREPARED in connection.info:
        try:
            connection.send(_BOUNDED + _NOTE_AS_PREPARED, said)
        except DBAPIError as error:
            if not isinstance(error.orig, InvalidSqlStatementName):
                raise
        else:
            return
    # The first over this connection; or psycopg had all that it has prepared forgotten, as after a savepoint's end;
    # or a pool before the database has another line to it each time, on which it may be prepared or not.
    try:
        connection.send(_BOUNDED + _PREPARE)
    except DBAPIError as error:
        if not isinstance(error.orig, DuplicatePreparedStatement):
            raise
    connection.info[_IS_PREPARED] = True
    connection.send(_BOUNDED + _NOTE, said)
