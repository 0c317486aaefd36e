"""Every sentence is there in every language."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from cpor_web.paths import TRANSLATIONS
from cpor_web.rules.languages import LANGUAGES

ROOT = Path(__file__).parent.parent
OTHERS = [language for language in LANGUAGES if language != "en"]

TWICE = re.compile(r"(.{20,})\1", re.DOTALL)
"""Words that stand once more right after themselves."""


def _catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> set[object]:
    """All sentences of the program, collected afresh."""
    collected = tmp_path_factory.mktemp("words") / "messages.pot"
    options = ["-F", "babel.cfg", "-k", "N_", "-k", "_l", "--ignore-dirs", ".*", "--no-location", "-o", collected]
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", *options, "."]
    subprocess.run(command, cwd=ROOT, check=True)
    with collected.open("rb") as file:
        return {message.id for message in read_po(file) if message.id}


def test_the_folders_of_translations_are_the_languages() -> None:
    assert sorted(folder.name for folder in TRANSLATIONS.iterdir() if folder.is_dir()) == sorted(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_lacks_its_translation(language: str, sentences: set[object]) -> None:
    translated = {message.id for message in _catalogue(language) if message.id and _is_filled(message.string)}
    assert not sentences - translated, "run `make words`, and translate what is empty"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_fuzzy_or_changes_a_placeholder(language: str) -> None:
    catalogue = _catalogue(language)
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    assert not [(message.id, errors) for message, errors in catalogue.check() if errors]


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_says_the_same_twice_run_together(language: str) -> None:
    assert not [message.string for message in _catalogue(language) if any(map(TWICE.search, _forms(message.string)))]


def _is_filled(string: str | tuple[str, ...]) -> bool:
    return all(_forms(string))


def _forms(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return string if isinstance(string, tuple) else (string,)
