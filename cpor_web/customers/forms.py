"""What a customer can fill in."""

from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired, Length

from cpor_web.consent.answers import LONGEST_WORDS
from cpor_web.rules.reasons import CUSTOMERS_CHOICE


def _as_text(words: str | None) -> str:
    """Return what was typed with plain line ends and without the NULs that PostgreSQL cannot hold."""
    return (words or "").replace("\r\n", "\n").replace("\x00", "")


class DenyForm(Form):
    """Why a customer denies: a required choice, none preselected, and words if they like."""

    reason = RadioField(
        _l("Why do you deny it?"),
        choices=[SelectChoice(reason.value, _l(reason.label)) for reason in CUSTOMERS_CHOICE],
        validators=[InputRequired(_l("Choose a reason. Nothing was recorded yet."))],
        validate_choice=True,
    )
    words = TextAreaField(
        _l("In your words (optional)"),
        filters=[_as_text],
        validators=[Length(max=LONGEST_WORDS, message=_l("Enter at most %(max)d characters."))],
    )
