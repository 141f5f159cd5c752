"""How much is read of anything. docs/sources.md states these to users."""

MAX_CAPTION = 2_000  # characters of one caption, description or title
MAX_BODY = 20_000  # characters of one text item
MAX_CAPTIONS = 50  # texts of one picture
MAX_EXTRA_FIELDS = 40  # other fields of a row
MAX_EXTRA_VALUE = 500  # characters of each
MAX_FILE_BYTES = 1 << 30  # a picture file; more would be held in memory at once
MAX_SIDECAR_BYTES = 1 << 20  # name.txt or name.json
MAX_TABLE_BYTES = 512 << 20  # a caption file or a table of texts
MAX_LINE = 1 << 20  # characters of one line of a .jsonl
MAX_BAD_LINES = 20  # reported one by one for each file; the rest are counted
MAX_PICTURE_ASPECT = 16  # times the wanted side, for the longer side of what is kept in memory
