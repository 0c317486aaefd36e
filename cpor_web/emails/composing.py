"""From an outbox row to the bytes that go out: the links are made here, at the moment of sending."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from consent_links import one_click_headers
from cpor_web.emails import message
from cpor_web.emails.catalogue import ASKS
from cpor_web.emails.inert import inert
from cpor_web.emails.links import Purpose, Signers
from cpor_web.emails.rendering import Renderer
from cpor_web.models import Invitation, Mail
from cpor_web.programme import Programme


@dataclass(frozen=True)
class Composer:
    """Writes mails for one installation. `account_link` makes the link of a mail to somebody with an account."""

    programme: Programme
    signers: Signers
    renderer: Renderer
    account_link: Callable[[Mail], str | None]

    def compose(self, mail: Mail, invited: Invitation | None) -> bytes:
        """Return the whole mail; the same row gives the same bytes.

        `mail` was marked by `outbox.begin`; `invited` is its invitation, whose `printed_end` is set where the mail
        asks. Raises UnsafeHeader or UnsupportedAddress for what cannot be put into a mail.
        """
        assert mail.message_id is not None
        assert mail.boundary is not None
        assert mail.dated_at is not None
        links = self._links(mail, invited)
        words = self.renderer.render(mail.kind, mail.context, language=mail.language, links=links)
        return message.build(
            sender=self.programme.mail_from,
            sender_name=self.programme.operator,
            to=mail.to_address,
            to_name=inert(mail.to_name),
            reply_to=self.programme.reply_to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=mail.message_id,
            date=mail.dated_at,
            boundary=mail.boundary,
            headers=self._headers(mail, invited),
        )

    def _links(self, mail: Mail, invited: Invitation | None) -> dict[str, str]:
        links = {"public_url": self.programme.public_url, "guide_url": self.programme.guide_url}
        if invited is not None:
            if mail.kind in ASKS:
                links["deny_url"] = self.signers.url(Purpose.DENY, invited.link_id)
                links["end"] = _iso(invited.printed_end)
                links["one_click"] = "yes" if self.programme.one_click else ""
            elif mail.kind == "denial-undone":
                links["deny_url"] = self.signers.url(Purpose.DENY, invited.link_id)
            elif mail.kind == "denial-recorded" and mail.context.get("undo_until"):
                links["undo_url"] = self.signers.url(Purpose.UNDO, invited.link_id)
            elif mail.kind == "yes-confirmation":
                links["yes_url"] = self.signers.url(Purpose.YES, invited.link_id)
        account = self.account_link(mail)
        return {**links, "account_url": account} if account else links

    def _headers(self, mail: Mail, invited: Invitation | None) -> dict[str, str]:
        if invited is None or mail.kind not in ASKS or not self.programme.one_click:
            return {}
        url = self.signers.url(Purpose.ONE_CLICK, invited.link_id)
        return one_click_headers(url, allow_http=url.startswith("http://"))


def _iso(at: datetime | None) -> str:
    assert at is not None, "a notice without an end"
    return at.isoformat()
