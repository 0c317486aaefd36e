"""What people type and mails can carry, typed into the real forms: of it come nearly all kinds of mails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims import posting
from cpor_web.emails.links import Purpose
from cpor_web.emails.outcomes import Accepted
from cpor_web.models import Invitation, Mail, User
from cpor_web.rules.reasons import Request as Ask
from cpor_web.rules.roles import Role
from jobs.mail import composer
from tests.injection.typist import Typist
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.cast import PROOF

SignIn = Callable[[Browser, User], Browser]


class Sent(NamedTuple):
    """A mail that went out."""

    kind: str
    to: str
    raw: bytes


@dataclass
class Story:
    """One run through all forms with the same `typed` words. `mails` are those that went out."""

    app: Flask
    session: Session
    sign_in: SignIn
    typed: str
    mails: list[Sent] = field(default_factory=list)
    _typists: dict[int, Typist] = field(default_factory=dict)

    def run(self) -> None:
        """Let an administrator, two partners, a reviewer and a customer type."""
        self.ines = factories.user(self.session)
        self.gita = factories.user(self.session, Role.GLOBAL_ADMIN, partner=self.ines.partner)
        self.ivo = factories.user(self.session)
        self.rosa = factories.user(self.session, Role.REVIEWER)
        self.rune = factories.user(self.session, Role.REVIEWER)
        self.ada = factories.user(self.session, Role.ADMINISTRATOR)
        self.session.commit()
        self._manage()
        self._rejected_and_disputed()
        self._asked_the_wrong_person()
        self._denied_and_restored()
        self._put_over_another()
        self._post()

    def _by(self, user: User) -> Typist:
        if user.id not in self._typists:
            self._typists[user.id] = Typist(self.sign_in(self._browser(), user), self.typed)
        return self._typists[user.id]

    def _customer(self) -> Typist:
        browser = self._browser()
        browser.sends_referer = False  # as from a mail
        return Typist(browser, self.typed)

    def _browser(self) -> Browser:
        browser = self.app.test_client()
        assert isinstance(browser, Browser)
        return browser

    def _manage(self) -> None:
        assert self.ines.partner is not None
        ada, number = self._by(self.ada), self.ines.partner.id
        ada.send("/admin/partners", "/partners", name="Adatum", domains="adatum.example.org")
        ada.send(f"/admin/partners/{number}/edit", "/edit", name="Fabrikam", domains="fabrikam.example.org")
        ada.send(f"/admin/partners/{number}", "/mpn-ids", number="4000001", kind="global", place="Oslo")
        ada.send("/admin/calendar", "/calendar", day=f"{clock.utcnow().year + 1}-03-02", name="Company day")
        new = {"email": "rolf@vendor.example.com", "name": "Rolf Ruiz", "role": "reviewer", "partner": ""}
        ada.send("/admin/users", "/users", **new)
        for user in (self.ines, self.rosa, self.rune):
            ada.send(f"/people/{user.id}", f"/people/{user.id}", name=user.name)
        new = {"email": "ida@fabrikam.example.org", "name": "Ida Imre", "role": "viewer"}
        self._by(self.gita).send("/team", "/team", **new)
        for typed in (self.typed, ""):  # whatever is asked for, the answer is the same
            Typist(self._browser(), typed).send("/reset", "/reset", email=self.rune.email)

    def _file(self, domain: str, filer: User | None = None, **right: str) -> str:
        """Return the reference of a claim that Ines, or another, has filed."""
        filer = filer or self.ines
        typist, draft = self._by(filer), claims.draft_of(filer, **right)
        about = draft.as_fields() | {"products": list(draft.products), "customer_domain": domain}
        first = {"contact_email": f"carla@{domain}", "partner_contact_name": "Ines Imhof"}
        second = {"second_name": "Carlo", "second_title": "IT", "second_email": f"carlo@{domain}"}
        page = typist.send("/claims/new", "/new", **{**about, **first, **second}).location
        typist.send(page, "/documents", document=PROOF, replaces="")
        self._press(typist, page, "submit")
        typist.send(page, "/comments", comment="Any news?")
        return page.rpartition("/")[2]

    def _press(self, who: Typist, page: str, action: str) -> None:
        Typist(who.browser, "").send(page, f"/{action}")

    def _rejected_and_disputed(self) -> None:
        reference = self._file("northwind.example.com")
        page, review = f"/claims/{reference}", f"/review/{reference}"
        rosa, ines = self._by(self.rosa), self._by(self.ines)
        self._press(rosa, review, "start-review")
        rosa.send(review, "/comments", **{"comment-comment": "Which month?"})
        rosa.send(review, "/notes", **{"note-note": "Odd."})
        asked = {
            "ask-reasons": [Ask.DATES.value, Ask.PRODUCTS.value],
            "ask-missing-dates": "When?",
            "ask-missing-products": "Teams",
            "ask-comment": "Please add it.",
        }
        rosa.send(review, "/request-information", **asked)
        self._post()
        ines.send(f"{page}/edit", "/edit")
        ines.send(page, "/documents", document=PROOF, replaces="")  # else it is asked whether there is nothing to add
        ines.send(page, "/comments", comment="It is there now.")
        self._press(ines, page, "resubmit")
        self._press(rosa, review, "start-review")
        rejected = {"reject-reason": "insufficient-proof-of-execution", "reject-comment": "It names nobody."}
        rosa.send(review, "/reject", **rejected)
        ines.send(page, "/dispute", justification="It does.", document=PROOF)
        rune = self._by(self.rune)
        self._press(rune, review, "take-over")
        self._press(rune, review, "approve")
        self._post()
        ines.send(f"{page}/request-rejection", "/request-rejection", detail="incorrect-activity", comment="Sorry.")

    def _approved(self, domain: str) -> tuple[str, str]:
        reference = self._file(domain)
        rosa, review = self._by(self.rosa), f"/review/{reference}"
        self._press(rosa, review, "start-review")
        self._press(rosa, review, "approve")
        self._post()
        return f"/claims/{reference}", review

    def _asked_the_wrong_person(self) -> None:
        page, review = self._approved("contoso.example.com")
        first, _second = self._invited()
        self._customer().send(self._link(first, Purpose.DENY), "", cannot_answer="y", answer="not-the-right-person")
        new = {"contact_name": "Cleo", "contact_title": "IT", "contact_email": "cleo@contoso.example.com"}
        self._by(self.ines).send(f"{page}/contact", "/contact", instead_of=str(first.contact_id), **new)
        rosa = self._by(self.rosa)
        rosa.send(review, "/turn-down", **{"turn-down-why": "Who is Cleo?"})
        self._by(self.ines).send(f"{page}/contact", "/contact", instead_of=str(first.contact_id), **new)
        self._press(rosa, review, "correct-contact")
        self._post()
        self._customer().send(self._link(first, Purpose.DENY), "", reason="other", words="I left.")
        rosa.send(review, "/go-on", **{"go-on-why": "Cleo it is."})
        self._press(rosa, review, "reply")
        whose = str(self._invited()[0].contact_id)
        said = {"reply-says": "denies", "reply-whose": whose, "reply-evidence": "No, they wrote."}
        rosa.send(review, "/read", **said)

    def _denied_and_restored(self) -> None:
        self._approved("tailspin.example.com")
        first, _second = self._invited()
        self._customer().send(self._link(first, Purpose.DENY), "", reason="other", words="Never heard of them.")
        self._post()
        self._customer().send(self._link(first, Purpose.UNDO), "", was_mistaken="y")

    def _put_over_another(self) -> None:
        """Approve what another partner claims for the tenant of Ines's associations."""
        tenant = claims.draft_of(self.ines).tenant_id
        assert tenant is not None
        review = f"/review/{self._file('wingtip.example.com', self.ivo, tenant_id=tenant)}"
        rosa = self._by(self.rosa)
        self._press(rosa, review, "start-review")
        rosa.send(review, "/approve", **{"approve-rationale": "The newer order names them."})

    def _invited(self) -> tuple[Invitation, Invitation]:
        self.session.rollback()
        newest = self.session.scalars(select(Invitation).order_by(Invitation.id.desc()).limit(2))
        second, first = newest
        return first, second

    def _link(self, invitation: Invitation, purpose: Purpose) -> str:
        url: str = self.app.extensions["signers"].url(purpose, invitation.link_id)
        return "/" + url.split("/", 3)[3]

    def _post(self) -> None:
        """Write every mail that waits and let the mail server take it, as the mail job does."""
        self.session.rollback()
        now, programme = clock.utcnow(), self.app.extensions["programme"]
        for number in self.session.scalars(select(Mail.id).where(Mail.due_at.is_not(None)).order_by(Mail.id)).all():
            self._send(number, now, programme)

    def _send(self, number: int, now: datetime, programme: Any) -> None:
        mail = posting.begin(self.session, number, now=now, programme=programme)
        if mail is not None:
            invited = self.session.get(Invitation, mail.invitation_id) if mail.invitation_id else None
            with self.app.test_request_context():
                self.mails.append(Sent(mail.kind, mail.to_address, composer().compose(mail, invited)))
            posting.settle(self.session, number, Accepted("250 2.0.0 queued"), now=now, programme=programme)
        self.session.commit()
