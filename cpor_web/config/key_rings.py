"""The three rings of keys, newest first: in the environment, or for `cpor up` in files of its data folder.

No function here returns or prints a key to be shown; keys are told by their ids.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from consent_links import key_id
from cpor_web.config import secret_files
from cpor_web.config.kinds import keys, signing_keys
from cpor_web.keys.signing import SigningKeys


class Ring(NamedTuple):
    """One ring. `file` is where `cpor up` keeps it, None where the environment has it; `keys` are the very keys."""

    name: str
    keys: tuple[str, ...]
    file: Path | None

    @property
    def setting(self) -> str:
        """The name of its setting."""
        return setting_of(self.name)

    @property
    def ids(self) -> tuple[str, ...]:
        """The public ids of its keys."""
        return tuple(SigningKeys(self.keys).public) if self.name == "signing" else tuple(map(key_id, self.keys))

    def without(self, wanted: str) -> tuple[str, ...]:
        """Return the keys but the one with that id."""
        return tuple(key for key, id in zip(self.keys, self.ids, strict=True) if id != wanted)


def setting_of(name: str) -> str:
    """Return the name of a ring's setting."""
    return f"CPOR_{name.upper()}_KEYS"


def file_of(data_dir: Path, name: str) -> Path:
    """Return where `cpor up` keeps a ring."""
    return data_dir / f"{name}_keys.txt"


def read(environ: Mapping[str, str], name: str) -> Ring:
    """Return a ring as the processes started from this shell would have it; empty where there is none.

    Raises ValueError with what would be right.
    """
    check = signing_keys if name == "signing" else keys
    if given := secret_files.read(environ, setting_of(name)):
        return Ring(name, check(given), None)
    file = file_of(Path(environ.get("CPOR_DATA_DIR") or "var").expanduser().absolute(), name)
    return Ring(name, check(file.read_text().strip()), file) if file.exists() else Ring(name, (), None)


def write(file: Path, ring: Sequence[str]) -> None:
    """Replace the keys in a file by others: whole or not at all, and readable by its owner only."""
    descriptor, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as whole:
            whole.write(",".join(ring))
            whole.flush()
            os.fsync(whole.fileno())
        if file.exists():
            owner = file.stat()
            os.chown(made, owner.st_uid, owner.st_gid)
        Path(made).replace(file)
    except BaseException:
        Path(made).unlink()
        raise
