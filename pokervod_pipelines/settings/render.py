"""Define the section ``render`` of ``pokervod.yaml``: rules, outputs, the queue and the render farm."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pokervod_pipelines.settings.fields import HttpAddress, Name, SettingsModel, require_unique

RenderFormat = Literal["png_sequence", "mov_alpha", "mp4"]
"""Format of a graphic: pictures or a film with transparency, or a film without."""

OUTPUT_NAMES = ("day", "template", "kind", "key", "id", "version")
"""Names that the path of a graphic may have in braces."""


def _check_output_path(text: str) -> str:
    names = re.findall(r"\{([^{}]*)\}", text)
    plain = re.sub(r"\{[^{}]*\}", "", text)
    if unknown := [name for name in names if name not in OUTPUT_NAMES] or re.findall(r"[{}]", plain):
        message = f"unknown name in braces: {unknown[0]!r}; known: {', '.join(OUTPUT_NAMES)}"
        raise ValueError(message)
    if "id" not in names:
        message = f"{text!r} needs {{id}}: without it two graphics would have one path"
        raise ValueError(message)
    if re.search(r"\}\{id\}|\{id\}\{", text):
        message = f"{text!r}: put a character such as _ beside {{id}}, or two graphics could have one path"
        raise ValueError(message)
    if Path(text).is_absolute() or ".." in Path(text).parts or "\\" in text or "\0" in text:
        message = f"{text!r} must stay below the folder of graphics: relative, without '..' and backslashes"
        raise ValueError(message)
    return text


OutputPath = Annotated[str, AfterValidator(_check_output_path)]
"""Path of a graphic below the folder of graphics, without its extension; names in braces are filled in."""


class RenderOutput(SettingsModel):
    """Set the output of a graphic; the template decides the rest: its first format, its size, rate, duration."""

    format: RenderFormat | None = None
    width: int | None = Field(default=None, ge=16, le=7680, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=4320, multiple_of=2)
    fps: int | None = Field(default=None, ge=1, le=120)
    seconds: float | None = Field(default=None, gt=0, le=600)
    path: OutputPath | None = None


class RenderRule(SettingsModel):
    """Decide what makes a graphic automatically; ``render.rules`` checks it against the template.

    A rule with the name of one that comes with the package changes only the keys that it gives.
    """

    name: Name
    on: Literal["premium_hand", "elimination", "level_end", "payout", "schedule_entry"] | None = None
    where: dict[str, bool | int | float | str | list[bool | int | float | str]] = Field(default_factory=dict)
    template: str | None = None
    layers: dict[str, int | float | str] = Field(default_factory=dict)
    priority: int = Field(default=5, ge=1, le=10, description="1 is the highest.")
    output: RenderOutput = RenderOutput()
    enabled: bool = True
    again: bool = Field(default=False, description="Make a new graphic when a finished one is out of date.")

    @model_validator(mode="before")
    @classmethod
    def _read_on_as_text(cls, values: object) -> object:
        """Return the values with the key ``on``, which YAML reads as true without quotes."""
        return (
            {"on" if key is True else key: value for key, value in values.items()}
            if isinstance(values, dict)
            else values
        )


class RenderQueueSettings(SettingsModel):
    """Set the time limits, waits and concurrency limits of the render queue."""

    lease_seconds: float = Field(
        default=30.0, ge=1, le=3600, description="A worker without a heartbeat for this long loses its jobs."
    )
    timeout_minutes: float = Field(
        default=10.0,
        gt=0,
        le=1440,
        description="Limit of a render whose template has none.",
    )
    poll_seconds: float = Field(default=5.0, gt=0, le=60, description="Time between polls, beside notifications.")
    retry_seconds: float = Field(
        default=5.0, ge=0, le=600, description="First wait before a failed graphic is retried; it triples."
    )
    pause_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="How long a renderer is paused when no licence or capacity is free."
    )
    max_running: dict[str, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default_factory=dict, description="Of a renderer or a template, on all machines together."
    )


class NexrenderSettings(SettingsModel):
    """Locate the nexrender server. Its secret comes from ``POKERVOD_NEXRENDER_SECRET`` only.

    The farm writes to ``folder`` as this machine sees it, which is ``farm_folder`` as the farm sees it.
    """

    url: HttpAddress | None = None
    folder: Path | None = None
    farm_folder: str | None = None
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    jobs: int = Field(default=100, ge=1, le=1000, description="Jobs of one worker at the server at the same time.")


class RenderSettings(SettingsModel):
    """Set which graphics are made automatically, and their output.

    ``templates`` is a folder of templates besides those that come with the package, ``outputs`` the folder of all
    graphics (default: ``renders`` below ``home``); relative ones are below the settings file's folder.
    """

    templates: Path | None = None
    outputs: Path | None = None
    path: OutputPath = "{day}/{template}/{template}_{id}"
    mov_codec: Literal["animation", "prores_4444"] = Field(
        default="animation", description="Of MOV with alpha: animation is lossless and fast, ProRes plays everywhere."
    )
    queue: RenderQueueSettings = RenderQueueSettings()
    nexrender: NexrenderSettings = NexrenderSettings()
    output: RenderOutput = RenderOutput()
    rules: tuple[RenderRule, ...] = ()

    @model_validator(mode="after")
    def _rules_have_unique_names(self) -> Self:
        require_unique("rules", [rule.name for rule in self.rules])
        return self
