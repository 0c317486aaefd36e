"""Users: people with an account, their partners, and the ways in: passwords, second factors, passkeys, a provider."""
