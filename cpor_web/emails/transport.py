"""Hand mails to the mail server, and tell apart what came of each.

The one thing that must never be confused: a mail that was refused, a mail that was taken, and a mail of which
nobody knows. The line between them is the moment the text of the mail has gone out (RFC 5321, section 4.5.3.2.6):
before it everything may be tried again, after it nothing is tried again here.
"""

from typing import Self

from cpor_web.addresses import is_address
from cpor_web.emails import conversation
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Unavailable
from cpor_web.emails.session import MailServer, NotOpened, Session, Trouble, open_session

LONGEST_LINE = 998  # RFC 5321 section 4.5.3.1.6, without the CRLF

DATA_SECONDS = 120.0
"""For a whole mail to go through, out or in."""


class Transport:
    """One kept connection to a mail server, opened when first needed, left at the end of the `with` block.

    It is not safe to use by two threads at once, or across a fork. For `data_timeout` seconds it waits for the answer
    to a whole mail. RFC 5321 allows a server ten minutes; a job may not wait as long as that, and an answer
    that comes later leaves the mail Unknown.
    """

    def __init__(self, server: MailServer, *, data_timeout: float = DATA_SECONDS) -> None:
        self.server = server
        self.data_timeout = data_timeout
        self._session: Session | None = None
        self._waiting: Session | None = None
        self._is_clean = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the server. Never fails: each mail's outcome is known by now."""
        self.withdraw()
        session, self._session = self._session, None
        if session is not None:
            session.leave()

    def connect(self) -> Unavailable | None:
        """Open the connection unless one is kept, so that no mail is claimed while none can be sent."""
        if self._session is None:
            try:
                self._session = open_session(self.server)
            except NotOpened as failure:
                return failure.outcome
        return None

    def send(self, message: bytes, *, mail_from: str, rcpt_to: str) -> Outcome:
        """Send one mail to one recipient: offer it, and hand it over."""
        return self.offer(message, mail_from=mail_from, rcpt_to=rcpt_to) or self.hand_over(message)

    def offer(self, message: bytes, *, mail_from: str, rcpt_to: str) -> Outcome | None:
        """Say all that comes before a mail's text; None once the server waits for the text, else why it does not.

        Nothing has gone out by then: the mail is handed over next, or withdrawn. A connection that went stale since
        the last mail is replaced once.

        `message` is the whole mail in ASCII, lines of at most 998 characters that end in CRLF; `mail_from` the
        envelope's sender, empty for none (`<>`). Raises ValueError for a message that is not such bytes (RFC 5321; a
        bare CR or LF is how mails are smuggled).
        """
        _check(message)
        if not (is_address(rcpt_to) and (mail_from == "" or is_address(mail_from))):
            return Permanent("553 5.1.3 Not a mail address; the mail server was not asked")
        kept, self._session = self._session, None  # it comes back only in a state that we know
        if kept is not None:
            try:
                return self._offer(kept, mail_from, rcpt_to, len(message), kept=True)
            except Trouble:
                pass  # servers close idle connections, and count mails on busy ones
        try:
            return self._offer(open_session(self.server), mail_from, rcpt_to, len(message))
        except Trouble as trouble:
            return trouble.outcome

    def hand_over(self, message: bytes) -> Outcome:
        """Send the text of the mail that was offered last, and is waited for."""
        session, self._waiting = self._waiting, None
        assert session is not None, "no text is waited for"
        try:
            outcome = conversation.hand_over(session, message, self.data_timeout)
        except BaseException:
            session.close()
            raise
        self._keep(session, is_clean=isinstance(outcome, Accepted))
        return outcome

    def withdraw(self) -> None:
        """Leave unsent what was offered. To a server that waits for a text only hanging up says that none comes."""
        session, self._waiting = self._waiting, None
        if session is not None:
            session.close()

    def _offer(
        self, session: Session, mail_from: str, rcpt_to: str, size: int, *, kept: bool = False
    ) -> Outcome | None:
        try:
            if kept and not self._is_clean:  # what a server took leaves nothing behind (RFC 5321 section 4.1.1.4)
                conversation.reset(session)
            refusal = conversation.offer(session, mail_from, rcpt_to, size)
        except BaseException:
            session.close()
            raise
        if refusal is None:
            self._waiting = session
        else:
            self._keep(session, is_clean=False)
        return refusal

    def _keep(self, session: Session, *, is_clean: bool) -> None:
        if session.sock is not None:
            self._session, self._is_clean = session, is_clean


def _check(message: bytes) -> None:
    if not message.isascii():
        raise ValueError("a message holds ASCII only: encode its parts")
    *lines, rest = message.split(b"\r\n")
    within = b"".join(lines)
    if rest or not lines or b"\r" in within or b"\n" in within:
        raise ValueError("every line of a message ends in CRLF")
    if max(map(len, lines)) > LONGEST_LINE:
        raise ValueError("a line of a message has at most 998 characters")
