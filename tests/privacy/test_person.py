"""One person's data: exported whole, and erased from every table, while the histories stay whole."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cpor_web import verification
from cpor_web.claims import competing, operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.config import Settings
from cpor_web.emails.catalogue import addressing, to_people
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import (
    ERASED,
    Claim,
    Document,
    Holding,
    Identity,
    Mail,
    Passkey,
    ProofCell,
    ReceivedKind,
    ReceivedMail,
    Replacement,
    SavedFilter,
    SecurityKind,
    User,
    Verdict,
)
from cpor_web.privacy import erase_person, export, person
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.reasons import Request
from cpor_web.rules.roles import Role
from cpor_web.users import security_log, sessions
from cpor_web.users.security_log import Place
from tests.privacy.test_retention import all_sent
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.one_mail import newest
from tests.support.rows import changed, dump

LATER = NOW + timedelta(days=60)
NAME, ADDRESS = "Wilhelmina Quist", "wilhelmina.quist@fabrikam.example.org"
CUSTOMER, CUSTOMERS = "Theodora Lindqvist", "Theodora@contoso.example.com"


def _wilhelmina(session: Session) -> User:
    """Somebody who left their mark wherever one can."""
    partner = factories.partner(session)
    factories.user(session, Role.GLOBAL_ADMIN, partner=partner, name="Gunnar", email="gunnar@fabrikam.example.org")
    made = factories.user(session, partner=partner, name=NAME, email=ADDRESS, totp_secret="x", recovery_codes=["y"])
    place = Place("Firefox", "192.0.2.x")
    session.add_all(
        [
            Passkey(
                user_id=made.id, name=f"{NAME}'s key", credential_id=b"c", public_key=b"k", sign_count=0, added_at=NOW
            ),
            Identity(user_id=made.id, issuer="https://id.example.org", subject=ADDRESS, tied_at=NOW),
        ]
    )
    sessions.begin(session, made, way="password", now=NOW, place=place)
    security_log.note(session, made, SecurityKind.SIGNED_IN, now=NOW, place=place, way=NAME)
    security_log.count_failure(session, made.id, now=NOW)
    return made


@pytest.fixture
def scene(db_session: Session, programme: Programme) -> Session:
    """A claim that was declined, in which one and the other are named everywhere, and nothing else runs."""
    filer = _wilhelmina(db_session)
    contact = ContactDraft(name=CUSTOMER, title="Head", email=CUSTOMERS)
    claim = claims.denied(db_session, programme, filer=filer, contact=contact, name=f"{NAME}'s claim")
    reviewer = claim.reviewer
    assert reviewer is not None
    said = f"{NAME} <{ADDRESS.upper()}> and {CUSTOMER} ({CUSTOMERS})"
    operations.comment(db_session, claim, said, actor=reviewer.actor, now=NOW, programme=programme)
    operations.note(db_session, claim, said, actor=reviewer.actor, now=NOW)
    to_people.password_reset(db_session, filer, now=NOW, programme=programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    all_sent(db_session)
    notice = db_session.query(Mail).filter_by(invitation_id=invitation.id).first()
    assert notice is not None
    notice.answer = f"250 2.0.0 taken for {CUSTOMERS}"
    for number, (sender, mail) in enumerate(((CUSTOMERS, notice), (ADDRESS, None))):
        db_session.add(
            ReceivedMail(
                received_at=NOW,
                digest=bytes([number]) * 32,
                kind=ReceivedKind.REPLY,
                sender=sender,
                words=said,
                mail_id=mail and mail.id,
                diagnostic=said,
                raw=f"From: {sender}\r\n\r\n{said}".encode(),
                settled_at=NOW,
            )
        )
    db_session.add(
        Holding(began_at=NOW, notices=5, failed=4, released_at=NOW, released_by_id=reviewer.id, reason=said.lower())
    )
    db_session.execute(text("UPDATE claims SET dispute_until = NULL, dispute_rule = NULL"))
    db_session.execute(text("UPDATE rounds SET ends_at = :at WHERE ends_at > :at"), {"at": LATER})
    db_session.flush()
    return db_session


def _replace(session: Session, programme: Programme) -> User:
    """Put another partner's claim, since rejected, over the scene's; the rationale names both. Return who did."""
    claim = session.query(Claim).one()
    said = f"{NAME} <{ADDRESS.upper()}> left, and {CUSTOMER} ({CUSTOMERS}) said so"
    other = claims.rejected(session, programme)
    assert other.reviewer is not None
    decided = {"user_id": other.reviewer.id, "at": NOW, "ended_at": NOW}
    session.add(Replacement(claim_id=other.id, replaced_id=claim.id, rationale=said, **decided))
    session.flush()
    return other.reviewer


def _erase(session: Session, address: str, why: str = "Letter of 3 May") -> int:
    found = erase_person.erase(session, person.find(session, address), why=why, now=LATER)
    session.expire_all()
    return found


def _in_every_table(session: Session, *words: str) -> list[tuple[str, str]]:
    """Return in which tables one of these words occurs, in any column of any type, bytes too."""
    rows = dump(session)
    found = []
    for table, each in rows.items():
        plain = json.dumps(each, ensure_ascii=False).lower()
        for word in words:
            if word.lower() in plain or word.encode().hex() in plain or word.lower().encode().hex() in plain:
                found.append((table, word))
    return found


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (ADDRESS, (NAME, ADDRESS, "Wilhelmina", "Quist")),
        (CUSTOMERS.upper(), (CUSTOMER, CUSTOMERS, "Theodora", "Lindqvist")),
    ],
)
def test_who_was_erased_is_in_no_table_and_the_history_verifies(
    address: str, words: tuple[str, ...], scene: Session, settings: Settings
) -> None:
    keys = SigningKeys(settings.signing_keys)
    checkpoints.take_due(scene, keys=keys, now=NOW, every=timedelta(0))
    assert {table for table, _ in _in_every_table(scene, *words)} >= {"mails", "events", "received_mails", "comments"}
    assert _erase(scene, address) == 1
    assert _in_every_table(scene, *words) == []
    report = verification.verify(scene.connection(), folder=None, public=keys.public)
    assert report.findings == []
    assert report.erased > 0
    assert not person.find(scene, address).is_known


@pytest.mark.parametrize(
    ("address", "words"), [(ADDRESS, (NAME, ADDRESS)), (CUSTOMERS.upper(), ("Theodora Lindqvist", CUSTOMERS))]
)
def test_who_was_erased_is_in_no_rationale(
    address: str, words: tuple[str, ...], scene: Session, programme: Programme
) -> None:
    _replace(scene, programme)
    assert _in_every_table(scene, *words)
    _erase(scene, address)
    assert "replacements" not in {table for table, _ in _in_every_table(scene, *words)}
    assert ERASED in scene.query(Replacement).one().rationale


@pytest.mark.parametrize(("address", "words"), [(ADDRESS, (NAME,)), (CUSTOMERS, (CUSTOMER,))])
def test_who_was_erased_is_named_in_no_other_partners_claim(
    address: str, words: tuple[str, ...], scene: Session, programme: Programme
) -> None:
    claim, other = scene.query(Claim).one(), claims.rejected(scene, programme)
    assert other.reviewer is not None
    how: Any = {"actor": other.reviewer.actor, "now": NOW}
    for winner, loser in ((claim, other), (other, claim)):
        competing.put_over(scene, winner, [loser], said := f"{NAME} left, and {CUSTOMER} said so", **how)
        competing.tell(scene, winner, [loser], said, programme=programme, **how)
    all_sent(scene)
    assert other.is_disputed or other.dispute_until, "it is under way, and that hinders nothing"
    assert {"events", "mails"} <= {table for table, _ in _in_every_table(scene, *words)}
    _erase(scene, address)
    assert _in_every_table(scene, *words) == []


def test_who_was_erased_is_in_no_colleagues_filter_digest_notice_or_digest_of_a_row(
    scene: Session, programme: Programme
) -> None:
    claim, admin = scene.query(Claim).one(), factories.user(scene, Role.ADMINISTRATOR)
    filer = scene.query(User).filter_by(email=ADDRESS).one()
    colleague = scene.query(User).filter_by(email="gunnar@fabrikam.example.org").one()
    stranger = factories.user(scene)
    for user, found in ((colleague, NAME), (stranger, ADDRESS), (stranger, "Teams")):
        scene.add(SavedFilter(user_id=user.id, name=f"Of {found}", wanted={"search": found}))
    claim.made_of = b"of a row with them in it"
    told = {"reference": claim.reference, "name": claim.name, "due_at": NOW.isoformat()}
    addressing.for_administrators(scene, "overdue-digest", NOW, programme, claims=[told])
    by, there = filer.actor, Place("", "")
    security_log.note(scene, colleague, SecurityKind.DEACTIVATED, now=NOW, place=there, by=by)
    place = {"browser": "", "network": ""}
    to_people.security_notice(scene, colleague, what="x", label="", by=NAME, now=NOW, programme=programme, **place)
    all_sent(scene)
    assert admin.email in {mail.to_address for mail in scene.query(Mail).filter_by(kind="overdue-digest")}
    _erase(scene, ADDRESS)
    assert _in_every_table(scene, NAME, ADDRESS) == []
    assert [each.name for each in scene.query(SavedFilter)] == ["Of Teams"]
    assert claim.made_of is None


def test_who_got_mail_that_named_somebody_erased_before_is_erased_in_their_turn(
    scene: Session, programme: Programme
) -> None:
    claim, admin = scene.query(Claim).one(), factories.user(scene, Role.ADMINISTRATOR, email="ada@vendor.example.com")
    factories.user(scene, Role.ADMINISTRATOR)
    told = {"reference": claim.reference, "name": claim.name, "due_at": NOW.isoformat()}
    addressing.for_administrators(scene, "overdue-digest", NOW, programme, claims=[told])
    all_sent(scene)
    _erase(scene, ADDRESS)
    _erase(scene, admin.email)
    assert _in_every_table(scene, "ada@vendor.example.com") == []


def test_who_had_an_open_claim_for_a_moment_is_named_in_it_no_more(db_session: Session, programme: Programme) -> None:
    passed, other = (factories.user(db_session, Role.REVIEWER, name=name) for name in ("Rafaela Rilke", "Otto"))
    claim = claims.submitted(db_session, programme)
    for each in (passed, other):
        operations.assign(db_session, claim, each.id, actor=other.actor, now=NOW)
    assert {table for table, _ in _in_every_table(db_session, "Rilke")} == {"events", "users"}
    all_sent(db_session)
    assert _erase(db_session, passed.email) == 0
    assert _in_every_table(db_session, "Rilke") == []


def test_letters_that_python_makes_small_otherwise_and_quotes_hide_nobody(
    db_session: Session, programme: Programme
) -> None:
    name = 'İpek "Io" ΥΙΟΣ'
    filer = factories.user(db_session, name=name)
    claim = claims.denied(db_session, programme, filer=filer, name=f"{name}: Teams")
    operations.comment(db_session, claim, f"Ask {name}.", actor=filer.actor, now=NOW, programme=programme)
    all_sent(db_session)
    db_session.execute(text("UPDATE claims SET dispute_until = NULL, dispute_rule = NULL"))
    db_session.execute(text("UPDATE rounds SET ends_at = :at WHERE ends_at > :at"), {"at": LATER})
    _erase(db_session, filer.email)
    assert _in_every_table(db_session, "İpek", "ΥΙΟΣ") == []


def test_nobody_is_erased_while_mail_of_theirs_waits_to_be_read(scene: Session) -> None:
    received = scene.query(ReceivedMail).filter_by(sender=ADDRESS).one()
    received.settled_at = None
    scene.flush()
    with pytest.raises(NotAllowed, match="on its way"), scene.begin_nested():
        _erase(scene, ADDRESS)


def test_what_others_are_called_and_wrote_stays(scene: Session) -> None:
    _erase(scene, CUSTOMERS)
    claim = scene.query(Claim).one()
    assert (claim.partner_contact_name, claim.partner_contact_email) == (NAME, ADDRESS)
    assert claim.customer_name == "Contoso"
    (comment,) = dump(scene)["comments"]
    assert comment["body"] == f"{NAME} <{ADDRESS.upper()}> and {ERASED} ({ERASED})"


def test_an_emptied_account_opens_nothing_and_its_partner_is_still_written_to(scene: Session) -> None:
    user = scene.query(User).filter_by(email=ADDRESS).one()
    before = user.fs_uniquifier
    _erase(scene, ADDRESS)
    assert (user.active, user.password, user.totp_secret, user.name) == (False, None, None, ERASED)
    assert user.fs_uniquifier != before
    claim = scene.query(Claim).one()
    assert claim.partner_contact_email == "gunnar@fabrikam.example.org"
    asked = {mail.to_address for mail in scene.query(Mail) if mail.invitation_id}
    assert asked == {CUSTOMERS}, "to whom the others' mails went is gone too"


def test_nobody_is_erased_while_a_claim_of_theirs_is_under_way(scene: Session, programme: Programme) -> None:
    filer = scene.query(User).filter_by(email=ADDRESS).one()
    running = claims.running(scene, programme, filer=filer)
    before = dump(scene)
    with pytest.raises(NotAllowed, match=running.reference), scene.begin_nested():
        _erase(scene, ADDRESS)
    assert dump(scene) == before


@pytest.mark.parametrize("why", ["", "Wilhelmina Quist asked", "see wq@adatum.example.org"])
def test_a_reason_is_needed_and_names_nobody(why: str, scene: Session) -> None:
    with pytest.raises(Invalid, match="Give a reason"):
        _erase(scene, ADDRESS, why)


@pytest.mark.parametrize(("address", "name"), [(ADDRESS, NAME), (CUSTOMERS, CUSTOMER)])
def test_names_of_files_part_their_words_by_underscores(address: str, name: str, scene: Session) -> None:
    claim, filer = scene.query(Claim).one(), scene.query(User).filter_by(email=ADDRESS).one()
    named = {"filename": f"proof_{name}_{address}_2026.pdf", "media_type": "application/pdf"}
    proof = Document(claim_id=claim.id, uploaded_by_id=filer.id, sha256="0" * 64, size=1, uploaded_at=NOW, **named)
    scene.add(proof)
    scene.flush()
    _erase(scene, address)
    assert _in_every_table(scene, name, address) == []


def test_a_reason_may_have_the_letters_of_a_short_name_in_it(scene: Session) -> None:
    scene.query(User).filter_by(email=ADDRESS).one().name = "Al"
    with pytest.raises(Invalid, match="Give a reason"):
        _erase(scene, ADDRESS, "asked by AL")
    assert _erase(scene, ADDRESS, "Also asked by all others") == 1


def test_the_last_who_can_manage_is_not_erased(scene: Session) -> None:
    with pytest.raises(NotAllowed, match="last active Global admin"):
        _erase(scene, "gunnar@fabrikam.example.org")


def test_a_mail_that_waits_for_them_is_not_sent(scene: Session, programme: Programme) -> None:
    filer = scene.query(User).filter_by(email=ADDRESS).one()
    to_people.password_reset(scene, filer, now=NOW, programme=programme)
    mail = newest(scene)
    _erase(scene, ADDRESS)
    assert (mail.due_at, mail.to_address) == (None, ERASED)


@pytest.mark.parametrize("address", ["nobody@adatum.example.org", "", ERASED, NAME])
def test_somebody_unknown_is_told_apart(address: str, scene: Session) -> None:
    with pytest.raises(Invalid, match="Nobody is known"):
        _erase(scene, address)


def test_an_export_has_everything_that_names_the_person_and_no_secret(scene: Session, programme: Programme) -> None:
    reviewer = _replace(scene, programme)
    found = export.of_person(scene, person.find(scene, ADDRESS), now=LATER)
    plain = json.dumps(found)
    empty = {name for name, rows in found.items() if not rows}
    assert empty <= {
        "customer_contacts",
        "invitations",
        "answers",
        "openings",
        "downloads",
        "comments",
        "notes",
        "saved_filters",
        "proof_cells",
    }
    user = scene.query(User).filter_by(email=ADDRESS).one()
    for secret in (user.fs_uniquifier, user.password, "totp_secret", "recovery_codes"):
        assert secret
        assert secret not in plain
    (decided,) = export.of_person(scene, person.find(scene, reviewer.email), now=LATER)["replacements"]
    assert (decided["user_id"], NAME in decided["rationale"]) == (reviewer.id, True)
    customer = export.of_person(scene, person.find(scene, CUSTOMERS), now=LATER)
    assert all(customer[name] for name in ("customer_contacts", "invitations", "answers", "mails", "received_mails"))
    assert customer["account"] == []


@pytest.mark.parametrize("words", [{"words": f"Ask {NAME}"}, {"raw": f"To: {ADDRESS}".encode()}], ids=["name", "raw"])
def test_an_export_has_what_came_in_that_erasing_would_erase(scene: Session, words: dict[str, Any]) -> None:
    notice = scene.query(Mail).filter(Mail.invitation_id.is_not(None)).first()
    assert notice is not None
    came = {"received_at": NOW, "digest": b"9" * 32, "kind": ReceivedKind.REPLY, "settled_at": NOW}
    row = ReceivedMail(**{"raw": b"Subject: Re\r\n\r\n", **came, "mail_id": notice.id, **words})
    scene.add(row)
    scene.flush()
    found = export.of_person(scene, person.find(scene, ADDRESS), now=LATER)["received_mails"]
    assert row.id in {each["id"] for each in found}
    _erase(scene, ADDRESS)
    assert row.erased_at is not None


@pytest.mark.parametrize("address", [ADDRESS, CUSTOMERS])
def test_an_export_has_every_row_that_erasing_would_change(
    address: str, scene: Session, programme: Programme
) -> None:
    claim, other = scene.query(Claim).one(), claims.rejected(scene, programme)
    assert claim.reviewer is not None
    said = f"{NAME} left, and {CUSTOMER} said so"
    how: Any = {"actor": claim.reviewer.actor, "now": NOW}
    competing.put_over(scene, claim, [other], said, **how)
    competing.tell(scene, claim, [other], said, programme=programme, **how)
    named = {"filename": f"{said}.pdf", "media_type": "application/pdf", "uploaded_by_id": claim.reviewer.id}
    scene.add(Document(claim_id=claim.id, sha256="0" * 64, size=1, uploaded_at=NOW, **named))
    for words in (NAME, CUSTOMER, ADDRESS, CUSTOMERS):
        scene.add(SavedFilter(user_id=claim.filed_by_id, name=f"Of {words}", wanted={"search": words}))
    operations.comment(scene, other, f"See {ADDRESS} or {CUSTOMERS}", programme=programme, **how)
    why, missing = Request.SOLUTION, {"verdict": Verdict.MISSING, "missing": said}
    scene.add(ProofCell(claim_id=claim.id, reason=why, product="teams", **missing))
    all_sent(scene)
    found = export.of_person(scene, person.find(scene, address), now=LATER)
    before = dump(scene)
    _erase(scene, address)
    after = dump(scene)
    for table in sorted({*changed(before, after)} - {"history_heads"}):  # these name nobody
        if was := {_key(row) for row in before[table] if row not in after[table]}:
            assert was <= {_key(row) for row in found[table if table != "users" else "account"]}, table


def _key(row: dict[str, Any]) -> Any:
    return row["id"] if "id" in row else (row["claim_id"], row["reason"], row["product"])
