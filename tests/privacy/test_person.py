"""One person's data are erased from every table, while the histories stay whole."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web import verification
from cpor_web.claims import competing, operations
from cpor_web.config import Settings
from cpor_web.emails.catalogue import addressing, to_people
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import (
    ERASED,
    Claim,
    Document,
    Mail,
    ReceivedMail,
    Replacement,
    SavedFilter,
    SecurityKind,
    User,
)
from cpor_web.privacy import erase_person, person
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Role
from cpor_web.users import security_log
from cpor_web.users.security_log import Place
from tests.privacy.conftest import (
    ADDRESS,
    CUSTOMER,
    CUSTOMERS,
    LATER,
    NAME,
    erase,
    in_every_table,
    put_another_over,
)
from tests.privacy.test_retention import all_sent
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.one_mail import newest
from tests.support.rows import dump


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
    assert {table for table, _ in in_every_table(scene, *words)} >= {"mails", "events", "received_mails", "comments"}
    assert erase(scene, address) == 1
    assert in_every_table(scene, *words) == []
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
    put_another_over(scene, programme)
    assert in_every_table(scene, *words)
    erase(scene, address)
    assert "replacements" not in {table for table, _ in in_every_table(scene, *words)}
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
    assert {"events", "mails"} <= {table for table, _ in in_every_table(scene, *words)}
    erase(scene, address)
    assert in_every_table(scene, *words) == []


def test_who_was_erased_is_in_no_colleagues_filter_digest_notice_invitation_or_digest_of_a_row(
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
    to_people.invitation(scene, stranger, now=NOW, programme=programme, by=by)
    to_people.security_notice(scene, colleague, what="x", label="", by=NAME, now=NOW, programme=programme, **place)
    all_sent(scene)
    assert admin.email in {mail.to_address for mail in scene.query(Mail).filter_by(kind="overdue-digest")}
    erase(scene, ADDRESS)
    assert in_every_table(scene, NAME, ADDRESS) == []
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
    erase(scene, ADDRESS)
    erase(scene, admin.email)
    assert in_every_table(scene, "ada@vendor.example.com") == []


def test_who_had_an_open_claim_for_a_moment_is_named_in_it_no_more(db_session: Session, programme: Programme) -> None:
    passed, other = (factories.user(db_session, Role.REVIEWER, name=name) for name in ("Rafaela Rilke", "Otto"))
    claim = claims.submitted(db_session, programme)
    for each in (passed, other):
        operations.assign(db_session, claim, each.id, actor=other.actor, now=NOW)
    assert {table for table, _ in in_every_table(db_session, "Rilke")} == {"events", "users"}
    all_sent(db_session)
    assert erase(db_session, passed.email) == 0
    assert in_every_table(db_session, "Rilke") == []


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
    erase(db_session, filer.email)
    assert in_every_table(db_session, "İpek", "ΥΙΟΣ") == []


def test_nobody_is_erased_while_mail_of_theirs_waits_to_be_read(scene: Session) -> None:
    received = scene.query(ReceivedMail).filter_by(sender=ADDRESS).one()
    received.settled_at = None
    scene.flush()
    with pytest.raises(NotAllowed, match="on its way"), scene.begin_nested():
        erase(scene, ADDRESS)


def test_what_others_are_called_and_wrote_stays(scene: Session) -> None:
    erase(scene, CUSTOMERS)
    claim = scene.query(Claim).one()
    assert (claim.partner_contact_name, claim.partner_contact_email) == (NAME, ADDRESS)
    assert claim.customer_name == "Contoso"
    (comment,) = dump(scene)["comments"]
    assert comment["body"] == f"{NAME} <{ADDRESS.upper()}> and {ERASED} ({ERASED})"


def test_an_emptied_account_opens_nothing_and_its_partner_is_still_written_to(scene: Session) -> None:
    user = scene.query(User).filter_by(email=ADDRESS).one()
    before = user.fs_uniquifier
    erase(scene, ADDRESS)
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
        erase(scene, ADDRESS)
    assert dump(scene) == before


@pytest.mark.parametrize("why", ["", "Wilhelmina Quist asked", "see wq@adatum.example.org"])
def test_a_reason_is_needed_and_names_nobody(why: str, scene: Session) -> None:
    with pytest.raises(Invalid, match="Give a reason"):
        erase(scene, ADDRESS, why)


@pytest.mark.parametrize(("address", "name"), [(ADDRESS, NAME), (CUSTOMERS, CUSTOMER)])
def test_names_of_files_part_their_words_by_underscores(address: str, name: str, scene: Session) -> None:
    claim, filer = scene.query(Claim).one(), scene.query(User).filter_by(email=ADDRESS).one()
    named = {"filename": f"proof_{name}_{address}_2026.pdf", "media_type": "application/pdf"}
    proof = Document(claim_id=claim.id, uploaded_by_id=filer.id, sha256="0" * 64, size=1, uploaded_at=NOW, **named)
    scene.add(proof)
    scene.flush()
    erase(scene, address)
    assert in_every_table(scene, name, address) == []


def test_a_reason_may_have_the_letters_of_a_short_name_in_it(scene: Session) -> None:
    scene.query(User).filter_by(email=ADDRESS).one().name = "Al"
    with pytest.raises(Invalid, match="Give a reason"):
        erase(scene, ADDRESS, "asked by AL")
    assert erase(scene, ADDRESS, "Also asked by all others") == 1


def test_the_last_who_can_manage_is_not_erased(scene: Session) -> None:
    with pytest.raises(NotAllowed, match="last active Global admin"):
        erase(scene, "gunnar@fabrikam.example.org")


def test_of_two_last_administrators_erased_at_once_one_stays(engine: Engine, committed: Session) -> None:
    addresses = [factories.user(committed, Role.ADMINISTRATOR).email for _each in range(2)]
    committed.commit()
    barrier = Barrier(2)

    def work(address: str) -> str:
        with Session(engine) as session:
            who = person.find(session, address)
            barrier.wait(timeout=120)
            try:
                erase_person.erase(session, who, why="Letter of 3 May", now=LATER)
            except NotAllowed:
                return "refused"
            session.commit()
            return "erased"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, addresses)) == ["erased", "refused"]


def test_a_mail_that_waits_for_them_is_not_sent(scene: Session, programme: Programme) -> None:
    filer = scene.query(User).filter_by(email=ADDRESS).one()
    to_people.password_reset(scene, filer, now=NOW, programme=programme)
    mail = newest(scene)
    erase(scene, ADDRESS)
    assert (mail.due_at, mail.to_address) == (None, ERASED)


@pytest.mark.parametrize("address", ["nobody@adatum.example.org", "", ERASED, NAME])
def test_somebody_unknown_is_told_apart(address: str, scene: Session) -> None:
    with pytest.raises(Invalid, match="Nobody is known"):
        erase(scene, address)
