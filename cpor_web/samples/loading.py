"""Loads the sample into an empty database: partners, people, and claims whose deadlines are about now."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.models import MpnKind, Partner, User
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.samples import staging
from cpor_web.samples.people import PARTNERS, PASSWORD, PEOPLE
from cpor_web.samples.steps import Stage
from cpor_web.samples.stories import STORIES
from cpor_web.users import organisations, passwords, people


def load(session: Session, *, programme: Programme, documents: DocumentStore, now: datetime) -> bool:
    """Load everything, or nothing where anybody has an account already; tell which. Does not commit.

    All mails of the past are settled as sent. Only the notice of the claim that was approved just now is queued, so
    that a worker sends it, with a link that works.
    """
    if session.scalar(select(func.count()).select_from(User)):
        return False
    users = _people(session, _partners(session), programme)
    session.flush()
    staging.tell(Stage(session, programme, documents, users), STORIES, now=now)
    return True


def _partners(session: Session) -> dict[str, Partner]:
    partners = {}
    for each in PARTNERS:
        partner = organisations.add_partner(session, name=each.name, domains=[each.domain])
        organisations.add_mpn_id(session, partner, number=each.global_id, kind=MpnKind.GLOBAL)
        for number, place in each.locations:
            organisations.add_mpn_id(session, partner, number=number, kind=MpnKind.LOCATION, place=place)
        partners[each.name] = partner
    return partners


def _people(session: Session, partners: dict[str, Partner], programme: Programme) -> dict[str, User]:
    users = {}
    for person in PEOPLE:
        partner = partners.get(person.organisation)
        user = people.add_user(session, email=person.email, name=person.name, role=person.role, partner=partner)
        passwords.choose(PASSWORD, user, programme)
        users[person.email] = user
    return users
