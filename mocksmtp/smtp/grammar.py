"""The grammar of RFC 5321 section 4.1.2 and RFC 6531 section 3.3: each ABNF rule and its regex."""

from __future__ import annotations

import re

# atext = ALPHA / DIGIT / "!" / "#" / ... ; RFC 6531 adds UTF8-non-ascii
ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"

# Dot-string = Atom *("." Atom)
DOT_STRING = re.compile(rf"{ATEXT}+(?:\.{ATEXT}+)*")

# Quoted-string = DQUOTE *QcontentSMTP DQUOTE
# QcontentSMTP = qtextSMTP / quoted-pairSMTP
# qtextSMTP = %d32-33 / %d35-91 / %d93-126 ; RFC 6531 adds UTF8-non-ascii
# quoted-pairSMTP = %d92 %d32-126
QUOTED_STRING = re.compile(r'"(?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*"')

# sub-domain = Let-dig [Ldh-str] ; RFC 6531 adds U-label.  Underscores stand in many
# real test networks (compose service names) and are let through.
SUB_DOMAIN = re.compile(r"[A-Za-z0-9_\u0080-\U0010ffff][A-Za-z0-9_\-\u0080-\U0010ffff]*+(?<!-)")

# General-address-literal = Standardized-tag ":" 1*dcontent
GENERAL_ADDRESS_LITERAL = re.compile(r"[A-Za-z0-9\-]*[A-Za-z0-9]:[!-Z^-~]+")

# A-d-l = At-domain *( "," At-domain ), At-domain = "@" Domain, then ":"
SOURCE_ROUTE = re.compile(r"@[^@,:<>\s]+(?:,@[^@,:<>\s]+)*:")

# The mailbox nearly everybody sends: a Dot-string at a dotted name, all ASCII, unquoted.
# Its quantifiers give nothing back, so a line that does not match costs no more than one that does.
_PLAIN = (
    rb"([A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]++)*+)"
    rb"@[A-Za-z0-9][A-Za-z0-9\-]*+(?<!-)(?:\.[A-Za-z0-9][A-Za-z0-9\-]*+(?<!-))*+"
)
PLAIN_MAILBOX = re.compile(_PLAIN)

# The argument nearly everybody sends: "FROM:" or "TO:", the mailbox in brackets, and nothing else.
PLAIN_ARGUMENT = {word: re.compile(b"(?i:" + word + b")<(" + _PLAIN + b")>") for word in (b"FROM:", b"TO:")}

# esmtp-param = esmtp-keyword ["=" esmtp-value]
# esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
# esmtp-value = 1*(%d33-60 / %d62-126) ; RFC 6531 adds UTF8-non-ascii
ESMTP_PARAM = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([!-<>-~\u0080-\U0010ffff]+))?")

# xtext = *( xchar / hexchar ), hexchar = "+" 2(%x30-39 / %x41-46) (RFC 3461 section 4)
XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")

# addr-type = atom (RFC 3461 section 4.2), atom as in RFC 822
ATOM = re.compile(r"[!#$%&'*+\-/0-9=?A-Z^_`a-z{|}~]+")

# utf-8-addr-unitext = 1*(QUCHAR / EmbeddedUnicodeChar) (RFC 6533 section 3)
UNITEXT = re.compile(r"[!-*,-<>-~\u0080-\U0010ffff]+")
