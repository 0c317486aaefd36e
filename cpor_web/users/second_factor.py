"""The second factor: the code of an authenticator app, asked for after the password, or a recovery code in its place.

Each code works once: the user's row is locked before one is looked at. Nothing here commits; `authenticator` has the
keys that the secrets are encrypted by.
"""

import hashlib
import secrets
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cpor_web.config import Settings
from cpor_web.models import Ended, Passkey, SecurityKind, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.words import N_
from cpor_web.users import people, sessions
from cpor_web.users.authenticator import Authenticator
from cpor_web.users.security_log import UNTOLD, Place, announce

RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10
"""80 bits: as a digest no faster to find than by asking, so it needs no slow one."""

WRONG = N_("This code is not right. Each works once, for half a minute: take the one that is shown now.")


def is_set_up(user: User) -> bool:
    """Tell whether a code is asked for after the password of `user`."""
    return user.totp_secret is not None


def is_required(user: User, settings: Settings) -> bool:
    """Tell whether somebody in the role of `user` must have a second factor."""
    return user.role in settings.required_second_factor


def lacks(user: User, settings: Settings) -> bool:
    """Tell whether `user` must set up a second factor before anything else."""
    return is_required(user, settings) and not is_set_up(user)


def set_up(
    session: Session, user: User, secret: str, code: str, *, authenticator: Authenticator, now: datetime
) -> list[str]:
    """Take the secret of an app that shows this code, and return ten recovery codes, which nobody sees again.

    It takes the place of a former app. Raises Invalid for a wrong code.
    """
    _lock(session, user)
    number = authenticator.number_of(code, secret, after=None, now=now)
    if number is None:
        raise Invalid(WRONG, field_name="code")
    user.totp_secret, user.totp_number = secret, number
    return renew_recovery_codes(session, user)


def use_code(session: Session, user: User, code: str, *, authenticator: Authenticator, now: datetime) -> bool:
    """Take a code of the user's app, and tell whether it was right. It works no second time."""
    _lock(session, user)
    if user.totp_secret is None:
        return False
    number = authenticator.number_of(code, user.totp_secret, after=user.totp_number, now=now)
    if number is None:
        return False
    user.totp_number = number
    user.totp_secret = authenticator.renewed(user.totp_secret)
    return True


def renew_recovery_codes(session: Session, user: User) -> list[str]:
    """Return ten new recovery codes; former ones work no more. Raises NotAllowed without a second factor."""
    _lock(session, user)
    if not is_set_up(user):
        raise NotAllowed(N_("You have no second factor."))
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    user.recovery_codes = [_digest(user, code) for code in codes]
    return codes


def use_recovery_code(session: Session, user: User, code: str) -> bool:
    """Take a recovery code, and tell whether it was right. It works no second time."""
    _lock(session, user)
    digest = _digest(user, code)
    if digest not in user.recovery_codes:
        return False
    user.recovery_codes = [each for each in user.recovery_codes if each != digest]
    return True


def remove(session: Session, user: User, *, settings: Settings) -> None:
    """Take the user's own second factor away. Raises NotAllowed where their role must have one."""
    _lock(session, user)
    if is_required(user, settings):
        raise NotAllowed(N_("Your role needs a second factor. You can set up another app in its place."))
    _clear(user)


def reset(session: Session, user: User, *, actor: Actor, now: datetime, programme: Programme, place: Place) -> None:
    """Take away the second factor and the passkeys of somebody who has lost them, end their sessions, and tell them.

    Raises NotYours for who is no administrator, NotAllowed for one's own: whoever sits at an administrator's open
    page must not be able to do without.
    """
    people.hold(session, user, actor)
    if actor.role is not Role.ADMINISTRATOR:
        raise NotYours(N_("Only an administrator resets a second factor."))
    if user.id == actor.user_id:
        raise NotAllowed(N_("You cannot reset your own second factor here. Another administrator has to do it."))
    _reset(session, user, actor, now, programme, place)


def reset_from_shell(session: Session, user: User, *, now: datetime, programme: Programme) -> None:
    """Do as `reset` does, for who has the machine: the last administrator's way."""
    _lock(session, user)
    _reset(session, user, None, now, programme, UNTOLD)


def renew_secrets(session: Session, authenticator: Authenticator) -> int:
    """Encrypt all secrets by the newest key, and return how many were not. The others are left as they are."""
    with_secret = select(User).where(User.totp_secret.is_not(None)).order_by(User.id)
    users: Sequence[User] = session.scalars(with_secret.with_for_update(of=User, key_share=True)).unique().all()
    count = 0
    for user in users:
        renewed = authenticator.renewed(str(user.totp_secret))
        count += renewed != user.totp_secret
        user.totp_secret = renewed
    session.flush()
    return count


def _reset(
    session: Session, user: User, actor: Actor | None, now: datetime, programme: Programme, place: Place
) -> None:
    _clear(user)
    session.execute(delete(Passkey).where(Passkey.user_id == user.id))
    sessions.end_all(session, user, why=Ended.SECOND_FACTOR, now=now)
    kind = SecurityKind.SECOND_FACTOR_RESET
    announce(session, user, kind, now=now, programme=programme, place=place, by=actor)


def _clear(user: User) -> None:
    user.totp_secret, user.totp_number, user.recovery_codes = None, None, []


def _lock(session: Session, user: User) -> None:
    session.flush()  # what is read afresh must not undo what this transaction has changed
    session.scalars(
        select(User).where(User.id == user.id).with_for_update(of=User, key_share=True),
        execution_options={"populate_existing": True},
    ).one()


def _new_recovery_code() -> str:
    letters = b32encode(secrets.token_bytes(RECOVERY_CODE_BYTES)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _digest(user: User, code: str) -> str:
    letters = "".join(filter(str.isalnum, code)).lower()
    return hashlib.sha256(f"recovery code of {user.id}: {letters}".encode()).hexdigest()
