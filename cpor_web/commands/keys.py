"""The `cpor keys` commands. No key is ever shown but a new one; keys are told by their ids.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from cpor_web.commands.key_use import Use
    from cpor_web.config.key_rings import Ring

MOST_CLAIMS = 20
RINGS = ("secret", "consent", "signing")


@click.group()
def keys() -> None:
    """Keys for sessions, for the links in mails, and for signatures."""


@keys.command("new")
@click.argument("ring", required=False, type=click.Choice(RINGS))
def new(ring: str | None) -> None:
    """Print a new key, to be put in front of its ring.

    With the name of a ring that `cpor up` keeps in its data folder, the key is put in front there instead.
    """
    from cpor_web.config import key_rings

    made = secrets.token_urlsafe(32)
    kept = _read(ring) if ring else None
    if kept is None:
        click.echo(made)
    elif kept.file is None:
        raise click.UsageError(
            f"That ring is not kept in a file: put the key of “cpor keys new” into {kept.setting}."
        )
    else:
        key_rings.write(kept.file, (made, *kept.keys))
        click.echo(f"Put a new key, {_read(kept.name).ids[0]}, in front of {kept.file}. Start cpor up anew.")


@keys.command("list")
def show() -> None:
    """Show the ids of the keys of each ring, the newest first, and what they are still needed for."""
    from cpor_web.clock import utcnow
    from cpor_web.commands import key_use

    with _session() as session:
        links, checkpoints = key_use.of_link_keys(session, now=utcnow()), key_use.checkpoints_by_key(session)
    for ring in map(_read, RINGS):
        click.echo(f"{ring.name}: {ring.file or ring.setting}" + ("" if ring.keys else ", not set"))
        for position, id in enumerate(ring.ids):
            uses = _use_of_link_key(links.get(id)) if ring.name == "consent" else ""
            uses = f"checkpoints: {checkpoints.get(id, 0)}" if ring.name == "signing" else uses
            click.echo(f"  {id}  {'signs' if position == 0 else 'older'}  {uses}".rstrip())
    if None in links:
        click.echo(f"By a key that nobody noted then, {_use_of_link_key(links[None])}")


@keys.command("retire")
@click.argument("key_id")
def retire(key_id: str) -> None:
    """Take a key out of its ring, or say how, if nothing that is under way needs it.

    KEY_ID is one that `cpor keys list` shows. Exits with 1 where the key is still needed.
    """
    ring = next((each for each in map(_read, RINGS) if key_id in each.ids), None)
    if ring is None:
        raise click.UsageError(f"No ring has a key {key_id}. “cpor keys list” shows those that there are.")
    if ring.ids[0] == key_id:
        sys.exit(f"{key_id} is the key that signs. Put a new one in front of it first, and start everything anew.")
    if ring.name == "secret":
        _renew_second_factors(ring)
    if ring.name == "consent":
        _check_links(key_id)
    if ring.name == "signing":
        _tell_public_halves(ring, key_id)
    _take_out(ring, key_id)


def _renew_second_factors(ring: "Ring") -> None:
    """Encrypt by the key that signs what older ones have encrypted, so that nobody loses their second factor."""
    from cpor_web.users import second_factor
    from cpor_web.users.authenticator import Authenticator

    with _session() as session:
        renewed = second_factor.renew_secrets(session, Authenticator(ring.keys, ""))
        session.commit()
    click.echo(f"Second factors that were encrypted anew by {ring.ids[0]}: {renewed}.")


def _check_links(key_id: str) -> None:
    """End with 1 where links that are needed were signed with it; tell of the others, which will end."""
    from cpor_web.clock import utcnow
    from cpor_web.commands import key_use

    with _session() as session:
        needing = key_use.claims_that_need(session, key_id, now=utcnow())
        use = key_use.of_link_keys(session, now=utcnow()).get(key_id, key_use.Use())
        bounces = key_use.may_bounce_until(session, key_id, now=utcnow())
    if needing:
        listed = "\n".join(f"  {reference}" for reference in needing[:MOST_CLAIMS])
        more = f"\n  and {len(needing) - MOST_CLAIMS} more" if len(needing) > MOST_CLAIMS else ""
        sys.exit(f"{key_id} is needed: customers of these claims can still answer through its links.\n{listed}{more}")
    if bounces is not None and os.environ.get("CPOR_RETURN_ADDRESS"):
        until = bounces.isoformat(sep=" ", timespec="minutes")
        sys.exit(
            f"{key_id} is needed until {until}: mails that it signed the return addresses of can still come back."
        )
    if use.late or use.closed:
        click.echo(f"Links of closed rounds end with it, mails: {use.late + use.closed}. They then lead nowhere.")
    if use.late:
        click.echo(f"By so many of them a customer could still end an association that stands: {use.late}.")


def _tell_public_halves(ring: "Ring", key_id: str) -> None:
    import json

    from cpor_web.commands import key_use
    from cpor_web.keys.signing import SigningKeys

    with _session() as session:
        count = key_use.checkpoints_by_key(session).get(key_id, 0)
    click.echo(
        f"Keep these public halves, its own among them, to verify with --keys what it signed: checkpoints ({count}) "
        "and consent records. No other keys are believed then."
    )
    click.echo(json.dumps({"algorithm": "Ed25519", "keys": SigningKeys(ring.keys).published()}))


def _take_out(ring: "Ring", key_id: str) -> None:
    from cpor_web.config import key_rings

    if ring.file is None:
        place = ring.ids.index(key_id) + 1
        click.echo(f"Now take key {place} of {len(ring.keys)}, counted from the left, out of {ring.setting}.")
        click.echo("Then start web, worker and ticker anew.")
    else:
        key_rings.write(ring.file, ring.without(key_id))
        click.echo(f"Took {key_id} out of {ring.file}. Start cpor up anew.")


def _use_of_link_key(use: "Use | None") -> str:
    if use is None:
        return "mails with its links: none"
    return f"mails with its links: {use.needed} needed, {use.late} can deny late, {use.closed} of closed rounds"


def _read(name: str) -> "Ring":
    from cpor_web.config import key_rings, secret_files

    try:
        return key_rings.read(os.environ, name)
    except secret_files.SecretFileError as error:
        raise click.UsageError(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"{key_rings.setting_of(name)} must be {error}.") from error


def _embedded() -> str:
    from cpor_web.embedded.installation import database_url

    url = database_url(Path(os.environ.get("CPOR_DATA_DIR") or "var").expanduser().absolute())
    if url is None:
        raise click.UsageError("CPOR_DATABASE_URL is not set, and there is no data folder of cpor up here.")
    return url


@contextmanager
def _session() -> "Iterator[Session]":
    """Open the database of the environment, or that of a running `cpor up`. Needs no other setting."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    from cpor_web.config import secret_files

    try:
        url = secret_files.read(os.environ, "CPOR_DATABASE_URL")
    except secret_files.SecretFileError as error:
        raise click.UsageError(str(error)) from error
    engine = create_engine(url or _embedded(), hide_parameters=True)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()
