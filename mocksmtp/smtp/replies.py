"""The replies this server gives by itself: codes of RFC 5321, enhanced codes of RFC 3463 and RFC 5248."""

from __future__ import annotations

from mocksmtp.smtp.reply import Reply

OK = Reply(250, "OK", "2.0.0")
SENDER_OK = Reply(250, "Sender OK", "2.1.0")
RECIPIENT_OK = Reply(250, "Recipient OK", "2.1.5")
START_MAIL_INPUT = Reply(354, "Start mail input; end with <CRLF>.<CRLF>")
BYE = Reply(221, "Bye", "2.0.0")
CANNOT_VERIFY = Reply(252, "Cannot verify the mailbox, but will take mail for it", "2.1.5")
CANNOT_EXPAND = Reply(252, "Cannot expand the list, but will take mail for it", "2.1.5")
READY_FOR_TLS = Reply(220, "Ready to start TLS", "2.0.0")
LOGGED_IN = Reply(235, "Authentication successful", "2.7.0")

BAD_COMMAND = Reply(500, "Command not recognized", "5.5.2")
EMPTY_COMMAND = Reply(500, "Empty command line", "5.5.2")
LINE_TOO_LONG = Reply(500, "Line too long", "5.5.2")
BARE_NEWLINE = Reply(500, "CR or LF standing alone; a command line ends with CRLF", "5.5.2")
AUTH_LINE_TOO_LONG = Reply(500, "Authentication exchange line is too long", "5.5.6")
NO_ARGUMENT = Reply(501, "This command takes no argument", "5.5.4")
NEEDS_NAME = Reply(501, "Give your host name as the one argument", "5.5.4")
NEEDS_MAILBOX = Reply(501, "Give a mailbox or a user name", "5.5.4")
NEEDS_FROM = Reply(501, "Syntax: MAIL FROM:<reverse-path> [parameters]", "5.5.4")
NEEDS_TO = Reply(501, "Syntax: RCPT TO:<forward-path> [parameters]", "5.5.4")
NEEDS_ATTRIBUTES = Reply(501, "Syntax: XCLIENT attribute=value [...]", "5.5.4")
BAD_PARAMETER = Reply(501, "Malformed parameter", "5.5.4")
REPEATED_PARAMETER = Reply(501, "Parameter given twice", "5.5.4")
NEEDS_SIZE = Reply(501, "Syntax: BDAT chunk-size [LAST]", "5.5.4")
NOT_OFFERED = Reply(502, "Command not offered here", "5.5.1")
BAD_SEQUENCE = Reply(503, "Bad sequence of commands", "5.5.1")
SAY_EHLO = Reply(503, "Bad sequence of commands: say EHLO first", "5.5.1")
SAY_LHLO = Reply(503, "Bad sequence of commands: say LHLO first", "5.5.1")
NESTED_MAIL = Reply(503, "Bad sequence of commands: a mail transaction is open", "5.5.1")
NEEDS_MAIL = Reply(503, "Bad sequence of commands: MAIL comes first", "5.5.1")
NEEDS_RECIPIENT = Reply(503, "Bad sequence of commands: no valid recipients", "5.5.1")
NEEDS_CHUNK = Reply(503, "Bad sequence of commands: BDAT has begun the mail data, BDAT or RSET goes on", "5.5.1")
NEEDS_RSET = Reply(503, "Bad sequence of commands: a chunk was refused, say RSET first", "5.5.1")
NEEDS_BDAT = Reply(503, "Bad sequence of commands: BODY=BINARYMIME needs BDAT", "5.5.1")
UNKNOWN_PARAMETER = Reply(555, "Parameter not known or not offered", "5.5.4")

TLS_REQUIRED = Reply(530, "Must issue a STARTTLS command first", "5.7.0")
AUTH_REQUIRED = Reply(530, "Authentication required", "5.7.0")
TLS_ACTIVE = Reply(503, "TLS is already active", "5.5.1")
ALREADY_LOGGED_IN = Reply(503, "Already authenticated", "5.5.1")
NOT_TRUSTED = Reply(550, "Insufficient authorization: your address is not trusted", "5.7.0")
ENCRYPTION_REQUIRED = Reply(538, "Encryption required for authentication", "5.7.11")
UNKNOWN_MECHANISM = Reply(504, "Authentication mechanism not offered", "5.5.4")
NEEDS_MECHANISM = Reply(501, "Syntax: AUTH mechanism [initial-response]", "5.5.4")
BAD_BASE64 = Reply(501, "Response is not base64", "5.5.2")
BAD_RESPONSE = Reply(501, "Response does not fit the mechanism", "5.5.2")
NO_INITIAL_RESPONSE = Reply(501, "This mechanism takes no initial response", "5.7.0")
CANCELLED = Reply(501, "Authentication cancelled", "5.7.0")
BAD_CREDENTIALS = Reply(535, "Authentication credentials invalid", "5.7.8")

TOO_MANY_RECIPIENTS = Reply(452, "Too many recipients", "4.5.3")
TOO_MANY_DOMAINS = Reply(452, "Too many recipient domains on this connection", "4.5.3")
TOO_BIG = Reply(552, "Message exceeds fixed maximum message size", "5.3.4")
BARE_NEWLINE_IN_DATA = Reply(554, "Message holds a CR or LF that stands alone", "5.6.0")
NOT_STORED = Reply(451, "Message could not be kept", "4.3.0")

TOO_MANY_ERRORS = Reply(421, "Too many bad commands", "4.7.0")
TOO_MANY_TRANSACTIONS = Reply(421, "Too many messages on this connection", "4.7.0")
TOO_MANY_CONNECTIONS = Reply(421, "Too many connections", "4.3.2")
TOO_MANY_FROM_CLIENT = Reply(421, "Too many connections from your address", "4.7.0")
IDLE = Reply(421, "Idle for too long", "4.4.2")
SHUTTING_DOWN = Reply(421, "Service shutting down", "4.3.2")


def queued(queue_id: str) -> Reply:
    """Return what a message is answered that was taken."""
    return Reply(250, f"OK queued as {queue_id}", "2.0.0")
