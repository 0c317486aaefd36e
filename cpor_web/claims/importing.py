"""Claims from a table: looked at first, then made as drafts, all of them or none. The same row twice is one claim."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import filing, tables, warning
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.claims.problems import problems
from cpor_web.models import Claim, Partner
from cpor_web.programme import Programme
from cpor_web.rules import fields
from cpor_web.rules.draft_checks import Finding
from cpor_web.rules.exc import Invalid
from cpor_web.rules.fields import LABELS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import CLAIMANTS, Actor, require
from cpor_web.tables import NotImported, Problem

COLUMNS = {name.casefold(): field for field, label in LABELS.items() for name in (field, label)}
"""A column's field by its name in English or in programs, casefolded. Other languages are the caller's."""

_BETWEEN = re.compile(r"[;,|\n]")

_DAYS = (
    re.compile(r"(?P<year>[0-9]{4})[-./] ?(?P<month>[0-9]{1,2})[-./] ?(?P<day>[0-9]{1,2})\.?"),
    re.compile(r"(?P<day>[0-9]{1,2})\. ?(?P<month>[0-9]{1,2})\. ?(?P<year>[0-9]{4})"),
)
"""How spreadsheets write a day, where it can be only one: 4/5/2026 is another one here than there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row that can be imported: what it says, what it is warned of, and where it is already, if it is.

    `missing` are the names of the fields that its draft still needs before it can be submitted.
    `reference` is that of the claim which was made of it before, `same_as` the number of the same row above it.
    """

    number: int
    draft: Draft
    digest: bytes
    warned: Sequence[Finding]
    missing: Sequence[str]
    reference: str = ""
    same_as: int | None = None

    @property
    def is_new(self) -> bool:
        return not self.reference and self.same_as is None


def looked_at(
    session: Session,
    content: bytes,
    columns: Mapping[str, str],
    *,
    standard: Draft,
    actor: Actor,
    now: datetime,
    programme: Programme,
) -> list[Line]:
    """Return every row of a table as what would be made of it. Changes nothing.

    `standard` has the partner contact of rows that name none, and the MPN ID where there is but one. Raises
    Invalid where it is no table of claims, NotImported with all that is wrong in one.
    """
    require(actor, CLAIMANTS)
    partner = session.get_one(Partner, actor.partner_id)
    _, rows = tables.read(content, columns)
    said = [(number, _draft(cells, programme)) for number, cells in rows]
    wrong = [each for number, draft in said for each in _wrong(number, draft, partner, programme)]
    if wrong:
        raise NotImported(wrong)
    known = _known(session, partner, (digest_of(draft) for _, draft in said))
    others = warning.others_of(session, partner, (draft for _, draft in said))
    lines: list[Line] = []
    above: dict[bytes, int] = {}
    for number, draft in said:
        digest = digest_of(draft)
        whole = _completed(draft, standard)
        near = warning.near(draft, others)
        warned = warning.of_draft(whole, near, partner=partner, now=now, programme=programme)
        missing = _missing(whole, programme)
        lines.append(Line(number, whole, digest, warned, missing, known.get(digest, ""), above.get(digest)))
        above.setdefault(digest, number)
    between = warning.among({line.number: line.draft for line in lines if line.is_new})
    return [replace(line, warned=[*line.warned, *between.get(line.number, ())]) for line in lines]


def make(
    session: Session,
    content: bytes,
    columns: Mapping[str, str],
    *,
    standard: Draft,
    actor: Actor,
    now: datetime,
    programme: Programme,
) -> list[Claim]:
    """Make a draft of every row that none was made of yet, and return them; see `looked_at`.

    Of two imports at once the second finds what the first has made.
    """
    filing.hold_partner(session, actor)
    how = {"actor": actor, "now": now, "programme": programme}
    lines = looked_at(session, content, columns, standard=standard, **how)  # type: ignore[arg-type]
    made = []
    for line in lines:
        if line.is_new:
            made.append(filing.create(session, line.draft, made_of=line.digest, **how))  # type: ignore[arg-type]
    return made


def digest_of(draft: Draft) -> bytes:
    """Return by what the same row is known again: the fields as they are stored, whoever imports it."""
    said = draft.normalised().as_fields() | {"products": sorted(draft.products)}
    said |= {name: str(said[name]).lower() for name in ("tenant_id", "subscription_id")}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def _known(session: Session, partner: Partner, digests: Iterable[bytes]) -> dict[bytes, str]:
    found = select(Claim.made_of, Claim.reference).where(
        Claim.partner_id == partner.id, Claim.made_of.in_(list(digests))
    )
    return {bytes(digest): reference for digest, reference in session.execute(found) if digest}


def _missing(draft: Draft, programme: Programme) -> tuple[str, ...]:
    return fields.missing(draft.as_fields(), needs_subscription=programme.catalogue.needs_subscription(draft.area))


def _completed(draft: Draft, standard: Draft) -> Draft:
    """Return a row with what is everybody's of this partner where it says nothing: the MPN ID and the contact."""
    draft = replace(draft, mpn_id=draft.mpn_id or standard.mpn_id)
    if draft.partner_contact_name or draft.partner_contact_email:
        return draft
    return replace(
        draft,
        partner_contact_name=standard.partner_contact_name,
        partner_contact_email=standard.partner_contact_email,
    )


def _wrong(number: int, draft: Draft, partner: Partner, programme: Programme) -> list[Problem]:
    found = problems(draft, partner=partner, programme=programme)
    return [
        Problem(number, LABELS.get(name, name), Invalid(each.message, each.values)) for name, each in found.items()
    ]


def _draft(cells: Mapping[str, str], programme: Programme) -> Draft:
    """Return what a row says; areas, activities, products and languages by name or key, days as spreadsheets do."""
    catalogue = programme.catalogue
    areas = {key: area.name for key, area in catalogue.areas.items()}
    texts = {
        name: cells.get(name, "") for name in Draft.__dataclass_fields__ if name in LABELS and name != "products"
    }
    texts |= {
        "area": _key(texts["area"], areas),
        "activity": _key(texts["activity"], catalogue.activity_names),
        "proof_date": _day(texts["proof_date"]),
    }
    return Draft(
        **texts,
        products=_products(cells.get("products", ""), catalogue.product_names),
        contact=_contact("contact", cells),
        second=_contact("second", cells),
    )


def _contact(prefix: str, cells: Mapping[str, str]) -> ContactDraft:
    said = {name: cells.get(f"{prefix}_{name}", "") for name in ContactDraft.__dataclass_fields__}
    return ContactDraft(**{**said, "language": _key(said["language"], LANGUAGES) or "en"})


def _products(cell: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of what a cell lists, parted by commas, semicolons, bars or lines, each once."""
    meant = {name.casefold(): key for key, name in names.items()} | {key: key for key in names}
    listed = {cell} if cell.casefold() in meant else {part.strip() for part in _BETWEEN.split(cell)}
    return tuple(sorted({meant.get(each.casefold(), each) for each in listed if each}))


def _day(said: str) -> str:
    """Return the day that was meant as year, month and day; what is none stays, to be told as wrong."""
    meant = next(filter(None, (each.fullmatch(said) for each in _DAYS)), None)
    return "{year}-{month:0>2}-{day:0>2}".format(**meant.groupdict()) if meant else said


def _key(said: str, names: Mapping[str, str]) -> str:
    """Return the key that was meant, by itself or by its name; what is neither stays, to be told as wrong."""
    by_name = {name.casefold(): key for key, name in names.items()}
    plain = said.casefold()
    return plain if plain in names else by_name.get(plain, said)
