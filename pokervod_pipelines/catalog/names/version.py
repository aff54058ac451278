"""The version of rules and vocabulary, stored beside what they read so that a re-scan knows which names to read again.

Raised by hand, not computed: a hash over sources would need their files at import. A test holds a digest of the code
without its comments and docstrings and fails until version and digest move together.
"""

PARSER_VERSION = "2026.11-1"
