"""Test that the parser's version changes with its rules and vocabulary."""

import ast
import hashlib
from pathlib import Path

from pokervod_pipelines.catalog import names
from pokervod_pipelines.catalog.names import PARSER_VERSION

# Print both with: python -m pokervod_pipelines_tests.catalog.names.test_version
VERSION_AND_DIGEST = ("2026.11-4", "76af6dd9c14521ca")


def digest_rules() -> str:
    """Return a digest of the parser's code lines; docstrings, comments and blank lines do not count."""
    folder = Path(names.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        skipped = {
            number
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        for number, line in enumerate(source.splitlines(), 1):
            if number not in skipped and (code := line.strip()) and not code.startswith("#"):
                digest.update(code.encode())
    return digest.hexdigest()[:16]


def test_a_changed_rule_comes_with_a_new_version() -> None:
    """Files are read again only when the version moved; without it a new rule reaches no file that is already known."""
    assert (PARSER_VERSION, digest_rules()) == VERSION_AND_DIGEST, (
        "raise PARSER_VERSION and record it here with the digest"
    )


if __name__ == "__main__":
    import sys

    sys.stdout.write(f"{PARSER_VERSION} {digest_rules()}\n")
