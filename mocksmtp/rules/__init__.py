"""Rules: conditions, the compiled index, and the rulebook that is the session's policy.  Pure."""
