"""The `cpor history` commands.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from cpor_web.verification import Report

CANNOT_KNOW = """\
What this cannot know: whether events that no checkpoint covers yet were removed from the end, or written anew, by
somebody who can write to the database and compute the chain; whether newer checkpoints were removed in every place
that was looked at; and whatever was done by somebody who has a signing key. Compare with copies kept elsewhere."""

NONE_OUTSIDE = """\
None of the checkpoints lies outside the database: whoever can write to it could remove the newest unseen. The log of
the worker says why it cannot put them there; or --checkpoints names another folder that has them."""


@click.group()
def history() -> None:
    """The claims' history."""


@history.command()
@click.option(
    "--checkpoints",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Checkpoints kept outside the database: best a copy from another place. Default: CPOR_CHECKPOINTS_DIR.",
)
@click.option(
    "--keys",
    "key_files",
    multiple=True,
    type=click.File("rb"),
    help="Public keys as /keys and “keys retire” show them, kept by you; may be repeated, as no others are believed. "
    "Default: those of CPOR_SIGNING_KEYS.",
)
@click.argument("references", nargs=-1, metavar="[REFERENCE]…")
def verify(folder: Path | None, key_files: tuple[BinaryIO, ...], references: tuple[str, ...]) -> None:
    """Find what was changed, removed, put in or written anew in the history of all claims, or of these.

    Reads only. Exits with 1 where something is wrong.
    """
    from cpor_web import create_app
    from cpor_web.claims.references import normalised
    from cpor_web.database import patience
    from cpor_web.extensions import db
    from cpor_web.verification import UnknownClaims
    from cpor_web.verification import verify as verified
    from cpor_web.web.current import settings, signing_keys

    public = {name: key for file in key_files for name, key in _keys_of(file).items()}
    with create_app().app_context(), db.engine.connect() as connection:
        place = folder or settings().checkpoints
        one_moment = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        patience.without_limits(one_moment)
        try:
            report = verified(
                one_moment,
                folder=place,
                public=public or signing_keys().public,
                references=[normalised(text) or text for text in references],
            )
        except UnknownClaims as unknown:
            raise click.UsageError(f"There is no claim {unknown}.") from unknown
    _show(report, place)
    sys.exit(1 if report.count else 0)


def _keys_of(file: BinaryIO) -> dict[str, bytes]:
    from cpor_web.keys.signing import read_published

    try:
        found = json.load(file)
        return read_published(found.get("keys", found))
    except (ValueError, AttributeError) as error:
        raise click.UsageError(f"{file.name} does not hold public keys as /keys shows them.") from error


def _show(report: "Report", folder: Path) -> None:
    click.echo(f"Claims         {report.claims:9,}")
    click.echo(f"Events         {report.events:9,}   {report.erased:,} of them erased")
    click.echo(
        f"Checkpoints    {report.checkpoints:9,}   {report.outside:,} of them outside the database, in {folder}"
    )
    if report.newest:
        click.echo(f"Newest         {report.newest[:16].replace('T', ' ')} UTC")
    click.echo(f"Not covered    {report.uncovered:9,}   events newer than the checkpoint of their claim")
    click.echo()
    if report.count:
        _show_findings(report)
    else:
        click.echo("Nothing was changed, removed, put in or written anew.")
    if report.checkpoints and not report.outside:
        click.echo(f"\n{NONE_OUTSIDE}")
    click.echo(f"\n{CANNOT_KNOW}")


def _show_findings(report: "Report") -> None:
    width = max(len("where"), *(len(finding.where) for finding in report.findings))
    click.echo(f"{'where':{width}}  event  what is wrong")
    for finding in report.findings:
        click.echo(f"{finding.where:{width}}  {finding.position or '':>5}  {finding.what}")
    more = report.count - len(report.findings)
    click.echo(f"\n{report.count:,} findings" + (f", {more:,} of them not shown." if more else "."))
