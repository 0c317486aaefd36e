"""What the installation keeps and reads: documents, disks, the scanner, the mailbox, the keys."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from consent_links import key_id
from cpor_web.config import Settings
from cpor_web.doctor.engines import engine_of
from cpor_web.doctor.findings import Finding, look, ok, wrong
from cpor_web.history import checkpoints
from cpor_web.incoming.mailbox import Mailbox, MailboxTrouble
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import Checkpoint, Document, Mail
from cpor_web.proofs.clamd import NotScanned, Scanner, ScannerAway
from cpor_web.proofs.store import DocumentStore

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The file that every scanner finds and that harms nobody; in two pieces, so that no scanner finds this one."""

MIB = 2**20
LITTLE, TOO_LITTLE = 2048 * MIB, 256 * MIB
OLD_KEY = timedelta(days=730)
NEWEST = 20
"""Documents that are looked for. Those of a disk that is not mounted are all missing, or all but what came since."""

PUT_OUTSIDE = timedelta(minutes=10)
"""Within so long a checkpoint lies outside the database, too: a worker puts it there once it is committed."""


def documents(settings: Settings) -> Finding:
    """Store a document of random bytes, read it, and remove it."""
    folder = _folder(settings)
    try:
        is_anothers = folder is not None and folder.exists() and folder.stat().st_uid != os.geteuid()
    except PermissionError:
        return _closed("documents", folder)
    if is_anothers:
        do = f"Run this as the owner of {folder}: what is written as somebody else, the web could not read."
        return look("documents", "not tried: the folder belongs to another user", do)
    content, store = secrets.token_bytes(64), DocumentStore(settings.documents)
    try:
        stored = store.store(BytesIO(content), filename="doctor", media_type="application/octet-stream")
        is_whole = b"".join(store.open(stored.sha256)) == content
        is_gone = store.forget(stored.sha256, datetime.max.replace(tzinfo=UTC)) and not store.has(stored.sha256)
    except Exception as error:  # an object store has many errors of its own
        do = "Check CPOR_DOCUMENTS_URL, the credentials, and the rights of this user there."
        return wrong("documents", f"cannot be stored: {type(error).__name__}", do)
    if not is_whole or not is_gone:
        return wrong("documents", "do not come back as they were, or stay", "Check what CPOR_DOCUMENTS_URL names.")
    return ok("documents", f"are written, read and removed in {settings.documents}")


def what_is_kept(settings: Settings, now: datetime) -> list[Finding]:
    """Return whether what the database names lies where it is kept. For a database that answers, with its tables."""
    newest = select(Document.sha256).order_by(Document.id.desc()).limit(NEWEST)
    checkpoint = select(func.max(Checkpoint.number)).where(Checkpoint.at < now - PUT_OUTSIDE)
    try:
        with engine_of(settings) as engine, Session(engine) as session:
            known = _known(session.scalars(newest).all(), DocumentStore(settings.documents))
            return [known, _outside(session.scalar(checkpoint), settings.checkpoints)]
    except SQLAlchemyError as error:
        return [wrong("known documents", f"cannot be looked up: {type(error).__name__}", "See the database above.")]


def _outside(number: int | None, folder: Path) -> Finding:
    try:
        is_there = number is None or number in checkpoints.numbers_in(folder)
    except OSError:
        is_there = False
    if not is_there:
        do = "See the log of the worker, which puts them there; its unit lets it write below /var/lib/cpor alone."
        return look("newest checkpoint", f"number {number} is not in {folder}", do)
    return ok("newest checkpoint", "there is none yet" if number is None else f"number {number} is in {folder}")


def _known(hashes: Sequence[str], store: DocumentStore) -> Finding:
    try:
        missing = sum(not store.has(sha256) for sha256 in hashes)
    except Exception as error:  # an object store has many errors of its own
        return look("known documents", f"could not be looked for: {type(error).__name__}", "See documents below.")
    if missing:
        do = f"Is its disk mounted? Is {store.url} its place? Stop the web until it is: what comes in would vanish."
        words = f"{missing} of the newest {len(hashes)} {'is' if missing == 1 else 'are'} not there"
        return wrong("known documents", words, do)
    return ok("known documents", f"the newest {len(hashes)} are there" if hashes else "there is none yet")


