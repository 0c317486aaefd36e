"""Every setting: its default, its meaning, its check. All problems are told at once.

`settings.py` declares them, of `kinds.py` and, for addresses of servers and places, `urls.py`; `reading.py` takes
them from the environment, and from `secret_files.py`; `together.py` has what must fit together, `listed.py` lists
them. `key_rings.py` reads the rings of keys among them.
"""

from cpor_web.config.declaring import FOR_TESTS, PREFIX, env_name
from cpor_web.config.listed import table
from cpor_web.config.reading import ConfigError
from cpor_web.config.settings import Settings

__all__ = ["FOR_TESTS", "PREFIX", "ConfigError", "Settings", "env_name", "table"]
