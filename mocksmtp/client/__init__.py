"""A small SMTP client, for looking at servers from outside."""
