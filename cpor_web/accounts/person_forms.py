"""What is filled in about people with an account: by those who manage them, and by themselves."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from cpor_web.rules.exc import Invalid, Refused
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import Role
from cpor_web.web.errors import sentence
from cpor_web.web.left_open import LeftOpen
from cpor_web.web.validators import at_most, stripped

LONGEST = 200
NOT_TOO_LONG = at_most(LONGEST)


def language_field() -> SelectField:
    """Return the choice of a language, each by its own name."""
    return SelectField(
        _l("Language"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()], default="en"
    )


class PersonForm(FlaskForm):
    """Name and role."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Fill in the name.")), NOT_TOO_LONG],
        filters=[stripped],
        render_kw={"autocomplete": "off"},
    )
    role = SelectField(_l("Role"), [InputRequired(_l("Choose a role."))])

    def offer(self, roles: Iterable[Role]) -> None:
        """Fill the choice of roles, in the order in which they are listed everywhere."""
        offered = frozenset(roles)
        choices = [SelectChoice(role.value, _l(role.label)) for role in Role if role in offered]
        self.role.choices = [SelectChoice("", _l("Choose…")), *choices]

    def refuse(self, refused: Refused) -> None:
        """Say why something was refused: beside its field, where it names one of these."""
        if isinstance(refused, Invalid) and refused.field_name in self:
            self[refused.field_name].errors = [sentence(refused)]
        else:
            self.form_errors.append(sentence(refused))


class ChangePersonForm(LeftOpen, PersonForm):
    """Another name and role."""


class InvitationForm(PersonForm):
    """Somebody new, who gets an invitation by mail."""

    email = StringField(
        _l("Email"),
        [DataRequired(_l("Fill in the e-mail address.")), NOT_TOO_LONG],
        filters=[stripped],
        render_kw={"type": "email", "autocomplete": "off"},
    )
    language = language_field()


class LanguageForm(FlaskForm):
    """The language of one's pages and mails."""

    language = language_field()
