"""What a reviewer fills in. Every form's fields carry its prefix, because several share a page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    Form,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from cpor_web.catalogue import Catalogue
from cpor_web.claims.deciding import WHICH_PRODUCTS, is_unnamed
from cpor_web.claims.input import LONGEST_TEXT
from cpor_web.models import Claim, User
from cpor_web.rules.reasons import REVIEWERS_CHOICE, Rejection, Request
from cpor_web.web.validators import at_most, stripped

_SHORT_ENOUGH = at_most(LONGEST_TEXT)


def _words(label: str, missing: str = "", rows: int = 4, **more: object) -> TextAreaField:
    validators = [InputRequired(missing), _SHORT_ENOUGH] if missing else [_SHORT_ENOUGH]
    return TextAreaField(label, validators, filters=[stripped], render_kw={"rows": rows}, **more)


def texts_of(form: Form) -> Iterator[str]:
    """Yield what was written in the texts of a form, those within others too."""
    for field in form:
        if isinstance(field, FormField):
            yield from texts_of(field.form)
        elif isinstance(field, TextAreaField):
            yield field.data or ""


def _keeps(field: TextAreaField, composed: Iterable[str]) -> bool:
    """Check that a text has what was composed for it, whatever stands around that. It says one thing of a field."""
    said = (field.data or "").replace("\r\n", "\n")
    if all(words in said for words in composed):
        return True
    kept = _("Keep the words of the check of the proof and add yours, or change them there.")
    field.errors = field.errors or [kept]
    return False


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

    def keeps(self, composed: Mapping[Request, str]) -> bool:
        """Check that the comment has all that the check of the proof says is missing."""
        return _keeps(self.comment, composed.values())

    @property
    def rejection(self) -> Rejection:
        return Rejection(self.reason.data)


MissingForm: type[Form] = type(
    "MissingForm", (Form,), {reason.name.lower(): _words(_l("What is missing"), rows=2) for reason in Request}
)
"""A text beside each reason to ask."""


def _boxes(label: str) -> SelectMultipleField:
    return SelectMultipleField(
        label, choices=[], option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )


ProductsForm: type[Form] = type(
    "ProductsForm", (Form,), {reason.name.lower(): _boxes(_l("In which product")) for reason in Request}
)
"""The claimed products beside each reason to ask; none need be ticked."""


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
    products = FormField(ProductsForm)
    comment = _words(_l("Comment"), description=_l("The partner reads it together with the reasons."))

    def offer(self, claim: Claim, catalogue: Catalogue) -> None:
        """Offer the claimed products, beside every reason."""
        for boxes in self.products:
            boxes.choices = [SelectChoice(key, catalogue.product_name(key)) for key in claim.product_keys]

    def validate(self, extra_validators: Mapping[str, Sequence[object]] | None = None) -> bool:
        """Check each field, and that *Missing products* says which."""
        is_valid = bool(super().validate(extra_validators))
        chosen, which = self.asks.get(Request.PRODUCTS), self.concerned.get(Request.PRODUCTS, ())
        if is_unnamed(chosen, which):
            words = self.missing[Request.PRODUCTS.name.lower()]
            words.errors = [*words.errors, _(WHICH_PRODUCTS)]
            return False
        return is_valid

    def keeps(self, composed: Mapping[Request, str]) -> bool:
        """Check that each reason that is chosen has what the check of the proof says is missing of it."""
        chosen = [reason for reason in composed if reason in self.asks]
        kept = [_keeps(self.missing[reason.name.lower()], [composed[reason]]) for reason in chosen]  # each is told
        return all(kept)

    @property
    def concerned(self) -> dict[Request, list[str]]:
        """The products that were ticked, by the reasons that were chosen."""
        return {reason: list(self.products[reason.name.lower()].data or ()) for reason in self.asks}

    @property
    def asks(self) -> dict[Request, str]:
        """What is missing, by the reasons that were chosen; a text beside another is left out."""
        chosen = [reason for reason in Request if reason.value in (self.reasons.data or ())]
        return {reason: self.missing[reason.name.lower()].data for reason in chosen}

    def parts(self) -> list[tuple[Request, object, object, object]]:
        """Return each reason with its box, its products and its text, for the page."""
        return [
            (reason, box, self.products[reason.name.lower()], self.missing[reason.name.lower()])
            for reason, box in zip(Request, self.reasons, strict=True)
        ]


class ApproveForm(FlaskForm):
    """Why a claim goes before another partner's association, where there is one."""

    rationale = _words(_l("Rationale"))


class AssignForm(FlaskForm):
    """Whom a claim is given to, perhaps to nobody; nothing is preselected."""

    NOBODY = "0"

    reviewer = SelectField(_l("Assign to"), [InputRequired(_l("Choose a reviewer."))], coerce=str, choices=[])

    def offer(self, reviewers: Sequence[User], *, may_give_back: bool) -> None:
        """Offer these people, and nobody where somebody has the claim."""
        people = [SelectChoice(str(each.id), each.name) for each in reviewers]
        nobody = [SelectChoice(self.NOBODY, _("Nobody: give it back to the queue"))] if may_give_back else []
        self.reviewer.choices = [SelectChoice("", _("Choose a reviewer")), *nobody, *people]

    @property
    def reviewer_id(self) -> int | None:
        """Who is to have the claim, None for nobody."""
        return None if self.reviewer.data == self.NOBODY else int(self.reviewer.data)

    @property
    def name(self) -> str:
        """The name of who is to have it."""
        return next(each.label for each in self.reviewer.choices if each.value == self.reviewer.data)


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
