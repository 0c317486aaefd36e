"""In which order what came back is drawn, and what is left of it afterwards."""

from datetime import timedelta

from sqlalchemy import func, select

from cpor_web.claims import contacts
from cpor_web.config import Settings
from cpor_web.incoming import settling
from cpor_web.models import (
    Claim,
    Mail,
    ReceivedMail,
)
from tests.incoming.conftest import CARLA, LATER, Desk
from tests.support.returned_mail import reply, report


def test_two_who_settle_the_same_mail_draw_it_once(desk: Desk, claim: Claim, notice: Mail) -> None:
    received = desk.receive(report(desk.returns.address(notice.id), CARLA))
    done = [settling.settle(desk.session, received.id, now=LATER, programme=desk.programme) for _ in range(2)]
    assert done == [True, False]
    assert desk.events(claim).count("mail:bounced") == 1


def test_what_is_old_is_erased_but_not_a_reply_that_is_still_to_be_read(
    desk: Desk, claim: Claim, notice: Mail, settings: Settings
) -> None:
    from cpor_web.incoming import retention

    unread = desk.take(reply(CARLA, "Who are they?", answers=notice.message_id or ""))
    old = desk.take(reply("sales@adatum.example.org", "Buy now."))
    days = settings.keep_received_days
    young = desk.take(reply("sales@adatum.example.org", "Again!"), now=LATER + timedelta(days=1))
    waiting = desk.receive(report(desk.returns.address(notice.id), CARLA))
    at = LATER + timedelta(days=days)
    assert retention.erase_due(desk.session, days=days, now=at - timedelta(seconds=1), most=9) == 0
    assert retention.erase_due(desk.session, days=days, now=at, most=9) == 1
    for each in (unread, old, young, waiting):
        desk.session.refresh(each)
    assert (old.raw, old.words, old.erased_at) == (None, "", at)
    assert all(each.raw for each in (unread, young, waiting))

    assert claim.reviewer is not None
    about = {"actor": claim.reviewer.actor, "now": at, "programme": desk.programme}
    contacts.settle_reply(desk.session, claim, "Who are they?", denies=False, **about)
    assert retention.erase_due(desk.session, days=days, now=at, most=9) == 1
    assert desk.session.scalar(select(func.count()).where(ReceivedMail.erased_at.is_not(None))) == 2
