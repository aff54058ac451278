"""List parts of file names that say nothing about the show: endings, system files, words in upper-case titles."""

_FORMATS = (
    "mp4 mov mxf mkv avi webm ts m4v wmv mpg mpeg flv part pek xmp cfa srt jpg jpeg png psd wav mp3 aac prproj aep"
)
_OTHER_FORMATS = "lnk url txt db ini csv tsv xlsx docx pdf log tmp zip"
_TITLE_WORDS = (
    "table final event main day part session feature featured stream live bracelet high roller super paradise europe "
    "circuit wsop poker world series championship mystery bounty millions first prize beat the legends best of show "
    "full episode one big player emotion clip"
)

# Endings that name a file format. Only these are cut off: "3.5x Pot" and "H.O.R.S.E." have no ending.
EXTENSIONS = frozenset(_FORMATS.split())

# Files of the operating system, documents and temporary files: they show no video and their names are not read.
OTHER_EXTENSIONS = frozenset(_OTHER_FORMATS.split())
SYSTEM_NAMES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})

# Words that look like names of people when a title writes them in capitals.
NOT_PEOPLE = frozenset(_TITLE_WORDS.split())
