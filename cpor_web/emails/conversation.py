"""What is said to the mail server of one mail, and what its answers mean."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from cpor_web.emails.outcomes import (
    Accepted,
    Outcome,
    Permanent,
    Transient,
    Unavailable,
    Unknown,
    answer_line,
    status_of,
)
from cpor_web.emails.session import Session, Trouble, reason

SHUTTING_DOWN = 421
GO_ON = 3  # the hundreds of 354: the text is waited for
# RFC 4954 and RFC 3207: the server wants a sign-in or TLS first. Said to MAIL, that is about us, never about one
# mail. Said after it, it may be about this recipient, as where a server wants one for those that it does not take in.
NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
# RFC 3463: the host's state, its storage, whether it takes mail, how it is set up. A refusal of MAIL for now that
# says so is never about one mail; one for good is, whatever numbers are in its words. Not 4.3.3 and 4.3.4, features
# and size: other mails may ask for less.
OF_THE_SERVER = frozenset({"4.3.0", "4.3.1", "4.3.2", "4.3.5"})


@dataclass(frozen=True, slots=True)
class Step:
    """A command before the text: the hundreds of the code that is wanted, and what it means if no answer comes."""

    command: str
    wanted: int
    lost: Callable[[str], Outcome]
    is_of_recipient: bool = True


def reset(session: Session) -> None:
    """Have the server forget the mail that came to nothing."""
    code, answer = _ask(session.rset, lambda answer: Unavailable(answer, "connect"))
    if code // 100 != 2:
        raise Trouble(Unavailable(answer, "connect"))


def offer(session: Session, mail_from: str, rcpt_to: str, size: int) -> Outcome | None:
    """Say all that comes before the text; None if the server waits for it now, else why not."""
    options = [f"SIZE={size}"] if session.has_extn("size") else []
    if not (mail_from + rcpt_to).isascii():
        if not session.has_extn("smtputf8"):
            return Permanent("553 5.6.7 The mail server takes ASCII addresses only (no SMTPUTF8)")
        options.append("SMTPUTF8")
    sender = " ".join([f"MAIL FROM:<{mail_from}>", *options])
    # A connection lost at MAIL is the server's trouble. At RCPT or DATA it may be this recipient's doing, and a
    # mail that closes the connection each time must not hold up all others for ever: it counts as an attempt.
    steps = (
        Step(sender, 2, lambda answer: Unavailable(answer, "connect"), is_of_recipient=False),
        Step(f"RCPT TO:<{rcpt_to}>", 2, Transient),
        Step("DATA", 3, Transient),
    )
    if session.has_extn("pipelining"):
        return _offer_at_once(session, steps)
    for step in steps:
        refusal = _refusal(step, *_ask(partial(_say, session, step.command), step.lost))
        if refusal is not None:
            return refusal
    return None


def _offer_at_once(session: Session, steps: Sequence[Step]) -> Outcome | None:
    """Say all commands before the first answer, which saves two waits a mail (RFC 2920)."""
    refusal = None
    for step in steps:
        ask = session.getreply if step is not steps[0] else partial(_say, session, *(each.command for each in steps))
        if refusal is None:
            refusal = _refusal(step, *_ask(ask, step.lost))
        else:
            with suppress(OSError):
                if ask()[0] // 100 != GO_ON:
                    continue
            session.close()  # it waits for a text in spite of the refusal, or says nothing: no mail is to come of it
            break
    return refusal


def _say(session: Session, *commands: str) -> tuple[int, bytes]:
    """Say commands at once, and return the answer to the first."""
    session.send("".join(f"{command}\r\n" for command in commands).encode())
    return session.getreply()


def _ask(command: Callable[[], tuple[int, bytes]], lost: Callable[[str], Outcome]) -> tuple[int, str]:
    """Return the code and the answer to a command.

    Raises Trouble with what is `lost` where no sensible answer came, or 421; nothing was handed over.
    """
    try:
        code, text = command()
    except OSError as error:
        raise Trouble(lost(reason(error))) from error
    answer = answer_line(code, text)
    if code == SHUTTING_DOWN or not 200 <= code < 600:
        raise Trouble(lost(answer))
    return code, answer


def _refusal(step: Step, code: int, answer: str) -> Outcome | None:
    """Return None if the code is of the wanted hundred (RFC 5321 section 4.3.2: the first digit decides).

    Raises Trouble where the answer is about the connection, or is none.
    """
    if code // 100 == step.wanted:
        return None
    if code in NOT_SIGNED_IN and not step.is_of_recipient:
        raise Trouble(Unavailable(answer, "auth"))
    if code // 100 == 4 and status_of(answer) in OF_THE_SERVER and not step.is_of_recipient:
        raise Trouble(Unavailable(answer, "connect"))
    if code in NOT_SIGNED_IN or code // 100 == 4:
        return Transient(answer)
    if code // 100 == 5:
        return Permanent(answer)
    raise Trouble(Transient(answer))


def hand_over(session: Session, message: bytes, timeout: float) -> Outcome:
    """Send the text and read the answer. From the first byte on, no failure is tried again."""
    usual, session.timeout = session.timeout, timeout
    try:
        session.send(_dot_stuffed(message) + b".\r\n")
        code, text = session.getreply()
    except OSError as error:
        session.close()
        return Unknown(reason(error))
    session.timeout = usual
    answer = answer_line(code, text)
    match code // 100:
        case 2:
            return Accepted(answer)
        case 4:
            return Transient(answer)
        case 5:
            return Permanent(answer)
    session.close()
    return Unknown(answer)


def _dot_stuffed(message: bytes) -> bytes:
    """RFC 5321 section 4.5.2: a line that begins with a dot gets another one."""
    return (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
