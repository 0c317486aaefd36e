"""Every setting: its default, its meaning, its check. All problems are told at once.

`settings.py` declares them, `together.py` has what must fit together, `reading.py` takes them from the environment,
`listed.py` lists them; the kinds of values are in `cpor_web.setting_kinds`.
"""

from cpor_web.config.declaring import FOR_TESTS, PREFIX, env_name
from cpor_web.config.listed import table
from cpor_web.config.reading import ConfigError
from cpor_web.config.settings import Settings

__all__ = ["FOR_TESTS", "PREFIX", "ConfigError", "Settings", "env_name", "table"]
