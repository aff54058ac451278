"""Find the kinds of criteria: each class of a criterion in a file of this folder is one.

A new kind needs only its class, here or in a file of its own; ``list_kinds`` finds it.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from pokervod_pipelines.rollout.criteria.base import Criterion


@cache
def list_kinds() -> Mapping[str, type[Criterion]]:
    """Return the class of each kind, by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    classes = [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Criterion) and each.__module__ == module.__name__
    ]
    return {each.model_fields["kind"].default: each for each in sorted(classes, key=lambda each: each.__name__)}
