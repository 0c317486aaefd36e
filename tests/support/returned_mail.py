"""Mail that comes back, as mail servers and people's programs write it."""

from email.message import EmailMessage, Message
from textwrap import dedent

BACK = "returns@vendor.example.com"
POSTFIX = "mx.contoso.example.com"


def report(
    to: str,
    about: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 No such user",
    original: str = "",
    returned: bytes = b"Subject: Teams at Contoso\n\nYou can deny it.\n",
) -> bytes:
    """A report as Postfix writes it (RFC 3464): to the envelope's sender, about one recipient, the mail below."""
    more = f"Original-Recipient: rfc822; {original}\n" if original else ""
    text = dedent(f"""\
        Return-Path: <>
        Delivered-To: {to}
        Received: by {POSTFIX} (Postfix) id 4XYZ; Mon, 16 Nov 2026 10:00:05 +0100 (CET)
        Date: Mon, 16 Nov 2026 10:00:05 +0100 (CET)
        From: MAILER-DAEMON@{POSTFIX} (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        To: {to}
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="4XYZ.1234567890/{POSTFIX}"
        Content-Transfer-Encoding: 8bit
        Message-Id: <20261116090005.4XYZ@{POSTFIX}>

        This is a MIME-encapsulated message.

        --4XYZ.1234567890/{POSTFIX}
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host {POSTFIX}.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients.

        --4XYZ.1234567890/{POSTFIX}
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; {POSTFIX}
        X-Postfix-Queue-ID: 4XYZ
        X-Postfix-Sender: rfc822; {to}
        Arrival-Date: Mon, 16 Nov 2026 10:00:04 +0100 (CET)

        Final-Recipient: rfc822; {about}
        Action: {action}
        Status: {status}
        Diagnostic-Code: {diagnostic}

        --4XYZ.1234567890/{POSTFIX}
        Content-Description: Undelivered Message
        Content-Type: message/rfc822

        @RETURNED@
        --4XYZ.1234567890/{POSTFIX}--
        """)
    text = text.replace("Action:", f"{more}Action:")
    return text.encode().replace(b"@RETURNED@\n", returned + b"\n")


def exchange(to: str, about: str) -> bytes:
    """A report as Exchange Online writes it: HTML first, an enhanced status of its own, headers as they are."""
    return (
        dedent(f"""\
        Received: from AM0.prod.outlook.com (2603:10a6:208:1::1) by DB8; Mon, 16 Nov 2026 09:00:05 +0000
        MIME-Version: 1.0
        From: <postmaster@contoso.example.com>
        To: <{to.upper()}>
        Date: Mon, 16 Nov 2026 09:00:05 +0000
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="5d1c2e5e-2a3b-4b5c-8d6e-7f8091a2b3c4"
        X-MS-Exchange-Message-Is-Ndr:
        Content-Language: en-GB
        Message-ID: <0123-abcd@AM0.prod.outlook.com>
        Subject: Undeliverable: Example Vendor: Fabrikam claims your products
        Auto-Submitted: auto-replied

        --5d1c2e5e-2a3b-4b5c-8d6e-7f8091a2b3c4
        Content-Type: multipart/alternative; differences=Content-Type;
        \tboundary="inner-1"

        --inner-1
        Content-Type: text/html; charset="us-ascii"

        <html><body>Your message wasn't delivered.</body></html>
        --inner-1--

        --5d1c2e5e-2a3b-4b5c-8d6e-7f8091a2b3c4
        Content-Type: message/delivery-status

        Reporting-MTA: dns;AM0.prod.outlook.com
        Received-From-MTA: dns;DB8
        Arrival-Date: Mon, 16 Nov 2026 09:00:04 +0000

        Original-Recipient: rfc822;{about}
        Final-Recipient: rfc822;{about.title()}
        Action: failed
        Status: 5.1.10
        Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

        --5d1c2e5e-2a3b-4b5c-8d6e-7f8091a2b3c4
        Content-Type: message/rfc822

        Subject: Teams at Contoso

        You can deny it.
        --5d1c2e5e-2a3b-4b5c-8d6e-7f8091a2b3c4--
        """)
        .replace("\n", "\r\n")
        .encode()
    )


def gmail(to: str, about: str) -> bytes:
    """A report as Gmail writes it: several lines of diagnostic, only the headers given back."""
    return (
        dedent(f"""\
        Delivered-To: {to}
        Return-Path: <>
        Content-Type: multipart/report; boundary="000000000000abc"; report-type=delivery-status
        To: {to}
        Auto-Submitted: auto-replied
        Subject: Delivery Status Notification (Failure)
        From: Mail Delivery Subsystem <mailer-daemon@googlemail.example.com>
        Message-ID: <64f.gmr@mx.googlemail.example.com>
        Date: Mon, 16 Nov 2026 01:00:05 -0800 (PST)

        --000000000000abc
        Content-Type: multipart/related; boundary="000000000000abd"

        --000000000000abd
        Content-Type: multipart/alternative; boundary="000000000000abe"

        --000000000000abe
        Content-Type: text/plain; charset="UTF-8"

        ** Address not found **
        --000000000000abe--

        --000000000000abd--

        --000000000000abc
        Content-Type: message/delivery-status

        Reporting-MTA: dns; googlemail.example.com
        Arrival-Date: Mon, 16 Nov 2026 01:00:04 -0800 (PST)
        X-Original-Message-ID: <x@vendor.example.com>

        Final-Recipient: rfc822; {about}
        Action: failed
        Status: 5.1.1
        Remote-MTA: dns; gmail-smtp-in.l.google.example.com. (the server for the domain.)
        Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
         550-5.1.1 Please try double-checking the recipient's email address.
         550 5.1.1 NoSuchUser
        Last-Attempt-Date: Mon, 16 Nov 2026 01:00:05 -0800 (PST)

        --000000000000abc
        Content-Type: text/rfc822-headers

        Subject: Teams at Contoso

        --000000000000abc--
        """)
        .replace("\n", "\r\n")
        .encode()
    )


def reply(
    sender: str,
    words: str,
    *,
    to: str = "cpor@vendor.example.com",
    answers: str = "",
    html: str = "",
    **headers: str,
) -> bytes:
    """A mail that somebody wrote; `answers` is the Message-ID that it answers, headers with _ for -."""
    mail = EmailMessage()
    mail["From"] = f"Somebody <{sender}>"
    mail["To"] = to
    mail["Subject"] = "Re: Teams at Contoso"
    mail["Message-ID"] = f"<{abs(hash((sender, words, answers)))}@mail.example.com>"
    if answers:
        mail["In-Reply-To"] = answers
        mail["References"] = answers
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(words)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def out_of_office(sender: str, *, to: str, answers: str) -> bytes:
    """What a program answers while its owner is away (RFC 3834)."""
    away = {"Auto_Submitted": "auto-replied (vacation)", "Precedence": "bulk"}
    return reply(sender, "I am away until Monday.", to=to, answers=answers, **away)


def receipt(sender: str, *, to: str) -> bytes:
    """A receipt (RFC 8098): a report, but of nothing that went wrong."""
    mail = Message()
    mail["From"], mail["To"], mail["Subject"] = sender, to, "Read: Teams at Contoso"
    mail["Content-Type"] = 'multipart/report; report-type=disposition-notification; boundary="r"'
    mail.set_payload(
        "--r\nContent-Type: text/plain\n\nRead.\n--r\nContent-Type: message/disposition-notification\n\n"
        f"Final-Recipient: rfc822; {sender}\nDisposition: manual-action/MDN-sent-manually; displayed\n--r--\n"
    )
    return mail.as_bytes()
