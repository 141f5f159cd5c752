"""Pictures that tests draw."""

from pathlib import Path

from tests.encoders.fakes import COLOURS, colour_picture


def save_picture(path: Path, colour: str, mark: int = 0) -> Path:
    """Write a picture of one colour; pictures of different marks differ in a few pixels."""
    picture = colour_picture(colour)
    for bit in range(16):
        if mark >> bit & 1:
            picture.putpixel((bit, 0), (128, 128, 128))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


def save_many(folder: Path, count: int) -> list[Path]:
    """Write `count` different pictures of all colours in turn: 0000.png, 0001.png, …"""
    colours = list(COLOURS)
    return [save_picture(folder / f"{i:04}.png", colours[i % len(colours)], i) for i in range(count)]
