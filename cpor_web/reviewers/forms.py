"""What a reviewer fills in. Every form's fields carry its prefix, because several share a page."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, FormField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from cpor_web.catalogue import Catalogue
from cpor_web.claims.input import LONGEST_TEXT
from cpor_web.models import Claim
from cpor_web.rules.reasons import REVIEWERS_CHOICE, Rejection, Request

_SHORT_ENOUGH = Length(max=LONGEST_TEXT, message=_l("Enter at most %(most)s characters.", most=LONGEST_TEXT))


def _stripped(typed: str | None) -> str:
    return (typed or "").strip()


def _words(label: str, missing: str = "", rows: int = 4, **more: object) -> TextAreaField:
    validators = [InputRequired(missing), _SHORT_ENOUGH] if missing else [_SHORT_ENOUGH]
    return TextAreaField(label, validators, filters=[_stripped], render_kw={"rows": rows}, **more)


class RejectForm(FlaskForm):
    """Why a claim is rejected; nothing is preselected."""

    reason = SelectField(
        _l("Reason"),
        [InputRequired(_l("Choose a reason."))],
        choices=[
            SelectChoice("", _l("Choose a reason")),
            *(SelectChoice(reason.value, _l(reason.label)) for reason in REVIEWERS_CHOICE),
        ],
    )
    comment = _words(_l("Comment"), _l("Write to the partner why."), description=_l("The partner reads it."))

    @property
    def rejection(self) -> Rejection:
        return Rejection(self.reason.data)


MissingForm: type[Form] = type(
    "MissingForm", (Form,), {reason.name.lower(): _words(_l("What is missing"), rows=2) for reason in Request}
)
"""A text beside each reason to ask."""


class AskForm(FlaskForm):
    """What the partner is asked for: reasons, what is missing for each, and a comment."""

    reasons = SelectMultipleField(
        _l("Reasons"),
        [InputRequired(_l("Choose at least one reason."))],
        choices=[SelectChoice(reason.value, _l(reason.label)) for reason in Request],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    missing = FormField(MissingForm)
    comment = _words(_l("Comment"), description=_l("The partner reads it together with the reasons."))

    @property
    def asks(self) -> dict[Request, str]:
        """What is missing, by the reasons that were chosen; a text beside another is left out."""
        chosen = [Request(value) for value in self.reasons.data or ()]
        return {reason: self.missing[reason.name.lower()].data for reason in chosen}

    @property
    def summary(self) -> str:
        """The comment; where there is none, what was written beside the reasons says it all."""
        return self.comment.data or "\n".join(filter(None, self.asks.values()))

    def texts(self) -> list[tuple[Request, object, object]]:
        """Return each reason with its box and its text, for the page."""
        return [
            (reason, box, self.missing[reason.name.lower()])
            for reason, box in zip(Request, self.reasons, strict=True)
        ]


class CommentForm(FlaskForm):
    """A comment to the partner."""

    comment = _words(_l("Comment"), _l("Write a comment first."))


class NoteForm(FlaskForm):
    """A note among reviewers."""

    note = _words(_l("Internal note"), _l("Write a note first."))


class GoOnForm(FlaskForm):
    """Why a stopped consent period goes on."""

    why = _words(_l("Why it goes on"), _l("Say why the consent period goes on."), rows=2)


class ReplyForm(FlaskForm):
    """What a person at the customer replied; nothing is preselected."""

    says = RadioField(
        _l("What the reply says"),
        [InputRequired(_l("Choose what the reply says."))],
        choices=[
            SelectChoice("denies", _l("It denies the association")),
            SelectChoice("does-not-deny", _l("It does not deny the association")),
        ],
    )
    whose = SelectField(_l("Who has replied"), coerce=int, validate_choice=True, choices=[])
    evidence = _words(_l("The words of the reply"), _l("Quote the reply: it goes on record."))

    def offer(self, claim: Claim) -> None:
        """Offer the claim's contacts to choose from; with one there is nothing to choose."""
        if len(claim.contacts) > 1:
            nobody = SelectChoice(0, _("Choose…"))
            self.whose.choices = [nobody, *(SelectChoice(each.id, each.name) for each in claim.contacts)]
        else:
            del self.whose

    @property
    def who(self) -> int | None:
        """The id of the contact who replied, None where there is only one."""
        return self.whose.data if "whose" in self else None

    @property
    def denies(self) -> bool:
        return bool(self.says.data == "denies")


class QueueFilter(FlaskForm):
    """What the queue shows; read from the address, so it changes nothing and carries no token."""

    class Meta:
        csrf = False

    whose = SelectField(
        _l("Reviewer"),
        choices=[
            SelectChoice("", _l("Everybody")),
            SelectChoice("mine", _l("Mine")),
            SelectChoice("unassigned", _l("Unassigned")),
        ],
        validate_choice=False,
    )
    area = SelectField(_l("Solution area"), validate_choice=False)
    disputed = BooleanField(_l("Disputed only"))

    def offer(self, catalogue: Catalogue) -> None:
        """Fill the areas."""
        areas = (SelectChoice(area.key, area.name) for area in catalogue.areas.values())
        self.area.choices = [SelectChoice("", _l("All")), *areas]
