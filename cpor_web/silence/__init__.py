"""What silence is worth: nothing is closed where a notice, or an answer to it, may have been lost on its way."""
