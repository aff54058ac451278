"""State the version of rules and vocabulary, stored with every parsed name so that a change re-parses all names.

Raised by hand, not computed: a hash over sources would need their files at import. A test compares a digest of the
code without comments and docstrings and fails until version and digest change together.
"""

PARSER_VERSION = "2026.11-4"
