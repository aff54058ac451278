"""Give Dagster its ``defs`` for the settings of the current folder; ``build_defs(**overrides)`` makes any others."""

from pokervod_pipelines.defs.assembly import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs()
