"""Run calls in child processes that may crash, hang or take too much memory without harm to their parent.

``supervised`` is one child, ``pool`` many of them for asyncio, ``streams`` many for a loop; ``child`` is what runs in
the child and ``failures`` what callers have to expect; ``threads`` are those in which the parent waits.
``process_tags`` ends whole programs with the process that started them, and ``path_check`` asks shares that may never
answer. Nothing is imported here: a child loads only what it
uses.
"""
