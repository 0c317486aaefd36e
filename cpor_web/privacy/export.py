"""Everything that is kept of one person, ready for JSON. No password, no key, no secret, nobody's link."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, inspect, or_, select
from sqlalchemy.orm import Session

from cpor_web.models import (
    Answer,
    Assessment,
    Base,
    Claim,
    Comment,
    CustomerContact,
    Document,
    Download,
    Event,
    FailedSignIns,
    Holding,
    Identity,
    Invitation,
    Mail,
    Note,
    Opening,
    Passkey,
    ProofCell,
    ReceivedMail,
    Replacement,
    SavedFilter,
    SecurityEvent,
    SignIn,
    User,
)
from cpor_web.privacy import person
from cpor_web.privacy.person import Person

SECRET = frozenset({"password", "fs_uniquifier", "totp_secret", "totp_number", "recovery_codes", "calendar_number"})

Json = dict[str, Any]


def of_person(session: Session, who: Person, *, now: datetime) -> Json:
    """Return every row that names a person or is theirs, by what it is. Moments are ISO 8601, in UTC."""
    found: Json = {"address": who.address, "exported_at": _plain(now), "names": sorted(who.names)}
    for name, query in {**_of_address(who), **_of_account(who)}.items():
        found[name] = [_row(each) for each in session.scalars(query)]
    raws = select(ReceivedMail.raw).where(_received(who), ReceivedMail.raw.is_not(None)).order_by(ReceivedMail.id)
    found["received_as_it_came"] = [bytes(raw).decode("utf-8", "replace") for raw in session.scalars(raws) if raw]
    return found


def _of_address(who: Person) -> dict[str, Select[Any]]:
    contacts = select(CustomerContact.id).where(person.is_(CustomerContact.email, who.address))
    asked = select(Invitation.id).where(Invitation.contact_id.in_(contacts))
    events = person.events_naming(who) | person.in_passing(who)
    mails = or_(person.is_(Mail.to_address, who.address), person.mails_naming(who))
    return {
        "claims": _and_naming(who, Claim, Claim.id.in_(who.claims)),
        "customer_contacts": _and_naming(who, CustomerContact, CustomerContact.id.in_(contacts)),
        "invitations": select(Invitation).where(Invitation.id.in_(asked)).order_by(Invitation.id),
        "assessments": _and_naming(who, Assessment, false()),
        "answers": _and_naming(who, Answer, Answer.invitation_id.in_(asked)),
        "openings": select(Opening).where(Opening.invitation_id.in_(asked)).order_by(Opening.id),
        "events": select(Event).where(events).order_by(Event.claim_id, Event.position),
        "mails": _and_naming(who, Mail, mails),
        "received_mails": select(ReceivedMail).where(_received(who)).order_by(ReceivedMail.id),
        "proof_cells": _and_naming(who, ProofCell, false()),
        "holdings": _and_naming(who, Holding, false()),
    }


def _of_account(who: Person) -> dict[str, Select[Any]]:
    account = select(User).where(User.id == who.user.id) if who.user else select(User).where(false())
    found: dict[str, Select[Any]] = {"account": account}
    theirs: Sequence[type[Any]] = (Identity, Passkey, SignIn, SecurityEvent, FailedSignIns, Download)
    for model in theirs:
        found[model.__tablename__] = select(model).where(_by(model, who)).order_by(model.id)
    written: Sequence[type[Any]] = (Comment, Note, Replacement)
    for model in written:
        found[model.__tablename__] = _and_naming(who, model, _by(model, who))
    filters = select(SavedFilter).where(_by(SavedFilter, who) | person.filters_naming(who))
    uploaded = Document.uploaded_by_id == who.user.id if who.user else false()
    return {
        **found,
        "saved_filters": filters.order_by(SavedFilter.id),
        "documents": _and_naming(who, Document, uploaded),
    }


def _and_naming(who: Person, model: Any, theirs: ColumnElement[bool]) -> Select[Any]:
    """Return the query of what is theirs, and of what names them where somebody wrote."""
    found = select(model).where(or_(theirs, person.written_naming(who, model)))
    return found.order_by(*inspect(model).primary_key)


def _by(model: Any, who: Person) -> Any:
    return model.user_id == who.user.id if who.user else false()


def _received(who: Person) -> Any:
    answering = select(Mail.id).where(person.is_(Mail.to_address, who.address))
    return or_(ReceivedMail.mail_id.in_(answering), person.received_naming(who))


def _row(row: Base) -> Json:
    columns = inspect(type(row)).column_attrs
    values = {each.key: getattr(row, each.key) for each in columns if each.key not in SECRET}
    return {key: _plain(value) for key, value in values.items() if not isinstance(value, bytes) and value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, date | UUID) else value
