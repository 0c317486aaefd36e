"""The `cpor consent` commands.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import click

NOT_GENUINE = 1
LARGEST_KEYS = 2**20
SECONDS = 15


@click.group()
def consent() -> None:
    """Consent records: what customers were asked and answered, signed."""


@consent.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--keys",
    "place",
    metavar="FILE_OR_URL",
    help="Public keys as /keys shows them: a file that you kept, or an address. Default: this installation's own.",
)
def verify(file: BinaryIO, place: str | None) -> None:
    """Say whether a consent record is genuine, by which key it was signed and when, and what it tells.

    FILE is a record as it was saved from a claim's page; - reads standard input. Exits with 0 where it is genuine,
    1 where it is not, 2 where the file or the keys cannot be read. Needs no database, and with a file of keys no
    network either.
    """
    from cpor_web.consent import sealing

    public = _keys_at(place) if place else _own_keys()
    try:
        genuine = sealing.read(file.read(sealing.LARGEST + 1), public)
        told = "\n".join(_told(genuine.record))
    except sealing.NotGenuine as refusal:
        click.echo(refusal, err=True)
        sys.exit(NOT_GENUINE)
    click.echo(f"Genuine: signed with the key {genuine.key}, and unchanged since.\n{told}")


def _told(record: Mapping[str, Any]) -> list[str]:
    """Return the record in lines for a terminal: what people typed cannot steer it."""
    from cpor_web.consent import sealing
    from cpor_web.consent.words import parts_of
    from cpor_web.rules.characters import visible

    try:
        parts = parts_of(dict(record))
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # a stranger's key signs strange things
        raise sealing.NotGenuine(sealing.NO_RECORD) from error
    lines = [line for part in parts for line in ("", part.heading, *(f"  {a}: {b}" for a, b in part.lines))]
    return [visible(line) for line in lines]


def _own_keys() -> dict[str, bytes]:
    from cpor_web.config import key_rings
    from cpor_web.keys.signing import SigningKeys

    try:
        ring = key_rings.read(os.environ, "signing")
    except ValueError as error:
        raise click.UsageError(f"CPOR_SIGNING_KEYS must be {error}.") from error
    if not ring.keys:
        raise click.UsageError("There is no ring here: CPOR_SIGNING_KEYS is not set. Name public keys with --keys.")
    return SigningKeys(ring.keys).public


def _keys_at(place: str) -> dict[str, bytes]:
    import json

    from cpor_web.keys.signing import read_published

    try:
        found = json.loads(_fetched(place) if place.startswith(("https://", "http://")) else Path(place).read_bytes())
        return read_published(found.get("keys", found))
    except OSError as error:
        raise click.UsageError(f"The keys at {place} cannot be read: {error}") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise click.UsageError(f"{place} does not hold public keys as /keys shows them.") from error


def _fetched(url: str) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import build_opener

    try:
        with build_opener().open(url, timeout=SECONDS) as answer:
            content: bytes = answer.read(LARGEST_KEYS)
    except HTTPError as error:
        error.close()
        raise
    except HTTPException as error:
        raise OSError(repr(error)) from error
    return content
