"""What a partner fills in. Rules of fields are the rulebook's; here are labels, choices and widgets."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from cpor_web.catalogue import Catalogue
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import CustomerContact, MpnId, MpnKind, Partner
from cpor_web.programme import Programme
from cpor_web.rules.fields import FIELDS, LABELS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.reasons import Withdrawal
from cpor_web.web.languages import named
from cpor_web.web.validators import stripped

WHY = _l(
    "Only for an address outside the customer's domain, a free-mail address, or one that several people read."
    " A reviewer confirms it before the claim can be approved."
)
WHY_PROPOSED = _l(
    "Only for an address outside the customer's domain, a free-mail address, or one that several people read."
    " The reviewer who confirms the contact reads it."
)


def _line(name: str, hint: str = "", **attributes: object) -> StringField:
    return StringField(_l(LABELS[name]), filters=[stripped], description=hint, render_kw=attributes or None)


def _choice(name: str) -> SelectField:
    return SelectField(_l(LABELS[name]), validate_choice=False)


def _language(name: str) -> SelectField:
    choices = [SelectChoice(code, own_name) for code, own_name in LANGUAGES.items()]
    return SelectField(_l(LABELS[name]), choices=choices, default="en")


def _new_id() -> str:
    return str(uuid4())


class ClaimForm(FlaskForm):
    """The claim itself; its fields have the rulebook's names. `once` tells a new form from every other one."""

    once = HiddenField(default=_new_id)
    name = _line("name", _l("How you tell this claim from your others."))
    mpn_id = _choice("mpn_id")
    customer_name = _line("customer_name")
    customer_domain = _line("customer_domain", _l("Such as contoso.example.com."), spellcheck="false")
    tenant_id = _line("tenant_id", _l("A GUID: 8, 4, 4, 4 and 12 characters, with dashes."), spellcheck="false")
    subscription_id = _line("subscription_id", spellcheck="false")
    area = _choice("area")
    activity = _choice("activity")
    products = SelectMultipleField(
        _l(LABELS["products"]),
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    proof_date = _line(
        "proof_date", _l("The latest day that your proof of execution bears, if you know it already."), type="date"
    )
    contact_name = _line("contact_name")
    contact_title = _line("contact_title")
    contact_email = _line("contact_email", type="email")
    contact_language = _language("contact_language")
    contact_reason = _line("contact_reason", WHY)
    second_name = _line("second_name")
    second_title = _line("second_title")
    second_email = _line("second_email", type="email")
    second_language = _language("second_language")
    second_reason = _line("second_reason", WHY)
    partner_contact_name = _line("partner_contact_name", autocomplete="name")
    partner_contact_email = _line("partner_contact_email", type="email", autocomplete="email")

    def offer(self, partner: Partner, programme: Programme, area: str | None = None) -> None:
        """Fill the choices: the partner's own IDs, and the catalogue's areas, activities and products.

        `area` is the claim's where it cannot be chosen any more: then only its products are there.
        """
        catalogue = programme.catalogue
        chosen = area or (self.area.data if "area" in self else None)
        if "mpn_id" in self:
            self.mpn_id.choices = [_nothing_chosen(), *_mpn_ids(partner)]
        if "area" in self:
            areas = (SelectChoice(each.key, each.name) for each in catalogue.areas.values())
            self.area.choices = [_nothing_chosen(), *areas]
            self.activity.choices = [_nothing_chosen(), *_activities(catalogue, chosen)]
            never = ", ".join(dict.fromkeys(each.name for each in catalogue.activities if not each.earns))
            self.activity.description = _("Never earns incentives: %(names)s.", names=never) if never else ""
        if "products" in self:
            said = self.products.data or []
            self.products.choices = list(_products(catalogue, chosen, said, alone=area is not None))
            needing = [each.name for each in catalogue.areas.values() if each.needs_subscription]
            self.subscription_id.description = _("Needed for %(areas)s. A GUID.", areas=named(needing))

    @property
    def made_of(self) -> bytes | None:
        """By what the claim is known that this form has made; None where it does not say which form it is."""
        try:
            return hashlib.sha256(UUID(self.once.data or "").bytes).digest()
        except ValueError:
            return None

    def begin_anew(self) -> None:
        """Be another form from now on, which has made no claim."""
        self.once.data = _new_id()

    def keep_to(self, may_be_edited: frozenset[str]) -> None:
        """Drop the fields that cannot be edited."""
        for name in (field.name for field in FIELDS if field.name not in may_be_edited):
            delattr(self, name)

    def show(self, draft: Draft) -> None:
        """Put what `draft` says into the fields that are there."""
        for name, value in draft.as_fields().items():
            if name in self:
                self[name].data = list(value) if isinstance(value, tuple) else value

    def draft(self, before: Draft) -> Draft:
        """Return what the form says; what it has no field for is as it was `before`."""
        typed = before.as_fields() | {field.name: field.data for field in self if field.name in LABELS}
        return Draft(
            contact=_contact("contact", typed),
            second=_contact("second", typed),
            products=tuple(typed["products"] or ()),
            **{
                name: typed[name] or "" for name in Draft.__dataclass_fields__ if name in typed and name != "products"
            },
        )


def _contact(prefix: str, typed: dict[str, Any]) -> ContactDraft:
    return ContactDraft(**{name: typed[f"{prefix}_{name}"] or "" for name in ContactDraft.__dataclass_fields__})


def _nothing_chosen() -> SelectChoice:
    return SelectChoice("", _("Choose…"))


def words_of_mpn_id(mpn_id: MpnId) -> str:
    """Return an MPN ID's number, with the place that it stands for where it has one."""
    return f"{mpn_id.number} – {mpn_id.place}" if mpn_id.place else mpn_id.number


def _mpn_ids(partner: Partner) -> Iterator[SelectChoice]:
    """Yield the locations, then the global IDs, which no claim takes but people look for."""
    for mpn_id in sorted(partner.mpn_ids, key=lambda each: each.kind is MpnKind.GLOBAL):
        words = words_of_mpn_id(mpn_id)
        if mpn_id.kind is MpnKind.GLOBAL:
            words = _("%(mpn_id)s: global, no claims under it", mpn_id=words)
        yield SelectChoice(mpn_id.number, words)


def _activities(catalogue: Catalogue, chosen: str | None) -> Iterator[SelectChoice]:
    """Yield each activity once; those of other areas than the chosen one are there for the script only."""
    for key, name in catalogue.activity_names.items():
        areas = [area.key for area in catalogue.areas.values() if key in area.activities]
        unfit = {"hidden": True, "disabled": True} if chosen and chosen not in areas else {}
        yield SelectChoice(key, name, render_kw={"data-areas": " ".join(areas), **unfit})


def _products(catalogue: Catalogue, chosen: str | None, said: list[str], *, alone: bool) -> Iterator[SelectChoice]:
    """Yield what is `said` and left the catalogue, then the products, those of the chosen area first, or `alone`."""
    areas = [each for each in catalogue.areas.values() if each.key == chosen or not alone]
    for key in sorted(set(filter(None, said)).difference(*(area.products for area in areas))):
        yield SelectChoice(key, catalogue.product_name(key))  # goes when somebody unticks it, not by itself
    for area in sorted(areas, key=lambda area: area.key != chosen):
        yield from (SelectChoice(p.key, p.name, optgroup=area.key) for p in area.products.values())


class ContactForm(FlaskForm):
    """Another contact, to be asked instead of one of the claim's."""

    instead_of = SelectField(_l("Instead of"), validate_choice=False)
    contact_name = _line("contact_name", autocomplete="off")
    contact_title = _line("contact_title", autocomplete="off")
    contact_email = _line("contact_email", type="email", autocomplete="off")
    contact_language = _language("contact_language")
    contact_reason = _line("contact_reason", WHY_PROPOSED)

    def offer(self, wanted: Sequence[CustomerContact], *, is_preselected: bool) -> None:
        """Offer the contacts that can be replaced, the first of them preselected where that is meant."""
        choices = [SelectChoice(str(each.id), each.name) for each in wanted]
        self.instead_of.choices = choices if is_preselected else [_nothing_chosen(), *choices]

    def contact(self) -> ContactDraft:
        """Return what the form says."""
        return _contact("contact", {field.name: field.data for field in self})


class UploadForm(FlaskForm):
    """A document, and which older one it replaces."""

    document = FileField(_l("Document"))
    replaces = SelectField(_l("Replaces"), validate_choice=False)


class CommentForm(FlaskForm):
    """A comment to the other side."""

    comment = TextAreaField(_l("Comment"), filters=[stripped], render_kw={"rows": 4})


class ResubmissionForm(CommentForm):
    """What the reviewer is told where nothing else was added."""

    as_it_is = BooleanField(_l("There is nothing to add"))


class DisputeForm(FlaskForm):
    """Why a rejection is disputed: words, a document, or both."""

    justification = TextAreaField(_l("Business justification"), filters=[stripped], render_kw={"rows": 6})
    document = FileField(_l("Document"))


class WithdrawalForm(FlaskForm):
    """Why the partner asks for the rejection of its own claim; nothing is preselected."""

    detail = RadioField(
        _l("Reason"),
        choices=[SelectChoice(reason.value, _l(reason.label)) for reason in Withdrawal],
        validate_choice=False,
    )
    comment = TextAreaField(_l("Comment"), filters=[stripped], render_kw={"rows": 4})
