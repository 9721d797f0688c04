"""Pages for people: plain HTML that tells all without a script, and lives with one."""
