"""Flask-Security's forms in our words."""

from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security import PasswordUtil, hash_password
from flask_security.forms import (
    ChangePasswordForm,
    EmailValidation,
    EqualToLocalize,
    ForgotPasswordForm,
    IsString,
    LoginForm,
    ResetPasswordForm,
    email_required,
    password_required,
    valid_user_email,
)
from flask_security.utils import hash_data
from wtforms import EmailField, Field, PasswordField
from wtforms.validators import Length

from cpor_web import addresses
from cpor_web.accounts import failures
from cpor_web.accounts.way_on import within
from cpor_web.extensions import db
from cpor_web.models import User
from cpor_web.rules.exc import Invalid
from cpor_web.transactions import transaction
from cpor_web.users import identities, passwords, security_log
from cpor_web.web.current import now, programme_as_set_up, settings
from cpor_web.web.errors import sentence

NOT_TOO_LONG = Length(max=passwords.LONGEST, message=_l("This password is not right."))
"""For a password that there is: no longer one was ever taken, and hashing fails at thousands of characters."""


def _possible(email: str | None) -> str | None:
    """Return what was typed, nothing where no address is so long: to read it would take the server's time."""
    return email if email is None or len(email) <= addresses.LONGEST else ""


class TakenPasswords(PasswordUtil):
    """Tells Flask-Security which passwords are taken."""

    def normalize(self, password: str) -> str:
        """Return a password as it is hashed."""
        return passwords.normalized(password)

    def validate(self, password: str, is_register: bool, **about: Any) -> tuple[list[str] | None, str]:
        """Return what is wrong with a password for the `user`, and the password as it is hashed."""
        try:
            passwords.check(password, about["user"], programme_as_set_up())
        except Invalid as refused:
            return [sentence(refused)], self.normalize(password)
        return None, self.normalize(password)


class SignInForm(LoginForm):
    """Email and password. What is wrong is never told apart, so that nobody can find out who has an account."""

    email = EmailField(
        _l("Email"),
        [IsString(), email_required, EmailValidation(verify=False)],
        filters=[_possible],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Password"),
        [IsString(), password_required, NOT_TOO_LONG],
        render_kw={"autocomplete": "current-password"},
    )
    remember = None
    submit = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.description = ""  # the template has the link to choose a new one

    def validate_next(self, field: Field) -> None:
        """Forget an address that leads away from here; the person cannot help having it."""
        field.data = within(field.data)

    def validate(self, **kwargs: Any) -> bool:
        if super().validate(**kwargs):
            return self._may_come_so()
        failures.tell("password")
        with transaction(db.session):
            security_log.count_failure(db.session(), self.user.id if self.user else None, now=now())
        self.email.errors = self.password.errors = []
        self.form_errors = [_("Email or password is not right.")]
        return False

    def _may_come_so(self) -> bool:
        """Tell whether a password is enough; who has typed the right one may know what to do instead."""
        if not identities.must_come_by_it(db.session(), cast(User, self.user), settings()):
            return True
        failures.tell("password")
        provider = settings().oidc_called
        self.form_errors = [_("Your account signs in with %(provider)s alone.", provider=provider)]
        return False


class ForgotForm(ForgotPasswordForm):
    """Asks for the address that the link goes to."""

    email = EmailField(
        _l("Email"),
        [IsString(), email_required, EmailValidation(verify=True), valid_user_email],
        filters=[_possible],
        render_kw={"autocomplete": "username"},
    )
    submit = None

    def validate(self, **kwargs: Any) -> bool:
        is_known = super().validate(**kwargs)
        if is_known and identities.may_choose_password(db.session(), cast(User, self.user), settings()):
            hash_password("as much work as for a stranger")
            return True
        hash_data("as much work as for a user")
        return False


class NewPasswordForm(ResetPasswordForm):
    """Asks for the new password, twice."""

    password = PasswordField(
        _l("New password"), [IsString(), password_required], render_kw={"autocomplete": "new-password"}
    )
    password_confirm = PasswordField(
        _l("New password, once more"),
        [IsString(), EqualToLocalize("password", message="RETYPE_PASSWORD_MISMATCH"), password_required],
        render_kw={"autocomplete": "new-password"},
    )
    submit = None


class OtherPasswordForm(ChangePasswordForm):
    """Asks for the present password, and for the new one twice."""

    password = PasswordField(_l("Present password"), [NOT_TOO_LONG], render_kw={"autocomplete": "current-password"})
    new_password = PasswordField(
        _l("New password"), [IsString(), password_required], render_kw={"autocomplete": "new-password"}
    )
    new_password_confirm = PasswordField(
        _l("New password, once more"),
        [IsString(), EqualToLocalize("new_password", message="RETYPE_PASSWORD_MISMATCH"), password_required],
        render_kw={"autocomplete": "new-password"},
    )
    submit = None
