"""Strings of EBNF."""


def literal(text: str) -> str:
    """An EBNF string: every character but plain ASCII by its code point."""
    plain = (c if c.isascii() and c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return '"' + "".join(plain) + '"'
