"""What the manual has operators paste does what it says, and goes on after nothing that failed."""

import re
import subprocess
from pathlib import Path

import pytest

from cpor_web.doctor.machinery import MANY_JOBS
from tests.test_deploy import ROOT, is_command

MANUAL = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def block(heading: str) -> str:
    """Return the first block of commands below a heading."""
    _before, _heading, below = MANUAL.partition(f"\n{heading}\n")
    (found,) = re.findall(r"(?:^    .*\n)+", below, re.MULTILINE)[:1]
    return re.sub("^    ", "", str(found), flags=re.MULTILINE)


@pytest.mark.parametrize("fails", ["nothing", "db backup", "require-hashes", "wheel", "db upgrade", "restart"])
def test_an_upgrade_stops_at_what_fails_and_can_be_done_again(tmp_path: Path, fails: str) -> None:
    steps = ["install -d", "db backup", "require-hashes", "wheel", "db upgrade", "restart", "doctor"]
    said = block("### Upgrade").replace("/opt/cpor/bin/pip", "pip").replace("cpor_web-*.whl", "wheel")
    names = ("install", "cpor", "pip", "systemctl")
    doubles = "".join(
        f'{name}() {{ echo "{name} $*"; case "$*" in *"{fails}"*) return 1; esac; }}\n' for name in names
    )
    run = subprocess.run(["bash", "-c", doubles + said], stdout=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
    until = steps.index(fails) + 1 if fails in steps else len(steps)
    done = run.stdout.splitlines()
    assert [step for step, line in zip(steps, done, strict=False) if step in line] == steps[:until]
    assert len(done) == until
    if until == len(steps):
        assert "--no-deps --force-reinstall wheel" in run.stdout  # else one of the same number is left as it is
        assert re.search(r"/before-\d{4}-\d\d-\d\d-\d{4}$", done[1]), "a folder of its own each time"


def test_in_a_container_tables_are_the_matter_of_the_service_that_is_their_owner() -> None:
    commands = re.findall(r"^ +docker compose run (.*?)(\w+) (db \S+)( \S+)", MANUAL, re.MULTILINE)
    assert {command for _options, _service, command, _more in commands} == {"db backup", "db restore", "db grant"}
    for options, service, command, more in commands:
        assert is_command(command.split())
        assert service == "migrate"
        if command != "db grant":
            assert "-v /var/backups/cpor:/backups" in options
            assert more.startswith(" /backups/")


@pytest.mark.parametrize("heading", ["### Restore", "## With Docker"])
def test_after_a_restore_a_role_of_the_applications_own_gets_its_rights(heading: str) -> None:
    section = MANUAL.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    after = section.partition("db restore")[2]
    assert re.search(r"db grant.*\n", after.partition("doctor")[0])


def test_the_alarm_on_waiting_jobs_is_the_doctors() -> None:
    assert f"| `cpor_queue_jobs` | over {MANY_JOBS} for ten minutes |" in MANUAL
