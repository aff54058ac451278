"""List words that tell which cut of a recording a file is. The case of the name is kept."""

GOG_VERSIONS = {"찐최종": "찐최종", "최종": "최종", "클린본": "clean"}

CLIP_VERSIONS = frozenset({"clean", "dirty", "pgm", "mastered", "nobug"})

# Versions that archive tapes carry as a word of their own.
TAPE_VERSIONS = frozenset({"nobug", "generic", "master", "text", "reair"})
