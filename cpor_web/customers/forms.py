"""What a customer can fill in. Each form has a choice that nobody made beforehand: to press a button is not enough.

Programs that look at mails follow links and press buttons; they do not choose.
"""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, RadioField, SelectChoice, TextAreaField
from wtforms.validators import DataRequired, InputRequired, ValidationError

from cpor_web.consent.recording import LONGEST_WORDS
from cpor_web.rules.reasons import CUSTOMERS_CHOICE
from cpor_web.web.validators import too_long

LINK, UNDO, CONFIRM = (f"customers/{page}.html" for page in ("link", "undo", "confirm"))
"""The templates of the pages behind links."""

TICKED = DataRequired(_l("Tick this box first. Nothing was recorded yet."))


def _as_text(words: str | None) -> str:
    """Return what was typed with plain line ends and without the NULs that PostgreSQL cannot hold."""
    return (words or "").replace("\r\n", "\n").replace("\x00", "")


def _not_too_long(_form: Form, field: Field) -> None:
    """Refuse too many characters, in words that are chosen when they are shown: whose page it is, is read later."""
    if len(field.data) > LONGEST_WORDS:
        raise ValidationError(too_long(LONGEST_WORDS))


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
        validators=[_not_too_long],
    )


class RestoreForm(Form):
    """That a denial is to be undone."""

    was_mistaken = BooleanField(_l("Yes, the denial was a mistake"), validators=[TICKED])


class YesForm(Form):
    """That the customer works with the partner."""

    may_answer = BooleanField(_l("I know this partner, and I may answer for my organisation"), validators=[TICKED])


class NoObjectionForm(Form):
    """That a contact has nothing against the association."""

    has_read = BooleanField(_l("I have read what is claimed"), validators=[TICKED])


class WrongPersonForm(Form):
    """That a contact cannot answer."""

    cannot_answer = BooleanField(_l("Somebody else has to answer"), validators=[TICKED])


LANGUAGE = "language"
"""What the form to deny sends as `answer` where a language is chosen: what was filled in is kept, nothing is said."""

QUIET_ANSWERS: Mapping[str, type[Form]] = {
    "no-objection": NoObjectionForm,
    "not-the-right-person": WrongPersonForm,
    "yes": YesForm,
}
"""What the link of a notice can say besides a denial, by the value that its form sends as `answer`."""


def unsent(template: str) -> Mapping[str, object]:
    """Return the forms of a page as nobody has sent them, by the names that its template has for them."""
    if template == LINK:
        return {"form": DenyForm(), "quiet": quiet_forms(), "longest_words": LONGEST_WORDS, "choosing": LANGUAGE}
    return {"form": RestoreForm() if template == UNDO else YesForm()}


def quiet_forms(said: str = "", sent: MultiDict[str, str] | None = None) -> dict[str, Form]:
    """Return the forms of the quiet answers; the one that `said` names has what was sent."""
    return {name: form(sent if name == said else None) for name, form in QUIET_ANSWERS.items()}
