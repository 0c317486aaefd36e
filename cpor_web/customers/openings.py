"""The access log of customers' links: who opened what, when, with what kind of client. It decides nothing.

It is written once the answer is made and all it does is committed, in a transaction of its own that gives up at once
rather than wait: a log that is stalled, full or broken costs nobody an answer, and no denial is lost by it.
"""

import logging

from flask import Response, request
from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.current import now, signers
from cpor_web.customers import clients
from cpor_web.customers.blueprint import bp
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.models import Invitation, Opening
from cpor_web.transactions import transaction

log = logging.getLogger(__name__)

PATIENCE = (("lock_timeout", "100ms"), ("statement_timeout", "300ms"), ("synchronous_commit", "off"))
"""How long the log may keep an answer waiting at worst. A crash of the database may cost its last lines."""


_BE_PATIENT = select(*(func.set_config(name, value, True) for name, value in PATIENCE))
_LOG = Opening.metadata.tables[Opening.__tablename__]
_NOTED = ("at", "page", "method", "client", "agent")
_NOTE = insert(_LOG).from_select(
    ["invitation_id", *_NOTED],
    select(Invitation.id, *(bindparam(name, type_=_LOG.c[name].type) for name in _NOTED)).where(
        Invitation.link_id == bindparam("link")
    ),
)
"""On the table itself, once for all: it is done for every request, and the mapping has nothing to add."""


@bp.after_request
def note(response: Response) -> Response:
    """Note a request on a link of ours, by whatever method; those on other addresses leave no trace."""
    purpose = Purpose(request.url_rule.rule.split("/")[1]) if request.url_rule else None
    link_id = signers().read(purpose, request.view_args["token"]) if purpose and request.view_args else None
    if purpose and link_id:
        try:
            with transaction(db.session):
                _add(purpose, link_id)
        except SQLAlchemyError:
            log.warning("an opening of a customer's link could not be noted", exc_info=True)
    return response


def _add(purpose: Purpose, link_id: bytes) -> None:
    db.session.rollback()  # what the answer's work left open is over: nothing uncommitted goes in with this
    db.session.execute(_BE_PATIENT)
    agent = request.headers.get("User-Agent", "")
    opening = {
        "at": now(),
        "page": purpose.value,
        "method": request.method,
        "client": clients.guess(agent),
        "agent": clients.cleaned(agent),
    }
    db.session.execute(_NOTE, {"link": link_id, **opening})
