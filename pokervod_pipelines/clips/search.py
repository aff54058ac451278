"""Find clips by words, player, tag, grade, project and sheet."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from pokervod_pipelines.clips.aliases import resolve_aliases
from pokervod_pipelines.clips.players import make_player_key
from pokervod_pipelines.clips.tags import simplify_tag
from pokervod_pipelines.paging import EVERYTHING, Page
from pokervod_pipelines.periods import ALWAYS, Period, filter_period


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFilter:
    """Hold the filters of a search; a field left at its default does not filter.

    ``query`` are words that must all be somewhere in the clip's texts; ``player`` is a name in any spelling, an
    alias, or a part of the name; ``tag`` a tag in any spelling; ``has_problem`` selects those that cannot be cut, or
    those that can; ``period`` those that were made or changed in it. ``clip_id`` is one clip, ``file_id`` those of one
    video, ``without`` leaves clips out.
    """

    query: str = ""
    player: str = ""
    tag: str = ""
    grade: int | None = None
    project: str = ""
    sheet: str = ""
    has_problem: bool | None = None
    period: Period = ALWAYS
    clip_id: int | None = None
    file_id: int | None = None
    without: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedClip:
    """Hold a clip as people look at it."""

    id: int
    sheet: str
    tab: str
    row_number: int
    title: str
    file_id: int | None
    path: str | None
    project: str | None
    in_ms: int | None
    out_ms: int | None
    grade: int | None
    hands: str
    winner: str
    players: tuple[str, ...]
    tags: tuple[str, ...]
    problem: str | None
    remark: str | None


def list_clips(connection: Connection, filters: ClipFilter, page: Page = EVERYTHING) -> list[ListedClip]:
    """Return the clips that pass the filters, by sheet and row."""
    key = make_player_key(filters.player) if filters.player else None
    words = {f"word{number}": word for number, word in enumerate(dict.fromkeys(filters.query.split()))}
    rows = connection.execute(
        text(_LIST.format(words="".join(map(_match_word, range(len(words)))))),
        {
            **words,
            "player": filters.player or None,
            "player_key": key and resolve_aliases(connection).get(key, (key, ""))[0],
            "tag": simplify_tag(filters.tag) or None,
            "grade": filters.grade,
            "project": filters.project or None,
            "sheet": filters.sheet or None,
            "has_problem": filters.has_problem,
            "clip_id": filters.clip_id,
            "file_id": filters.file_id,
            "without": [*filters.without],
            "limit": page.limit,
            "after": page.after,
            **asdict(filters.period),
        },
    )
    return [ListedClip(**{**row._mapping, "players": tuple(row.players), "tags": tuple(row.tags)}) for row in rows]


def _match_word(number: int) -> str:
    """Return the condition that the word is somewhere in the clip's texts; each list of clips is made once."""
    word = f"lower(:word{number})"
    return f"""
        and (strpos(lower(concat_ws(' ', c.title, f.path, c.hands, c.winner)), {word}) > 0
             or c.id in (select cp.clip_id from clip_players cp join players p on p.id = cp.player_id
                         where strpos(lower(p.name), {word}) > 0)
             or c.id in (select ct.clip_id from clip_tags ct join tags t on t.id = ct.tag_id
                         where strpos(lower(replace(t.name, '_', ' ')), {word}) > 0))
    """  # noqa: S608 - a number


_ORDER = "r.sheet, r.tab, r.row_number, c.id"
"""The sheet of a clip is the one of its row, of which there is an index."""

_LIST = f"""
    with last as (
        select s.sheet, s.tab, s.row_number, a.id from hand_clips a join sheet_rows s on s.id = a.sheet_row_id
        where a.id = :after
    )
    select c.id, c.sheet, r.tab, r.row_number, c.title, c.file_id, f.path, v.parsed ->> 'project_code' as project,
           c.in_ms, c.out_ms, c.grade, c.hands, c.winner, c.problem, c.remark,
           array(select p.name from clip_players cp join players p on p.id = cp.player_id
                 where cp.clip_id = c.id order by cp.position) as players,
           array(select t.name from clip_tags ct join tags t on t.id = ct.tag_id
                 where ct.clip_id = c.id order by t.category, t.name) as tags
    from hand_clips c
    join sheet_rows r on r.id = c.sheet_row_id
    left join nas_files f on f.id = c.file_id
    left join video_files v on v.file_id = c.file_id
    where c.retired_at is null
      and (cast(:after as bigint) is null or ({_ORDER}) > (select * from last)
           and (r.sheet, r.tab, r.row_number) >= (
               (select sheet from last), (select tab from last), (select row_number from last)))
      and (cast(:clip_id as bigint) is null or c.id = :clip_id)
      and (cast(:file_id as bigint) is null or c.file_id = :file_id)
      and not c.id = any(cast(:without as bigint[]))
      and (cast(:sheet as text) is null or r.sheet = :sheet)
      and (cast(:grade as int) is null or c.grade = :grade)
      and (cast(:project as text) is null or v.parsed ->> 'project_code' = upper(:project))
      and {filter_period("c.changed_at")}
      and (cast(:has_problem as boolean) is null or (c.problem is not null) = :has_problem)
      and (cast(:player as text) is null or c.id in (
          select cp.clip_id from clip_players cp join players p on p.id = cp.player_id
          where p.key = :player_key or strpos(lower(p.name), lower(:player)) > 0))
      and (cast(:tag as text) is null or c.id in (
          select ct.clip_id from clip_tags ct join tags t on t.id = ct.tag_id where replace(t.name, '_', '') = :tag))
      {{words}}
    order by {_ORDER} limit :limit
"""  # noqa: S608 - constants
