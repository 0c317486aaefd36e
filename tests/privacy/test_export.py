"""One person's data are exported whole, and nobody's secrets with them."""

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import competing, operations
from cpor_web.models import (
    Claim,
    Document,
    Mail,
    ProofCell,
    ReceivedKind,
    ReceivedMail,
    SavedFilter,
    User,
    Verdict,
)
from cpor_web.privacy import export, person
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Request
from tests.privacy.conftest import ADDRESS, CUSTOMER, CUSTOMERS, LATER, NAME, assess, erase, put_another_over
from tests.privacy.test_retention import all_sent
from tests.support import claims
from tests.support.claims import NOW
from tests.support.rows import changed, dump


def test_an_export_has_everything_that_names_the_person_and_no_secret(scene: Session, programme: Programme) -> None:
    reviewer = put_another_over(scene, programme)
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
        "assessments",
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
    erase(scene, ADDRESS)
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
    assess(scene, f"{said}.")
    all_sent(scene)
    found = export.of_person(scene, person.find(scene, address), now=LATER)
    before = dump(scene)
    erase(scene, address)
    after = dump(scene)
    for table in sorted({*changed(before, after)} - {"history_heads"}):  # these name nobody
        if was := {_key(row) for row in before[table] if row not in after[table]}:
            assert was <= {_key(row) for row in found[table if table != "users" else "account"]}, table


def _key(row: dict[str, Any]) -> Any:
    return row["id"] if "id" in row else (row["claim_id"], row["reason"], row["product"])
