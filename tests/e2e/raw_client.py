"""A client on a bare socket, in clear or under TLS, that tells exactly what came and how it ended."""

from __future__ import annotations

import socket
import ssl
import struct

TIMEOUT = 20


class Tls:
    """TLS over a socket of ours, so that a reset is seen as such; Python's own socket hides it."""

    def __init__(self, raw, context, name):
        self.raw, self.incoming, self.outgoing = raw, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.layer = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.notified = False
        self._done(self.layer.do_handshake)

    def _done(self, act, *args):
        """Do something that may have to read first."""
        while True:
            try:
                done = act(*args)
            except ssl.SSLWantReadError:
                self.raw.sendall(self.outgoing.read())
                octets = self.raw.recv(65536)
                if not octets:
                    raise EOFError("the stream ended without close_notify") from None
                self.incoming.write(octets)
            else:
                self.raw.sendall(self.outgoing.read())
                return done

    def recv(self, size):
        try:
            octets = self._done(self.layer.read, size)
        except (EOFError, ssl.SSLZeroReturnError) as ended:
            self.notified = not isinstance(ended, EOFError)
            return b""
        self.notified = not octets
        return octets

    def sendall(self, octets):
        self._done(self.layer.write, octets)

    def settimeout(self, seconds):
        self.raw.settimeout(seconds)

    def setsockopt(self, *option):
        self.raw.setsockopt(*option)

    def close(self):
        self.raw.close()


def any_certificate():
    """Return a context that trusts everybody."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Client:
    """Talks to a listener; has read the greeting."""

    def __init__(self, port, tls=False, context=None, name="localhost"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        if tls:
            self.socket = Tls(self.socket, context or any_certificate(), name)
        self.line()

    def line(self):
        """Read one line."""
        came = b""
        while not came.endswith(b"\n"):
            octets = self.socket.recv(1)
            assert octets, came
            came += octets
        return came

    def say(self, *lines):
        """Say lines, and read one line after each."""
        replies = []
        for line in lines:
            self.socket.sendall(line + b"\r\n")
            replies.append(self.line())
        return replies

    def to(self, recipient, *more):
        """Come as far as RCPT and say that; its reply is still to be read."""
        self.say(b"HELO me.test", b"MAIL FROM:<a@x.test>")
        self.socket.sendall(b"\r\n".join([b"RCPT TO:<a@%s>" % recipient.encode(), *more]) + b"\r\n")

    def rest(self, quiet=TIMEOUT):
        """Read until the end, or until nothing came for so many seconds; return what came, and how it ended."""
        came = b""
        self.socket.settimeout(quiet)
        while True:
            try:
                octets = self.socket.recv(65536)
            except ConnectionResetError:
                return came, "reset"
            except TimeoutError:
                return came, "open"
            if not octets:
                return came, "closed"
            came += octets

    def leave(self):
        """Reset the connection."""
        raw = self.socket.raw if isinstance(self.socket, Tls) else self.socket
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
