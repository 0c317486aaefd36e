"""Settings that are secrets can be handed over in files, as Docker and systemd keep them: CPOR_…_FILE names one."""

from collections.abc import Mapping
from pathlib import Path

SECRETS = (
    "CPOR_SECRET_KEYS",
    "CPOR_CONSENT_KEYS",
    "CPOR_SIGNING_KEYS",
    "CPOR_DATABASE_URL",
    "CPOR_REDIS_URL",
    "CPOR_MAIL_PASSWORD",
    "CPOR_IMAP_PASSWORD",
    "CPOR_ASSESSMENT_SECRETS",
    "CPOR_OIDC_CLIENT_SECRET",
    "CPOR_METRICS_TOKEN",
    "CPOR_SENTRY_DSN",
)
"""Each of them has a setting of its name with _FILE behind it, which names a file of its text."""

SUFFIX = "_FILE"
LARGEST = 65536


class SecretFileError(ValueError):
    """A secret cannot be had from its file; the words say of which setting, and never what is in the file."""


def file_setting(name: str) -> str:
    """Return the name of the setting that names the file of a secret."""
    return name + SUFFIX


def is_given(environ: Mapping[str, str], name: str) -> bool:
    """Tell whether a secret is set, by itself or by its file."""
    return any(environ.get(each, "").strip() for each in (name, file_setting(name)))


def read(environ: Mapping[str, str], name: str) -> str:
    """Return a secret, from the environment or from its file; empty where it is not set. Raises SecretFileError."""
    text, file = environ.get(name, "").strip(), environ.get(file_setting(name), "").strip()
    if not file:
        return text
    if text:
        raise SecretFileError(f"{name} and {file_setting(name)} are both set. Set one of them.")
    try:
        with Path(file).open(encoding="utf-8") as opened:
            found = opened.read(LARGEST).strip()
    except OSError as error:
        raise SecretFileError(f"{file_setting(name)}: {file} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise SecretFileError(f"{file_setting(name)}: {file} holds no text.") from None
    if not found:
        raise SecretFileError(f"{file_setting(name)}: {file} is empty.")
    return found


def resolved(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the environment with the secrets in place of their files; by name, why one cannot be had."""
    found, problems = dict(environ), {}
    for name in SECRETS:
        try:
            text = read(environ, name)
        except SecretFileError as error:
            problems[name] = str(error)
            text = ""
        if found.pop(file_setting(name), "").strip() and text:
            found[name] = text
    return found, problems
