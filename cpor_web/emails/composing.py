"""From an outbox row to the bytes that go out: the links are made here, at the moment of sending."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from consent_links import one_click_headers
from cpor_web.emails import message
from cpor_web.emails.catalogue import ASKS
from cpor_web.emails.dkim import DkimSigner
from cpor_web.emails.inert import inert
from cpor_web.emails.links import Purpose, Signers, purpose_of
from cpor_web.emails.rendering import Renderer
from cpor_web.models import Invitation, Mail
from cpor_web.programme import Programme


@dataclass(frozen=True)
class Composer:
    """Writes mails for one installation.

    `account_link` makes the link of a mail to somebody with an account; `dkim` signs, where the relay does not.
    """

    programme: Programme
    signers: Signers
    renderer: Renderer
    account_link: Callable[[Mail], str | None]
    dkim: DkimSigner | None = None

    def compose(self, mail: Mail, invited: Invitation | None) -> bytes:
        """Return the whole mail; the same row gives the same bytes.

        `mail` came from `marking.ready`; `invited` is its invitation, whose `printed_end` is set where the mail
        asks. Raises UnsafeHeader or UnsupportedAddress for what cannot be put into a mail.
        """
        assert mail.message_id is not None
        assert mail.boundary is not None
        assert mail.dated_at is not None
        links = self._links(mail, invited)
        words = self.renderer.render(mail.kind, mail.context, language=mail.language, links=links)
        written = message.build(
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
        return self.dkim.signed(written, mail.dated_at) if self.dkim else written

    def _links(self, mail: Mail, invited: Invitation | None) -> dict[str, str]:
        links = {"public_url": self.programme.public_url, "guide_url": self.programme.guide_url}
        purpose = purpose_of(mail.kind, mail.context)
        if invited is not None and purpose is not None:
            links[f"{purpose.name.lower()}_url"] = self.signers.url(purpose, invited.link_id, key=mail.key_id)
        if invited is not None and mail.kind in ASKS:
            links["end"] = _iso(invited.printed_end)
            links["one_click"] = "yes" if self.programme.one_click else ""
            links["again"] = "yes" if mail.again_of_id is not None else ""
        account = self.account_link(mail)
        return {**links, "account_url": account} if account else links

    def _headers(self, mail: Mail, invited: Invitation | None) -> dict[str, str]:
        if invited is None or mail.kind not in ASKS or not self.programme.one_click:
            return {}
        url = self.signers.url(Purpose.ONE_CLICK, invited.link_id, key=mail.key_id)
        return one_click_headers(url, allow_http=url.startswith("http://"))


def _iso(at: datetime | None) -> str:
    assert at is not None, "a notice without an end"
    return at.isoformat()
