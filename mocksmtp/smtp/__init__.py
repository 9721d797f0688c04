"""The protocol: RFC 5321 and its extensions as a session without I/O."""
