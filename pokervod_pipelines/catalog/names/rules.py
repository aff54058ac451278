"""List all rules in order: the families, and the facts that each reads.

The first family that matches a name reads it alone. To teach the parser a new shape, write a family and add it here
before ``unknown``; add a new fact where its words may occur. Order inside a list is rank: a later rule does not change
a field that an earlier one set.
"""

from collections.abc import Callable
from typing import NamedTuple

from pokervod_pipelines.catalog.names.facts.date import read_leading_date, read_month_and_day
from pokervod_pipelines.catalog.names.facts.day import read_day
from pokervod_pipelines.catalog.names.facts.episode import read_coded_episode, read_episode, read_show, read_tape_number
from pokervod_pipelines.catalog.names.facts.event_name import (
    read_archive_event,
    read_event_name,
    read_last_resort_event,
)
from pokervod_pipelines.catalog.names.facts.event_number import read_event_number
from pokervod_pipelines.catalog.names.facts.game import read_game
from pokervod_pipelines.catalog.names.facts.money import read_plain_money, read_signed_money
from pokervod_pipelines.catalog.names.facts.part import read_part, read_session, read_tape_part
from pokervod_pipelines.catalog.names.facts.players import read_players
from pokervod_pipelines.catalog.names.facts.series import read_sub_series
from pokervod_pipelines.catalog.names.facts.stage import read_stage
from pokervod_pipelines.catalog.names.facts.version import read_stream_version, read_tape_version
from pokervod_pipelines.catalog.names.facts.year import read_year
from pokervod_pipelines.catalog.names.families.archive_code import read_archive_code
from pokervod_pipelines.catalog.names.families.archive_show import read_archive_show
from pokervod_pipelines.catalog.names.families.archive_tape import read_archive_tape
from pokervod_pipelines.catalog.names.families.bracelet_clip import read_bracelet_clip
from pokervod_pipelines.catalog.names.families.clip_code import read_clip_code
from pokervod_pipelines.catalog.names.families.event_title import read_event_title
from pokervod_pipelines.catalog.names.families.game_of_gold import read_game_of_gold
from pokervod_pipelines.catalog.names.families.ggmillions import read_ggmillions
from pokervod_pipelines.catalog.names.families.hand_clip import read_hand_clip
from pokervod_pipelines.catalog.names.families.mpp import read_mpp
from pokervod_pipelines.catalog.names.families.poker_after_dark import read_poker_after_dark
from pokervod_pipelines.catalog.names.families.unknown import read_unknown
from pokervod_pipelines.catalog.names.families.web_title import read_web_title
from pokervod_pipelines.catalog.names.families.wsop_stream import read_wsop_stream
from pokervod_pipelines.catalog.names.families.wsop_title import read_wsop_title
from pokervod_pipelines.catalog.names.name_fields import NameFields

Fact = Callable[[NameFields], None]


class Family(NamedTuple):
    """Describe a family of names: what recognises it, the facts it reads, and those that need the folders first."""

    name: str
    matches: Callable[[NameFields], bool]
    facts: tuple[Fact, ...] = ()
    facts_after_folders: tuple[Fact, ...] = ()


_MOMENT: tuple[Fact, ...] = (read_day, read_part, read_session, read_stage)

_STREAM_FACTS: tuple[Fact, ...] = (
    read_leading_date,
    read_year,
    read_sub_series,
    read_event_number,
    read_signed_money,
    read_plain_money,
    read_game,
    read_event_name,
    read_last_resort_event,
    *_MOMENT,
    read_stream_version,
    read_players,
)

_SHOW_FACTS: tuple[Fact, ...] = (
    read_plain_money,
    read_game,
    read_archive_event,
    read_event_name,
    read_part,
    read_stage,
    read_tape_version,
)

_TITLE_FACTS: tuple[Fact, ...] = (
    read_leading_date,
    read_year,
    read_sub_series,
    read_show,
    read_episode,
    read_coded_episode,
    read_tape_number,
    read_event_number,
    read_signed_money,
    read_plain_money,
    read_game,
    read_archive_event,
    read_event_name,
    read_last_resort_event,
    *_MOMENT,
    read_stream_version,
    read_tape_version,
    read_players,
)

_EVENT_TITLE_FACTS: tuple[Fact, ...] = (
    read_leading_date,
    read_year,
    read_sub_series,
    read_event_number,
    read_signed_money,
    read_game,
    read_event_name,
    *_MOMENT,
    read_stream_version,
)

_ARCHIVE_CODE_FACTS: tuple[Fact, ...] = (
    read_show,
    read_episode,
    read_coded_episode,
    read_event_name,
    read_last_resort_event,
    read_part,
    read_tape_part,
    read_stage,
    read_tape_version,
)

FAMILIES: tuple[Family, ...] = (
    Family("web_title", read_web_title),
    Family("hand_clip", read_hand_clip, facts_after_folders=(read_month_and_day,)),
    Family("bracelet_clip", read_bracelet_clip),
    Family("clip_code", read_clip_code),
    Family("archive_code", read_archive_code, _ARCHIVE_CODE_FACTS),
    Family("archive_tape", read_archive_tape),
    Family("archive_show", read_archive_show, _SHOW_FACTS),
    Family("poker_after_dark", read_poker_after_dark, (read_part,)),
    Family("game_of_gold", read_game_of_gold, (read_part,)),
    Family("wsop_stream", read_wsop_stream, _STREAM_FACTS, (read_month_and_day,)),
    Family("wsop_title", read_wsop_title, _TITLE_FACTS, (read_month_and_day,)),
    Family("ggmillions", read_ggmillions, (read_leading_date, read_part, read_stage)),
    Family("mpp", read_mpp, (read_signed_money, *_MOMENT)),
    Family("event_title", read_event_title, _EVENT_TITLE_FACTS),
    Family("unknown", read_unknown),
)
