"""Check that no secret is in the reports of fixers, whatever form it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.text.redaction import MIN_SECRET_LENGTH, hide_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("POST https://user:pass@host/x failed", "POST https://***@host/x failed"),
        ("GET https://host/x?key=abc&b=c failed", "GET https://host/x?*** failed"),
        ("header Authorization: Bearer abc.def-ghi", "header Authorization: Bearer ***"),
        ("token hook-token-1 is wrong", "token *** is wrong"),
        ("password p@ss/word is wrong", "password *** is wrong"),
        ("password p%40ss%2Fword is wrong", "password *** is wrong"),
        ("line second-line-of-key", "line ***"),
        ("service-pass there", "*** there"),
        ("plain words stay", "plain words stay"),
        ("/srv/start/plan.yaml: no such file", "/srv/start/plan.yaml: no such file"),
        ("/srv/before/plan.yaml: no such file", "/srv/before/plan.yaml: no such file"),
        ("login with database-pwd", "login with ***"),
    ],
)
def test_secrets_are_hidden_and_the_rest_stays(text: str, shown: str) -> None:
    environment = {
        "POKERVOD_HOOK_SEARCH": "hook-token-1",
        "POKERVOD_DATABASE_URL": "postgresql://me:p%40ss%2Fword@db/pokervod",
        "SIGNING_KEY": "first-line-of-key\nsecond-line-of-key",
        "EDITOR": "plain",
        "PWD": "/srv/start",
        "OLDPWD": "/srv/before",
        "PGPWD": "database-pwd",
    }

    assert hide_secrets(text, environment, ["https://me:service-pass@search"]) == shown


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=MIN_SECRET_LENGTH + 6), st.text(), st.text()
)
def test_a_secret_of_the_environment_is_never_shown(secret: str, before: str, after: str) -> None:
    assert secret not in hide_secrets(f"{before}{secret}{after}", {"A_TOKEN": secret})
