"""Find the kinds of criteria: each file here is one, named as its kind, with one class in it.

A new kind needs only its file; ``list_kinds`` finds it.
"""

import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from pokervod_pipelines.rollout.criteria.base import Criterion


@cache
def list_kinds() -> Mapping[str, type[Criterion]]:
    """Return the class of each kind, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: _find_class(name) for name in names}


def _find_class(kind: str) -> type[Criterion]:
    module = import_module(f"{__name__}.{kind}")
    found = [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Criterion) and each.__module__ == module.__name__
    ]
    if len(found) != 1:
        message = f"{module.__name__} must define one class of a criterion, got {len(found)}"
        raise TypeError(message)
    return found[0]
