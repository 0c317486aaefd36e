"""What an administrator fills in."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from cpor_web.accounts.person_forms import NOT_TOO_LONG, InvitationForm
from cpor_web.closures import LONGEST_NAME
from cpor_web.models import MpnKind, Partner
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Role
from cpor_web.rules.words import N_
from cpor_web.silence.holding import LONGEST_REASON
from cpor_web.web.left_open import LeftOpen
from cpor_web.web.validators import at_most, stripped

_KINDS = {
    MpnKind.LOCATION: N_("Location: enrolled, and paid"),
    MpnKind.GLOBAL: N_("Global: headquarters, never paid"),
}


def _line(label: str, missing: str = "", **more: object) -> StringField:
    validators = [InputRequired(missing), NOT_TOO_LONG] if missing else [NOT_TOO_LONG]
    return StringField(label, validators, filters=[stripped], **more)


class PartnerForm(FlaskForm):
    """A partner."""

    name = _line(_l("Name"), _l("Fill in the name."))
    domains = StringField(
        _l("E-mail domains"),
        [at_most(1000)],
        filters=[stripped],
        description=_l(
            "The partner's own, separated by commas. A customer contact with an address on one of them is refused."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class ChangePartnerForm(LeftOpen, PartnerForm):
    """Another name and other domains."""


class MpnKindForm(FlaskForm):
    """What can be changed of an MPN ID."""

    kind = RadioField(
        _l("Kind"),
        [InputRequired(_l("Choose a kind."))],
        choices=[SelectChoice(kind.value, _l(label)) for kind, label in _KINDS.items()],
    )
    place = _line(_l("Place"), description=_l("Such as the town, to tell locations apart."))


class ChangeMpnIdForm(LeftOpen, MpnKindForm):
    """Another kind and place."""


class MpnIdForm(MpnKindForm):
    """A new MPN ID of a partner."""

    number = _line(_l("MPN ID"), _l("Fill in the MPN ID."), render_kw={"inputmode": "numeric", "autocomplete": "off"})


class ClosureForm(FlaskForm):
    """A day on which the operator is closed."""

    day = DateField(_l("Day"), [InputRequired(_l("Fill in the day."))])
    name = StringField(
        _l("Name"),
        [
            DataRequired(_l("Fill in the name.")),
            at_most(LONGEST_NAME),
        ],
        filters=[stripped],
        description=_l("Partners read it where a deadline says how it was computed."),
        render_kw={"autocomplete": "off"},
    )


class ReleaseForm(FlaskForm):
    """Why closing can go on."""

    reason = TextAreaField(
        _l("Reason"),
        [
            DataRequired(_l("Say why closing can go on.")),
            at_most(LONGEST_REASON),
        ],
        filters=[stripped],
        description=_l("What was wrong, and how you know that it is mended. It stays on record with your name."),
        render_kw={"rows": 4},
    )


class UserForm(InvitationForm):
    """A new user of any partner or of the operator, who gets an invitation by mail."""

    partner = SelectField(_l("Partner"), description=_l("For the roles of a partner; reviewers have none."))

    def offer_partners(self, partners: Iterable[Partner]) -> None:
        """Fill the choices; nothing is preselected."""
        self.offer(PARTNER_ROLES | REVIEWERS)
        for choice in self.role.choices[1:]:
            choice.optgroup = _l("Partner") if Role(choice.value) in PARTNER_ROLES else _l("Operator")
        self.partner.choices = [SelectChoice("", _l("None")), *(SelectChoice(str(p.id), p.name) for p in partners)]
