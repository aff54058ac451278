"""Write Markdown with embedded images, for people who look at a table of metadata."""

import base64
import re

MARKUP = re.compile(r"[\[\]\\<>`*_~|\s]+")


def embed_image(jpeg: bytes, subject: str, *facts: str | None) -> str:
    r"""Return the image above its caption: the subject, then those facts that are known.

    >>> embed_image(b"", "WSOP_2004 *Main*", "0:02:10", None, "AA vs KK")
    '![WSOP 2004 Main · 0:02:10 · AA vs KK](data:image/jpeg;base64,)  \n**WSOP 2004 Main** · 0:02:10 · AA vs KK'
    """
    first, *others = (MARKUP.sub(" ", each).strip() for each in (subject, *facts) if each)
    caption = " · ".join((f"**{first}**", *others))
    data = base64.b64encode(jpeg).decode()
    return f"![{caption.replace('*', '')}](data:image/jpeg;base64,{data})  \n{caption}"
