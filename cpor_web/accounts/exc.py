"""What can be wrong with an answer of the operator's sign-in provider."""


class ProviderAway(Exception):
    """The provider cannot be reached, or does not work as it must."""


class NotBelieved(Exception):
    """What came back is not the answer to our question, or not signed by the provider."""
