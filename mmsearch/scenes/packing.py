"""Makes the sprite sheet from the font: `python -m mmsearch.scenes.packing NotoColorEmoji.ttf`."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from mmsearch.errors import BadInput
from mmsearch.scenes.sprites import CELL, COLUMNS, SHEET
from mmsearch.scenes.vocabulary import vocabulary

STRIKE = 109  # the one size of which the font holds pictures
QUALITY = 82  # WebP; the colours, transparency is kept exactly


def pack(font: Path, output: Path = SHEET) -> Path:
    """Draw every emoji of the vocabulary side by side and write them as one WebP file.

    Args:
        font: Noto Color Emoji with bitmaps (CBDT), as Debian's fonts-noto-color-emoji has it.
        output: File to write.

    Raises:
        BadInput: If the font cannot be read or lacks one of the emoji.
    """
    try:
        face = ImageFont.truetype(str(font), STRIKE)
    except OSError as error:
        raise BadInput(f"{font} is no font with pictures of size {STRIKE}: {error}") from error
    things = [thing for thing in vocabulary().values() if thing.sprite]
    rows = -(-len(things) // COLUMNS)
    sheet = Image.new("RGBA", (CELL[0] * COLUMNS, CELL[1] * rows))
    for at, thing in enumerate(things):
        sheet.paste(_drawn(face, str(thing.sprite), font), (at % COLUMNS * CELL[0], at // COLUMNS * CELL[1]))
    sheet.save(output, "WEBP", quality=QUALITY, method=6, exact=False)
    return output


def _drawn(face: ImageFont.FreeTypeFont, emoji: str, font: Path) -> Image.Image:
    cell = Image.new("RGBA", CELL)
    ImageDraw.Draw(cell).text((0, 0), emoji, font=face, embedded_color=True)
    if cell.getbbox() is None:
        raise BadInput(f"{font} has no picture of {emoji}.")
    return cell


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
