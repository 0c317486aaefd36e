"""Passkeys (WebAuthn level 2): adding one, and finding out by one who somebody is.

A device answers a challenge for the site whose name it sees itself, and only after it has verified its user: so a
passkey is two factors in one, and no other site can ask for it. Nothing here commits.

The library is imported where a passkey is asked for or answers: it is large, and most processes meet none.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Passkey, User
from cpor_web.rules.characters import name_in
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.words import N_

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor
    from webauthn.registration.verify_registration_response import VerifiedRegistration

MOST = 20
"""Passkeys of one person."""

LONGEST_NAME = 60
LONGEST_ANSWER = 20_000
LONGEST_ID = 1023
"""Bytes of a passkey's own id (WebAuthn, 4); the database's index takes no more than 2,700."""

HANDLE_BYTES = 32

NOT_AN_ANSWER = (ValueError, TypeError, KeyError, RecursionError)
"""What reading an answer may raise, beside the library's own exception: it is anybody's text."""


class Asked(NamedTuple):
    """A challenge, and when it was made."""

    challenge: bytes
    at: datetime


class Site(NamedTuple):
    """What a passkey is for: the site's name in the network, its address, and how people know it."""

    host: str
    origin: str
    name: str

    @classmethod
    def at(cls, public_url: str, name: str) -> "Site | None":
        """Return the site at this address; None for one that is reached by a number, where no passkey works."""
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        try:
            ip_address(host)
        except ValueError:
            return cls(host, f"{parts.scheme}://{parts.netloc}", name)
        return None


def passkeys_of(session: Session, user: User) -> Sequence[Passkey]:
    """Return the passkeys of `user`, the oldest first."""
    return session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)).all()


def handle_of(user: User) -> bytes:
    """Return who `user` is to their passkeys, made when first asked for."""
    if user.passkey_handle is None:
        user.passkey_handle = secrets.token_bytes(HANDLE_BYTES)
    return user.passkey_handle


def options_to_add(site: Site, challenge: bytes, user: User, has: Sequence[Passkey]) -> str:
    """Return what a browser is asked, as JSON, to make a passkey on a device that has none of these."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    chosen = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
    )
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=handle_of(user),
        user_name=user.email,
        user_display_name=user.name,
        challenge=challenge,
        authenticator_selection=chosen,
        exclude_credentials=_described(has),
    )
    return webauthn.options_to_json(options)


def options_to_sign_in(site: Site, challenge: bytes, has: Sequence[Passkey] = ()) -> str:
    """Return what a browser is asked, as JSON, to prove a passkey: one of these, or any of this site."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=_described(has),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def add(
    session: Session, user: User, answer: str, asked: Asked | None, *, name: str, site: Site | None, now: datetime
) -> Passkey:
    """Add the passkey that a device has made, as the browser tells it in JSON.

    Raises Invalid for an answer that is not one to what was asked, and for a name that is empty or taken; NotAllowed
    where there are too many.
    """
    has = _locked_passkeys(session, user)
    named = name_in(name, if_empty=N_("Give the passkey a name, by which you know it again."))
    if any(each.name == named for each in has):
        raise Invalid(N_("You have a passkey of this name already."), field_name="name")
    if len(has) >= MOST:
        raise NotAllowed(N_("You have %(most)s passkeys. Remove one first."), {"most": MOST})
    made = _verified_new(answer, asked, site)
    if made is not None and len(made.credential_id) > LONGEST_ID:
        made = None
    taken = made and session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id))
    if made is None or taken is not None:
        raise Invalid(N_("The passkey could not be added. Try again."), field_name="answer")
    passkey = Passkey(
        user_id=user.id,
        name=named,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        added_at=now,
    )
    session.add(passkey)
    return passkey


def owner_of(session: Session, answer: str, asked: Asked | None, *, site: Site | None, now: datetime) -> User | None:
    """Return whose passkey has answered the challenge, and note its use; None for whatever is wrong with it.

    Whose account is not active has none. What was asked before the passkey's last use is answered no more: a copy of
    cookie and answer opens nothing, also where a passkey does not count its uses.
    """
    if asked is None or site is None or len(answer) > LONGEST_ANSWER:
        return None
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        told = webauthn.helpers.parse_authentication_credential_json(answer)
        passkey = _locked_passkey(session, told.raw_id)
        if passkey is None or (passkey.used_at is not None and passkey.used_at >= asked.at):
            return None
        proved = webauthn.verify_authentication_response(
            credential=told,
            expected_challenge=asked.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, *NOT_AN_ANSWER):
        return None
    user = session.get_one(User, passkey.user_id)
    if not user.active or told.response.user_handle not in {None, user.passkey_handle}:
        return None
    passkey.sign_count, passkey.used_at = proved.new_sign_count, now
    return user


def remove(session: Session, user: User, passkey_id: int) -> Passkey | None:
    """Remove one of the user's own passkeys and return what it was; None where there is no such."""
    mine = select(Passkey).where(Passkey.user_id == user.id, Passkey.id == passkey_id)
    passkey = session.scalar(mine.with_for_update())
    if passkey is not None:
        session.delete(passkey)
    return passkey


def _verified_new(answer: str, asked: Asked | None, site: Site | None) -> "VerifiedRegistration | None":
    if asked is None or site is None or len(answer) > LONGEST_ANSWER:
        return None
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=asked.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, *NOT_AN_ANSWER):
        return None


def _locked_passkeys(session: Session, user: User) -> Sequence[Passkey]:
    session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    return passkeys_of(session, user)


def _locked_passkey(session: Session, credential_id: bytes) -> Passkey | None:
    # Read afresh under the lock: of two answers with the same count the second is refused.
    found = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    return session.scalar(found, execution_options={"populate_existing": True})


def _described(passkeys: Sequence[Passkey]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in passkeys]
