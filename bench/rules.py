"""A configuration with a thousand rules, none of which matches the recipient of the load."""

from __future__ import annotations

RULES = 1000
SHARES = {"exact": 60, "domain": 25, "prefix": 10, "regex": 5}
"""Rules of each form, in per cent."""

PATTERNS = {
    "exact": "gone{n}@refused.example.net",
    "domain": "*@closed{n}.example.net",
    "prefix": "list{n}-*@lists.example.net",
    "regex": r"/^ghost{n}-[0-9]+@haunted\.example\.(net|org)$/",
}
REPLY = "550 5.1.1 <{rcpt}>: no"


def forms(count: int = RULES) -> list[str]:
    """Return the form of each rule; the forms are mixed in their shares all through the list."""
    order: list[str] = []
    made = dict.fromkeys(SHARES, 0)
    for place in range(1, count + 1):
        form = max(SHARES, key=lambda each: SHARES[each] * place / 100 - made[each])
        made[form] += 1
        order.append(form)
    return order


def config(count: int = RULES) -> str:
    """Return the YAML text of ``count`` rules on rcpt; none matches user@example.com."""
    lines = ["rules:"]
    for n, form in enumerate(forms(count)):
        pattern = PATTERNS[form].replace("{n}", str(n))
        lines += [f"  - name: {form}-{n}", f"    when: {{rcpt: '{pattern}'}}", f'    reply: "{REPLY}"']
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(config(), end="")
