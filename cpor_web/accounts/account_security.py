"""The security of one's own account: where one is signed in, and what happened to the ways into the account."""

from collections.abc import Iterable

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from cpor_web.accounts import own_password, places, session_cookie
from cpor_web.accounts.access import allowed
from cpor_web.accounts.blueprint import bp
from cpor_web.extensions import db
from cpor_web.models import Ended, SecurityEvent, SecurityKind, User
from cpor_web.rules.roles import USER_ROLES
from cpor_web.transactions import transaction
from cpor_web.users import security_log, sessions
from cpor_web.web.current import now, user

LINES = 25


@bp.get("/account/security")
@allowed(USER_ROLES)
def security() -> ResponseReturnValue:
    """Show one's sign-ins that last, and the log; older lines with `before`."""
    session, me = db.session(), user()
    events = security_log.events_of(session, me, limit=LINES + 1, before=request.args.get("before", type=_line))
    shown = events[:LINES]
    return render_template(
        "accounts/security.html",
        sign_ins=sessions.lasting(session, me, now=now(), limits=session_cookie.limits()),
        present=session_cookie.present(),
        may_choose_password=own_password.may_choose(),
        failed=security_log.failures_of(session, me),
        events=shown,
        names=_names(shown),
        words=words_of,
        older=url_for("accounts.security", before=shown[-1].id) if len(events) > LINES else None,
        newest=url_for("accounts.security") if "before" in request.args else None,
    )


@bp.post("/account/security/end-others")
@allowed(USER_ROLES)
def end_others() -> ResponseReturnValue:
    """End all of one's sign-ins but the present one."""
    with transaction(db.session):
        ended = session_cookie.end_others(user(), why=Ended.ELSEWHERE)
        _note(SecurityKind.SESSIONS_ENDED)
    flash(ngettext("Signed out in %(num)s other browser.", "Signed out in %(num)s other browsers.", ended), "success")
    return redirect(url_for("accounts.security"))


@bp.post("/account/security/<int:sign_in_id>/end")
@allowed(USER_ROLES)
def end_one(sign_in_id: int) -> ResponseReturnValue:
    """End one of one's own sign-ins."""
    if sign_in_id > _MOST:
        abort(404)
    with transaction(db.session):
        if sessions.end_one(db.session(), user(), sign_in_id, why=Ended.ELSEWHERE, now=now()):
            _note(SecurityKind.SESSION_ENDED)
    flash(_("That browser is signed out."), "success")
    return redirect(url_for("accounts.security"))


_MOST = 2**63 - 1  # what an id can be


def words_of(event: SecurityEvent) -> str:
    """Return the sentence of a line, in the reader's language; its name where a later version has written it."""
    sentence = security_log.SENTENCES.get(event.kind)  # type: ignore[call-overload]
    if sentence is None:
        return event.kind
    return str(_(sentence, **{name: _(value) if value else "" for name, value in event.facts.items()}))


def _line(typed: str) -> int:
    number = int(typed)
    if not 0 < number <= _MOST:
        raise ValueError(typed)
    return number


def _note(kind: SecurityKind) -> None:
    security_log.note(db.session(), user(), kind, now=now(), place=places.here())


def _names(events: Iterable[SecurityEvent]) -> dict[int, str]:
    others = {event.by_id for event in events if event.by_id is not None}
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(others))) if others else ()
    return {row.id: row.name for row in rows}
