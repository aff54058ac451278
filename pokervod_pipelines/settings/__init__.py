"""Load what the administrator decides: ``pokervod.yaml`` and the environment, checked once.

A new setting belongs into ``rooms``, ``render`` or ``rollout`` as a typed, documented field with a default. Nothing
else reads the environment, and no message contains the value of a secret: secrets are ``SecretStr``.
"""

from pokervod_pipelines.settings.loading import Settings, load_settings, require_settings

__all__ = ["Settings", "load_settings", "require_settings"]
