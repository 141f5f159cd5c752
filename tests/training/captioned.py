"""A small folder of captioned pictures, and what is wrong in such folders."""

import json

from PIL import Image, ImageDraw

COLOURS = ("red", "green", "blue", "yellow", "black", "white")


def draw(path, colour, place):
    """Draw a square of a colour on grey."""
    image = Image.new("RGB", (48, 40), "grey")
    ImageDraw.Draw(image).rectangle((4 + place, 4, 30 + place, 30), fill=colour)
    image.save(path)


def captioned_folder(folder, places=2):
    """Fill a folder with a picture of each colour at each place: captions beside them, and in a caption file."""
    folder.mkdir(parents=True)
    lines = []
    for place in range(places):
        for colour in COLOURS:
            name = f"{colour}-{place}.png"
            draw(folder / name, colour, 3 * place)
            if place:
                lines.append(json.dumps({"image": name, "en": [f"{colour} {place}"]}))
            else:
                (folder / name).with_suffix(".txt").write_text(f"a {colour} one\n{colour}\n", encoding="utf8")
    (folder / "captions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf8")
    return folder
