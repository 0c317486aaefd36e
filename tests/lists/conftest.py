"""What tests of lists share with those of claims."""

from tests.claims.conftest import filer

__all__ = ["filer"]
