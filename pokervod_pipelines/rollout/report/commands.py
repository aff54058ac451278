"""The commands that a report tells a person to type, written once for chat, e-mail and page."""

from typing import NamedTuple

from pokervod_pipelines.rollout.report.wording import trim_text


class Commands(NamedTuple):
    """What a person may do about a week that is escalated."""

    validate: str
    """Looks at the week without side effects."""

    resume: str
    """Goes on from the week with all attempts."""

    override: str
    """Lets one criterion pass, marked for ever."""


def find_commands(plan: str, week: int, criterion: str = "CRITERION") -> Commands:
    """Return the commands for the week of the plan, the criterion's name in its place."""
    return Commands(
        validate=f"pokervod rollout validate {week} --plan {plan}",
        resume=f"pokervod rollout resume --from {week} --plan {plan}",
        override=f"pokervod rollout override {week} {trim_text(criterion, 80)} --reason … --plan {plan}".replace(
            "`", "ˋ"
        ),
    )
