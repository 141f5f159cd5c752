"""`mmsearch scenes`: drawn pictures of known content, with captions that are certainly true."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmsearch.cli.options import examples, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import json_line
from mmsearch.cli.terminal import printable
from mmsearch.errors import BadInput
from mmsearch.types import Progress

if TYPE_CHECKING:
    from mmsearch.scenes import Scene, SceneGenerator

QUALITY = 85  # WebP
AUTHOR = "mmsearch, with sprites of Noto Color Emoji by Google"
EXAMPLES = examples(
    "mmsearch scenes drawn --count 60",
    "mmsearch scenes suite --count 1000 --seed 7 --foils --held-out held-out",
    "mmsearch scenes seen --count 20000 --side 96 --held-out seen",
)


@click.command("scenes", epilog=EXAMPLES)
@click.argument("output", type=click.Path(path_type=Path, file_okay=False))
@option("--count", type=click.IntRange(min=1), default=60, show_default=True, help="How many scenes to draw.")
@option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Equal seeds give equal scenes.")
@option("--side", type=click.IntRange(32, 2048), default=224, show_default=True, help="Width and height in pixels.")
@option("--foils", is_flag=True, help="Add false captions beside true ones, of every kind that a scene offers.")
@option(
    "--held-out",
    type=click.Choice(["all", "seen", "held-out"]),
    default="all",
    show_default=True,
    help="Whether scenes must not (seen) or must (held-out) show what the standard split keeps back.",
)
def command(output: Path, count: int, seed: int, side: int, foils: bool, held_out: str) -> None:
    """Draw scenes with captions in English and Chinese into the folder OUTPUT.

    Writes OUTPUT/scenes/*.webp and OUTPUT/captions.jsonl, which `mmsearch index` and `mmsearch eval`
    read. What each scene shows stands there as data too; docs/scenes.md explains it.
    """
    from mmsearch.scenes import Allow, Detail, SceneGenerator, standard_held_out  # late: not for --help

    details = (Detail.QUERY, Detail.SOME, Detail.FULL)
    generator = SceneGenerator(side, seed, standard_held_out(), Allow(held_out), details)
    try:
        (output / "scenes").mkdir(parents=True, exist_ok=True)
        with (
            closing(ProgressLine()) as line,
            (output / "captions.jsonl").open("w", encoding="utf-8", newline="\n") as rows,
        ):
            for done, scene in enumerate(generator.scenes(count), start=1):
                name = f"scenes/{scene.index:05}.webp"
                scene.picture.save(output / name, "WEBP", quality=QUALITY)
                rows.write(json_line(_row(name, scene, generator, foils)) + "\n")
                line(Progress("scenes", done, count, skipped=0, rate=0.0, seconds_left=None))
    except OSError as error:
        raise BadInput(f"{output} cannot be written to: {error.strerror or error}") from error
    click.echo(f"{count} scenes in {printable(str(output))}")


def _row(name: str, scene: "Scene", generator: "SceneGenerator", foils: bool) -> dict[str, object]:
    """Return the line of the caption file that speaks of a scene."""
    from mmsearch.scenes import title

    row: dict[str, object] = {
        "image": name,
        "title": title(scene.truth, "en"),
        "title_zh": title(scene.truth, "zh"),
        "author": AUTHOR,
        **{language: list(captions) for language, captions in scene.captions.items()},
        "truth": scene.truth,
    }
    return row | ({"foils": list(_foils(scene, generator))} if foils else {})


def _foils(scene: "Scene", generator: "SceneGenerator") -> Iterator[dict[str, str]]:
    """Yield a true and a false caption for each kind that the scene offers and each language."""
    from mmsearch.scenes import FoilKind

    for kind in FoilKind:
        if not generator.offers(scene, kind):
            continue
        for language in scene.captions:
            foil = generator.foil(scene, kind, language)
            yield {"kind": kind, "language": language, "caption": foil.caption, "foil": foil.foil}
