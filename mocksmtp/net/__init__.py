"""Sockets, TLS and certificates: performs steps and decides nothing."""
