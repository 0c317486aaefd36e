"""`cpor doctor`: is this installation well, and what is to be mended?"""

import os
import sys

import click


@click.command()
@click.option("--json", "for_programs", is_flag=True, help="Tell it to a program.")
def doctor(for_programs: bool) -> None:
    """Examine the whole installation from this machine, and say what to mend.

    Settings, PostgreSQL, Redis, workers, ticker, mail server, mailbox, documents, scanner, disks, keys, the public
    address. Sends no mail. Exits with 0 where all is well, 1 where something is to be looked at, 2 where something
    is wrong.
    """
    from cpor_web.clock import utcnow
    from cpor_web.doctor.installation import as_json, as_text, examine_all, exit_code

    findings = examine_all(os.environ, utcnow)
    click.echo(as_json(findings) if for_programs else as_text(findings))
    sys.exit(exit_code(findings))
