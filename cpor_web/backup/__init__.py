"""Backups: the database as of one moment, the documents it names, and a manifest that both can be held against."""

from cpor_web.backup.manifest import Manifest
from cpor_web.backup.restoring import Restored, restore
from cpor_web.backup.taking import take
from cpor_web.backup.trouble import BackupError

__all__ = ["BackupError", "Manifest", "Restored", "restore", "take"]
