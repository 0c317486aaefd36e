"""What a customer's page says: what it decides by, and the words that are this customer's own."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup, escape

from cpor_web.catalogue import Catalogue
from cpor_web.consent.standing import Claimed, Standing
from cpor_web.enumerations import enumerated
from cpor_web.models import OPEN_STATES, AnswerKind, RoundState
from cpor_web.moments import exactly
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status
from cpor_web.web.current import programme_as_set_up

Words = Mapping[str, str]

QUIET = (AnswerKind.NOT_THE_RIGHT_PERSON, AnswerKind.UNDONE, AnswerKind.NO_OBJECTION)
"""Of what was said one after the other, the newest is told."""

SAID_AT = {kind: f"{kind.name.lower()}_at" for kind in AnswerKind if kind is not AnswerKind.DENIED}
"""How the words are called that tell when such a thing was said."""


class Page(NamedTuple):
    """All that a customer's page decides by. Nothing in it is anybody's own: pages are kept by it.

    `said` has what this contact said, `newest` the newest of the quiet answers; `awaits_yes` tells whether only a yes
    lets the association stand, and there is none yet; `has_printed_end` whether this contact's notice prints an end
    that is still to come; `is_plainly_said` whether the catalogue says in a sentence what was done; `replaces`
    whether another partner's association would end, `needs_contact` whether the time stands still until the partner
    names a right contact, `is_erased` whether there is no address any more to which a mail with the link goes that
    undoes a denial.
    """

    state: str
    status: Status
    rejection: Rejection | None
    round: RoundState
    needs_yes: bool
    awaits_yes: bool
    is_past_end: bool
    has_printed_end: bool
    is_superseded: bool
    denied_by: Way | None
    denied_for: Denial | None
    is_late: bool
    can_undo: bool
    has_domain: bool
    is_plainly_said: bool
    replaces: bool
    needs_contact: bool
    is_erased: bool
    said: frozenset[AnswerKind]
    newest: AnswerKind | None

    @property
    def is_open(self) -> bool:
        """Whether the round is."""
        return self.round in OPEN_STATES

    @classmethod
    def of(cls, standing: Standing, *, now: datetime, catalogue: Catalogue) -> "Page":
        """Return what the page of a link decides by at this moment."""
        denial, said = standing.denial, standing.said
        return cls(
            state=standing.state.value,
            status=standing.claim.status,
            rejection=standing.claim.rejection,
            round=standing.round,
            needs_yes=standing.needs_yes,
            awaits_yes=standing.needs_yes and standing.yes_at is None,
            is_past_end=standing.ends_at is not None and standing.ends_at < now,
            has_printed_end=standing.printed_end is not None and standing.printed_end >= now,
            is_superseded=standing.superseded_at is not None,
            denied_by=denial.way if denial else None,
            denied_for=denial.reason if denial else None,
            is_late=denial is not None and denial.is_late,
            can_undo=standing.can_undo_until is not None,
            has_domain=bool(standing.claim.domain),
            is_plainly_said=bool(catalogue.for_customers(standing.claim.area, standing.claim.activity)),
            replaces=standing.replaces,
            needs_contact=standing.needs_contact,
            is_erased=standing.is_erased,
            said=frozenset(said),
            newest=max((kind for kind in QUIET if kind in said), key=lambda kind: said[kind], default=None),
        )


def words_of(standing: Standing, token: str, language: str) -> Words:
    """Return the words that are this customer's own, in the language of the page; what there is none of is empty."""
    programme = programme_as_set_up()
    denied_at = standing.denial.at if standing.denial else None
    moments = {
        "status_since": standing.claim.status_since,
        "ends_at": standing.ends_at,
        "printed_end": standing.printed_end,
        "superseded_at": standing.superseded_at,
        "denied_at": denied_at,
        "undo_until": standing.can_undo_until,
        **{word: standing.said.get(kind) for kind, word in SAID_AT.items()},
    }
    zone = programme.calendar.zone.key
    words = {name: exactly(at, language, zone) if at else "" for name, at in moments.items()}
    machines = {"denied_at_exactly": denied_at.isoformat(timespec="seconds") if denied_at else ""}
    return words | machines | _names(standing.claim, programme.catalogue, language) | {"token": token}


def _names(claim: Claimed, catalogue: Catalogue, language: str) -> dict[str, str]:
    did = catalogue.for_customers(claim.area, claim.activity)
    return {
        "reference": claim.reference,
        "partner_name": claim.partner,
        "partner": _isolated(claim.partner),
        "customer": _isolated(claim.customer),
        "products": enumerated([catalogue.product_name(key) for key in claim.products], language),
        "mpn_id": claim.mpn_id,
        "domain": claim.domain,
        "tenant_id": claim.tenant_id,
        "did": did.get(language) or did.get("en", ""),
        "activity": catalogue.activity_name(claim.activity),
        "area": catalogue.area_name(claim.area),
    }


def _isolated(name: str) -> Markup:
    """Return what others typed so that its direction of writing ends with it, and turns none of our words around."""
    return Markup(f"<bdi>{escape(name)}</bdi>")  # noqa: S704 - what others typed is escaped