def disks(settings: Settings) -> list[Finding]:
    """Return how much room there is in the folders of this machine."""
    folders = [("data folder", settings.data_dir), ("checkpoints", settings.checkpoints)]
    if (kept := _folder(settings)) is not None:
        folders.append(("documents' disk", kept))
    return [*(_disk(about, folder) for about, folder in folders), _temporary()]


def _folder(settings: Settings) -> Path | None:
    return DocumentStore(settings.documents).folder


def _temporary() -> Finding:
    try:
        return _disk("temporary folder", Path(tempfile.gettempdir()))
    except FileNotFoundError:
        do = "Make room in /tmp, or let TMPDIR name a folder with some: large uploads are refused meanwhile."
        return wrong("temporary folder", "there is none that takes a byte", do)


def _disk(about: str, folder: Path) -> Finding:
    try:
        there = next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
    except PermissionError:
        return _closed(about, folder)
    free = shutil.disk_usage(there).free
    words = f"{free / MIB / 1024:.1f} GiB free at {folder}"
    if free < TOO_LITTLE:
        return wrong(about, words, "Make room: uploads are refused when it is full.")
    return look(about, words, "Make room soon.") if free < LITTLE else ok(about, words)


def _closed(about: str, folder: Path | None) -> Finding:
    return wrong(about, f"{folder} may not be entered by this user", "Give it to the service's user.")


def scanner(settings: Settings) -> Finding:
    """Have the scanner look at a harmless text and at the test file that it must find."""
    if not settings.clamd:
        return look("scanner", "none is set: documents are given out unscanned", "Set CPOR_CLAMD.")
    asked = Scanner.named(settings.clamd)
    try:
        harmless, harmful = asked.scan([b"harmless"]), asked.scan([EICAR])
    except ScannerAway as error:
        return wrong("scanner", f"is away: {error}", "Start clamd, or mend CPOR_CLAMD. Documents wait meanwhile.")
    except NotScanned as error:
        return wrong("scanner", f"does not scan: {error}", "Read clamd's log.")
    if harmless:
        return wrong("scanner", f"finds {harmless} in a harmless text", "Read clamd's log, and its signatures.")
    if not harmful:
        return wrong("scanner", "does not find the EICAR test file", "Give it signatures: freshclam.")
    return ok("scanner", "lets a harmless text pass, and finds the EICAR test file")


def mailbox(settings: Settings) -> Finding:
    """Open the mailbox for what comes back; nothing in it is changed."""
    if not settings.imap_server:
        do = "Set CPOR_IMAP_SERVER, unless a mail server's pipe hands over what comes back: cpor mail receive."
        return look("mailbox", "none is set", do) if not settings.return_address else ok("mailbox", "none; a pipe")
    where = f"{settings.imap_server}:{settings.imap_port}"
    try:
        with Mailbox.from_settings(settings) as opened:
            waiting = len(opened.uids())
    except MailboxTrouble as error:
        return wrong("mailbox", f"{where}: {error}", "Check the CPOR_IMAP_ settings. Closings wait meanwhile.")
    return ok("mailbox", f"{where} answers, {waiting} mails to be read")


def keys(settings: Settings, now: datetime) -> list[Finding]:
    """Return since when the key of each ring signs, as far as the database tells; no key is shown."""
    consent = key_id(settings.consent_keys[0])
    signing = next(iter(SigningKeys(settings.signing_keys).public))
    by_it = Checkpoint.signature["key"].as_string() == signing
    try:
        with engine_of(settings) as engine, Session(engine) as session:
            links = session.scalar(select(func.min(Mail.queued_at)).where(Mail.key_id == consent))
            signed = session.scalar(select(func.min(Checkpoint.at)).where(by_it))
    except SQLAlchemyError as error:
        return [wrong("keys", f"cannot be looked up: {type(error).__name__}", "See the database above.")]
    return [_key("consent key", consent, links, now), _key("signing key", signing, signed, now)]


def _key(about: str, name: str, since: datetime | None, now: datetime) -> Finding:
    if since is None:
        return ok(about, f"{name} has signed nothing yet")
    words = f"{name} signs since {since:%Y-%m-%d}"
    return look(about, words, "Rotate it: see Keys in the manual.") if now - since > OLD_KEY else ok(about, words)
