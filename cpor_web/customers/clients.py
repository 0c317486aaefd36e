"""What a request on a customer's link looked like, by what it said of itself. A guess: evidence, and never a gate."""

from cpor_web.models import Client

LONGEST = 200

SIGNS: tuple[tuple[Client, tuple[str, ...]], ...] = (
    (
        Client.SCANNER,
        (
            # look at a mail's links before its reader does
            "barracuda", "bitdefender", "cloudmark", "fireeye", "forcepoint", "ironport", "kaspersky", "mimecast",
            "proofpoint", "safelinks", "sophos", "symantec", "trellix", "trendmicro", "trend micro", "urldefense",
            "urlscan", "virustotal", "zscaler",
            # draw a link's preview
            "embedly", "facebookexternalhit", "googleimageproxy", "iframely", "preview", "slackbot", "snapchat",
            "telegrambot", "unfurl", "whatsapp",
            # say themselves that they are no person
            "+http", "-bot", "bot/", "checker", "crawl", "headless", "monitor", "phantomjs", "scan", "spider",
        ),
    ),
    (
        Client.SCRIPT,
        (
            "aiohttp", "axios", "curl/", "dart:io", "go-http-client", "guzzle", "httpclient", "httpie/", "httpx",
            "insomnia", "java/", "libwww-perl", "node-fetch", "nodejs", "okhttp", "php/", "postman", "powershell",
            "python", "reqwest", "ruby", "undici", "wget/", "winhttp",
        ),
    ),
    (
        Client.MAIL_CLIENT,
        (
            "airmail", "apple mail", "applemail", "emclient", "evolution/", "fairemail", "gmail", "googlemail", "k-9",
            "kmail", "lotus-notes", "mailbird", "mailspring", "microsoft office", "ms-office", "msoffice", "outlook",
            "protonmail", "roundcube", "thunderbird", "yahoomail", "yahoomobilemail",
        ),
    ),
    (Client.BROWSER, ("chrome/", "crios/", "edg/", "edge/", "firefox/", "fxios/", "opera", "safari/", "trident/")),
)  # fmt: skip
"""By kind, what clients of it call themselves, in small letters. The first sign that is found decides."""


def guess(agent: str) -> Client:
    """Return what kind of client calls itself so."""
    small = agent.lower()
    for client, signs in SIGNS:
        for sign in signs:
            if sign in small:
                return client
    return Client.UNKNOWN


def cleaned(agent: str) -> str:
    """Return a client's name of itself fit to be stored: on one line, nothing that hides, at most 200 characters."""
    return "".join(c if c.isprintable() else " " for c in agent)[:LONGEST].strip()
