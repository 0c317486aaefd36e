"""`python -m cpor_web` is the `cpor` command."""

from cpor_web.cli import main

main()
