from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.rules.statuses import Status
from cpor_web.samples import loading
from cpor_web.samples.people import PASSWORD
from tests.support.browser import Browser

PARTNER, REVIEWER = "global@adatum.example.org", "reviewer@vendor.example.com"


@pytest.fixture
def shown(committed: Session, programme: Programme, documents: DocumentStore) -> Session:
    """The sample as a person meets it: loaded now, and committed."""
    loading.load(committed, programme=programme, documents=documents, now=clock.utcnow())
    committed.commit()
    return committed


def addresses(session: Session, email: str) -> Iterator[str]:
    """Return the pages that somebody of the sample can open of each claim of theirs."""
    who = session.scalars(select(User).where(User.email == email)).one()
    claims = session.scalars(select(Claim)).all()
    if who.partner_id is not None:
        for claim in (claim for claim in claims if claim.partner_id == who.partner_id):
            yield from (f"/claims/{claim.reference}", f"/claims/{claim.reference}/history")
    else:
        for claim in (claim for claim in claims if claim.status is not Status.EDITING):
            yield from (f"/review/{claim.reference}", f"/review/{claim.reference}/history")


@pytest.mark.parametrize(
    ("email", "lists"), [(PARTNER, ("/claims", "/earnings", "/team")), (REVIEWER, ("/review", "/review/mails"))]
)
def test_every_page_of_every_claim_can_be_opened(
    client: Browser, shown: Session, sign_in: Callable[..., Browser], email: str, lists: tuple[str, ...]
) -> None:
    sign_in(client, shown.scalars(select(User).where(User.email == email)).one(), PASSWORD)

    for address in (*lists, *addresses(shown, email)):
        assert client.get(address).status_code == 200, address
