"""Reading what an audio file says about itself.

`read_tags` and `read_batch` give plain values that can be pickled and stored; `read_cover` gives the embedded picture.
Nothing here raises for an odd file, and nothing here imports the engine, so that a worker process starts fast.

A file goes through at most three stages:

1. `plain`: readers of the one layout of each usual format that nearly all files have. They are several times faster
   than mutagen, read as it does, and leave every other file to it.
2. `thorough`: mutagen reads everything else, with the class the first bytes of the file ask for; the name of a file
   decides nothing that its content tells.
3. `fields`: the rules that turn the texts of any format into one `FileTags`.
"""

from soulsync_local.tags.covers import read_cover
from soulsync_local.tags.reading import read_batch, read_tags
from soulsync_local.tags.values import READER_VERSION, FileTags, ProblemReason, TagProblem

__all__ = [
    "READER_VERSION",
    "FileTags",
    "ProblemReason",
    "TagProblem",
    "read_batch",
    "read_cover",
    "read_tags",
]
