"""Draw a graphic and write its file. Runs in a child process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.render.failures import BadInstruction, BadWorker
from pokervod_pipelines.render.renderers.job import OutputSpec, ReportProgress, check_layers
from pokervod_pipelines.render.renderers.local.check import find_undrawable_values
from pokervod_pipelines.render.renderers.local.drawing import Drawing
from pokervod_pipelines.render.renderers.local.encode import MovCodec, write_output
from pokervod_pipelines.render.templates import Template


def draw_output(
    template: Template,
    layers: Mapping[str, Any],
    spec: OutputSpec,
    target: Path,
    mov_codec: MovCodec,
    report: ReportProgress,
) -> None:
    """Write the target, reporting each whole hundredth.

    Raises a failure of ``render.failures``, an ``OSError`` with its number, or ``RuntimeError`` for a bug.
    """
    reported = 0

    def report_hundredth(share: float) -> None:
        nonlocal reported
        if int(share * 100) > reported:
            reported = int(share * 100)
            report(share)

    try:
        check_layers(template, layers)
        _check_characters(layers)
        drawing = Drawing(template, layers, spec)
        write_output(drawing, spec, target, mov_codec, report_hundredth)
    except MemoryError:
        message = "the graphic needs more memory than its process may have. Make it smaller."
        raise BadWorker(message) from None
    except (PokervodError, OSError):
        raise
    except Exception as error:
        message = f"the local renderer failed: {type(error).__name__}: {error}. Report this with the instruction."
        raise RuntimeError(message) from error


def _check_characters(layers: Mapping[str, Any]) -> None:
    """Raise ``BadInstruction`` for texts that would not be drawn as they are."""
    if undrawable := find_undrawable_values(layers):
        raise BadInstruction("; ".join(f"{name}: {text}" for name, text in undrawable.items()))
