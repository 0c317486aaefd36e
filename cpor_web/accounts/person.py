"""The page of one account, for those who manage it: Global admins in their team, administrators everywhere."""

from collections.abc import Callable
from http import HTTPStatus

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts import freshness
from cpor_web.accounts.access import allowed
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.freshness import fresh
from cpor_web.accounts.person_forms import ChangePersonForm
from cpor_web.accounts.places import here
from cpor_web.extensions import db
from cpor_web.models import User
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Role
from cpor_web.rules.words import N_
from cpor_web.transactions import transaction
from cpor_web.users import passkeys, people, second_factor, signing_out, ties
from cpor_web.web.current import actor, now, programme, settings
from cpor_web.web.errors import status_of
from cpor_web.web.left_open import Meanwhile

MANAGERS = frozenset({Role.GLOBAL_ADMIN, Role.ADMINISTRATOR})


@bp.get("/people/<int:user_id>")
@allowed(MANAGERS)
def person(user_id: int) -> ResponseReturnValue:
    """Show an account, to be changed."""
    user = _person_or_404(user_id)
    return _page(user, _form(user))


@bp.post("/people/<int:user_id>")
@allowed(MANAGERS)
def change_person(user_id: int) -> ResponseReturnValue:
    """Save of name and role what was changed: the page may have been open for long."""
    user = _person_or_404(user_id)
    form = _form(user)
    if not form.validate():
        return _page(user, form), HTTPStatus.UNPROCESSABLE_ENTITY
    role = Role(form.role.data)
    if role is Role.ADMINISTRATOR and form.changes("role") and not freshness.is_confirmed(form):
        return _page(user, form), HTTPStatus.FORBIDDEN
    try:
        with transaction(db.session):
            people.hold(db.session(), user, actor())
            form.merge(_stored(user))
            people.rename(db.session(), user, form.name.data, actor=actor())
            people.change_role(db.session(), user, Role(form.role.data), actor=actor(), now=now())
    except Meanwhile as refused:
        return _page(_person_or_404(user_id), form), status_of(refused)
    except Refused as refused:
        return _refused(user_id, form, refused)
    flash(_("Saved."), "success")
    return redirect(_list())


@bp.post("/people/<int:user_id>/deactivate")
@allowed(MANAGERS)
def deactivate(user_id: int) -> ResponseReturnValue:
    """Let somebody no longer sign in."""
    return _do(user_id, lambda user: people.deactivate(db.session(), user, actor=actor(), now=now()), DEACTIVATED)


@bp.post("/people/<int:user_id>/sign-out")
@allowed(MANAGERS)
def sign_out_everywhere(user_id: int) -> ResponseReturnValue:
    """End all sessions of somebody."""
    return _do(
        user_id,
        lambda user: signing_out.everywhere(db.session(), user, actor=actor(), now=now()),
        SIGNED_OUT,
    )


@bp.post("/people/<int:user_id>/activate")
@allowed(MANAGERS)
def activate(user_id: int) -> ResponseReturnValue:
    """Let somebody sign in again."""

    def reactivate(user: User) -> None:
        issuer = settings().oidc_issuer
        people.reactivate(db.session(), user, actor=actor(), now=now(), programme=programme(), issuer=issuer)

    return _ask_first(user_id) or _do(user_id, reactivate, ACTIVATED)


@bp.post("/people/<int:user_id>/invite")
@allowed(MANAGERS)
def invite_again(user_id: int) -> ResponseReturnValue:
    """Send another invitation."""

    def invite(user: User) -> None:
        people.invite_again(db.session(), user, actor=actor(), now=now(), programme=programme())

    return _ask_first(user_id) or _do(user_id, invite, INVITED)


@bp.post("/people/<int:user_id>/reset-second-factor")
@allowed(Role.ADMINISTRATOR)
@fresh("administration.users")
def reset_second_factor(user_id: int) -> ResponseReturnValue:
    """Take the second factor and the passkeys away from somebody who has lost them."""

    def reset(user: User) -> None:
        second_factor.reset(db.session(), user, actor=actor(), now=now(), programme=programme(), place=here())

    return _do(user_id, reset, RESET)


RESET = N_("%(name)s now signs in by password alone, and must set up a second factor if the role needs one.")
SIGNED_OUT = N_("%(name)s is signed out everywhere.")
DEACTIVATED = N_("%(name)s can no longer sign in.")
ACTIVATED = N_("%(name)s can sign in again.")
INVITED = N_("Another invitation to %(name)s is on its way.")


def _ask_first(user_id: int) -> ResponseReturnValue | None:
    """Ask who it is before one of the operator's own people is let in."""
    if _person_or_404(user_id).role not in REVIEWERS:
        return None
    return freshness.ask(url_for("accounts.person", user_id=user_id))


def _do(user_id: int, verb: Callable[[User], None], done: str) -> ResponseReturnValue:
    user = _person_or_404(user_id)
    try:
        with transaction(db.session):
            verb(user)
    except Refused as refused:
        return _refused(user_id, _form(user, as_it_is=True), refused)
    flash(_(done, name=user.name), "success")
    return redirect(_list())


def _refused(user_id: int, form: ChangePersonForm, refused: Refused) -> ResponseReturnValue:
    form.refuse(refused)
    return _page(_person_or_404(user_id), form), status_of(refused)


def _person_or_404(user_id: int) -> User:
    return people.person_of(db.session(), actor(), user_id) or abort(404)


def _stored(user: User) -> dict[str, str]:
    return {"name": user.name, "role": user.role.value}


def _form(user: User, *, as_it_is: bool = False) -> ChangePersonForm:
    form = ChangePersonForm(_stored(user), **({"formdata": None} if as_it_is else {}))
    form.offer(PARTNER_ROLES if user.partner_id is not None else REVIEWERS)
    return form


def _page(user: User, form: ChangePersonForm) -> str:
    return render_template(
        "accounts/person.html",
        person=user,
        form=form,
        me=actor(),
        list_url=_list(),
        only_there=settings().oidc_only,
        tied=ties.tied_among(db.session(), [user], settings().oidc_issuer),
        has_passkeys=bool(passkeys.passkeys_of(db.session(), user)),
    )


def _list() -> str:
    return url_for("administration.users" if actor().role is Role.ADMINISTRATOR else "partners.team")
