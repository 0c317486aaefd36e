"""What the fields of an account may be. Each raises Invalid, with the field's name, for what cannot be."""

from email_validator import EmailNotValidError, validate_email

from cpor_web.models import Partner
from cpor_web.rules.characters import name_in
from cpor_web.rules.exc import Invalid
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import PARTNER_ROLES, USER_ROLES, Role
from cpor_web.rules.words import N_


def address(email: str) -> str:
    """Return an address as it is stored, and as mail can be sent to it (RFC 5321, without SMTPUTF8)."""
    try:
        return validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        raise Invalid(N_("This is not an e-mail address."), field_name="email") from None


def name(given: str) -> str:
    """Return a name as it is stored."""
    return name_in(given, if_empty=N_("Give a name."))


def role(given: Role, partner: Partner | None) -> Role:
    """Return a role that somebody of this partner, or of the operator (None), can sign in with."""
    if given not in USER_ROLES:
        raise Invalid(N_("Nobody signs in with this role."), field_name="role")
    if (given in PARTNER_ROLES) != (partner is not None):
        raise Invalid(
            N_("A partner's role needs its partner; reviewers and administrators belong to none."), field_name="role"
        )
    return given


def language(given: str) -> str:
    """Return a language that pages and mails are in."""
    if given not in LANGUAGES:
        raise Invalid(N_("There is no such language here."), field_name="language")
    return given


def role_named(name: str) -> Role:
    """Return the role of this name, as it is stored. Raises Invalid where there is none."""
    try:
        return Role(name)
    except ValueError:
        raise Invalid(N_("There is no role “%(role)s”."), {"role": name}, field_name="role") from None
