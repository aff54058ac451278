"""Hands as PHH files, one a hand, under names that sort by start."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.phh import export_phh


def export_hands(hands: Iterable[tuple[int, Hand]], folder: Path) -> list[Path]:
    """Each hand, with its id, is a file in the folder, which is made if need be; returns the files.

    Raises ``BadPhh`` for a game that PHH cannot carry and ``BadInput`` where the folder cannot be written.
    """
    texts = [(folder / _name_file(hand_id, hand), export_phh(hand)) for hand_id, hand in hands]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts:
            beside = file.with_name(f".{file.name}.{os.getpid()}")
            beside.write_text(text, encoding="utf-8")
            beside.replace(file)
    except OSError as error:
        message = f"{folder}: cannot be written ({error.strerror}): name another folder"
        raise BadInput(message) from error
    return [file for file, _ in texts]


def _name_file(hand_id: int, hand: Hand) -> str:
    table = re.sub(r"[^\w-]+", "_", hand.table)[:60] or "hand"
    return f"{hand.started_at:%Y-%m-%d_%H%M%S}_{table}_{hand.hand_number}_{hand_id}.phh"
