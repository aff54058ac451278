"""Stage what goes wrong with disks and shares by real means: mounts that are taken away or never answer."""
