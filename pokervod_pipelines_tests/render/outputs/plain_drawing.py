"""Draw plainly in place of the local renderer: grey panels, a text for every value, a fade in and out."""

from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.renderers.local.sprites import Box
from pokervod_pipelines.render.templates import Template

GOLD, WHITE, PANEL = (230, 190, 90, 255), (245, 245, 245, 255), (18, 22, 30, 225)


class Drawing:
    """Draw one graphic."""

    def __init__(self, template: Template, layers: Mapping[str, Any], spec: OutputSpec) -> None:
        self._graphic = template, layers, spec
        self.hold = find_hold_frames(spec)
        self.boxes = [box for box, _ in _place_lines(*self._graphic)]

    def draw(self, frame_index: int) -> Image.Image:
        return draw_frame(*self._graphic, frame_index)


def find_hold_frames(spec: OutputSpec) -> range:
    fade = min(spec.fps // 2, (spec.frames - 1) // 2)
    return range(fade, spec.frames - fade)


def draw_frame(template: Template, layers: Mapping[str, Any], spec: OutputSpec, frame_index: int) -> Image.Image:
    image = Image.new("RGBA", (spec.width, spec.height))
    pen = ImageDraw.Draw(image)
    lines = list(_place_lines(template, layers, spec))
    margin = spec.height // 60
    for box, _ in lines:
        pen.rectangle((margin, box.top - margin, spec.width - margin, box.bottom + margin), fill=PANEL)
    for box, font in lines:
        pen.text((box.left, box.top), box.shows, font=font, fill=GOLD if box.layer == "player" else WHITE, anchor="lt")
    return _fade(image, frame_index, spec)


def _place_lines(
    template: Template, layers: Mapping[str, Any], spec: OutputSpec
) -> Iterator[tuple[Box, ImageFont.FreeTypeFont]]:
    size = max(6, spec.height // 40)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    left, top = spec.width // 12, spec.height // 20
    for layer, text in _write_lines(template, layers):
        width = int(font.getlength(text)) + 1
        yield Box(layer=layer, shows=text, left=left, top=top, right=left + width, bottom=top + size), font
        top += size * 2


def _write_lines(template: Template, layers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in template.layers:
        value = layers.get(name)
        if isinstance(value, list) and isinstance(value[0], dict):
            for number, row in enumerate(value, 1):
                yield (
                    f"{name} {number}",
                    " ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in row.values()),
                )
        elif value is not None:
            yield name, f"{value:,}" if isinstance(value, int) else str(value)


def _fade(image: Image.Image, frame_index: int, spec: OutputSpec) -> Image.Image:
    hold = find_hold_frames(spec)
    away = max(hold.start - frame_index, frame_index - hold[-1], 0)
    if away:
        share = 1 - away / (hold.start + 1)
        image.putalpha(image.getchannel("A").point(lambda opacity: int(opacity * share)))
    return image
