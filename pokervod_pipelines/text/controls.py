"""Show control characters instead of sending them: names and cells are untrusted, and a terminal obeys what it gets."""

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Controls that reverse the text behind them, so that a name reads as another."""

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: "␡"}
_PICTURES |= dict.fromkeys([*range(0x80, 0xA0), *map(ord, BIDI)], "\ufffd")


def show_controls(text: str) -> str:
    r"""Return the text with a picture in place of each control character but tab and line break.

    >>> show_controls("a\x1b[31m\tb\n")
    'a␛[31m\tb\n'
    """
    return text.translate(_PICTURES)
