"""Keys that sign: records and checkpoints for whoever verifies them, mails for whoever receives them."""
