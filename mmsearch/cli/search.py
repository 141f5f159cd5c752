"""`mmsearch search`: words or a picture in, ranked pictures or texts out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmsearch.cli import explaining
from mmsearch.cli.explaining import Explain, explainer, saver
from mmsearch.cli.options import collection_option, encoder_option, examples, json_option, option
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import printable
from mmsearch.types import FIND, HIGH, MATCHES, MIDDLE, Confidence, Explanation, Hit, Modality, Results

if TYPE_CHECKING:
    from mmsearch.engine import Engine

EXAMPLES = examples(
    'mmsearch search "a dog on the beach"',
    'mmsearch search "海滩上的狗" -k 3',
    "mmsearch search --image holiday.jpg --target text",
    'mmsearch search "the same at night" --image street.jpg --json',
    'mmsearch search --rerank "a dog without a leash"',
    'mmsearch search --find all --at-least 0.7 "two dogs"',
    'mmsearch search --reranker blip-coco "a dog without a leash"',
    'mmsearch search --rerank --heat maps "a red bus in front of a glacier" -k 3',
    "mmsearch search - < queries.txt",
)


GROUPS = {
    Confidence.HIGH: f"{HIGH:.0%} and more",
    Confidence.MIDDLE: f"{MIDDLE:.0%} to {HIGH:.0%}",
    Confidence.LOW: f"less than {MIDDLE:.0%}",
}


@click.command("search", epilog=EXAMPLES)
@click.argument("query", required=False)
@option("--image", type=click.Path(path_type=Path), help="Search with this picture; with QUERY, with both.")
@option("--target", type=click.Choice(["image", "text"]), default="image", show_default=True, help="What to look for.")
@option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="How many hits at most.")
@option("--rerank", is_flag=True, help="Let a matcher look at words and picture together and sort the best hits anew.")
@option("--reranker", metavar="NAME", help="With this matcher, one that `mmsearch rerankers` lists or a model folder.")
@option("--find", type=click.Choice(FIND), help="With a matcher: the best match, or all that match, by confidence.")
@option(
    "--at-least",
    type=click.FloatRange(0, 1),
    default=MATCHES,
    show_default=True,
    help="With --find all: the probability from which on a hit matches.",
)
@option("--explain", is_flag=True, help="Say of each phrase how well it matches and where in the picture it shows.")
@option(
    "--heat",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Save heat maps of phrases; implies --explain.",
)
@collection_option
@encoder_option
@json_option
@click.pass_obj
def command(
    opener: Opener,
    query: str | None,
    image: Path | None,
    target: str,
    k: int,
    rerank: bool,
    find: str | None,
    at_least: float,
    reranker: str | None,
    explain: bool,
    heat: Path | None,
    collection: str | None,
    encoder: str | None,
    json: bool,
) -> None:
    """Find pictures by words, or words by a picture.

    QUERY is in English, Chinese or whatever else the encoder reads; `-` reads queries from
    stdin, one per line. Prints one hit per line: rank, score, path and caption. What the score
    is stands on stderr; scores of different encoders cannot be compared. With --rerank or --find
    the probability that the hit matches comes first, where the matcher had time for it. With
    --explain the phrases of the query follow each hit: probability (without a matcher the encoder's
    similarity), phrase, and the part of the picture where it shows most.
    """
    if query is None and image is None:
        raise click.UsageError("Say what to look for: QUERY, --image or both.")
    with closing(opener()) as engine:
        for number, text in enumerate(_queries(query), 1):
            if query == "-" and not json:
                click.echo(f"# {printable(text or '')}")
            ask: Callable[..., Results] = engine.search
            twice = rerank or reranker or find
            if twice:
                ask = partial(_settled, engine, reranker=reranker, at_least=at_least if find == "all" else None)
            results = ask(text, image=image, target=Modality(target), k=k, collection=collection, encoder=encoder)
            why: Explain | None = None
            if explain or heat:
                why = explainer(engine, text, image, Modality(target), encoder, reranker if twice else "none")
            save = saver(heat, image, Modality(target), f"{number}-" if query == "-" else "")
            _show(results, text, json, why, save)


def _settled(engine: "Engine", text: str | None, **asked: Any) -> Results:  # noqa: ANN401 - as `search_twice` takes
    """Return the last of the answers, once they settled."""
    *_, last = engine.search_twice(text, **asked)
    return last


def _queries(query: str | None) -> Iterator[str | None]:
    """Yield the query, or the lines of stdin that hold one."""
    if query != "-":
        yield query
        return
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


def _show(
    results: Results, query: str | None, json: bool, explain: Explain | None, save: Callable[[Explanation, Hit], None]
) -> None:
    click.echo(_meaning(results), err=True)
    if results.notice:
        click.echo(printable(results.notice), err=True)
    if results.nothing:
        click.echo("Nothing here matches. What comes closest:", err=True)
    group = None
    for hit in results:
        why = explain(hit) if explain else None
        if why:
            save(why, hit)
        if json:
            echo_json(record(hit, results, query) | ({"why": explaining.record(why)} if why else {}))
            continue
        if results.matching and hit.confidence not in (group, None):
            group = hit.confidence
            click.echo(f"# {GROUPS[group]}")
        click.echo(line(hit, len(results)))
        for each in explaining.lines(why, 4) if why else ():
            click.echo(each)


def _meaning(results: Results) -> str:
    """Say what the score is and where it comes from."""
    hits = f"{len(results)} hit{'s' * (len(results) != 1)}"
    where = printable(f"encoder {results.encoder} · collection {results.collection}")
    judged = printable(f" · {results.judged} judged by re-ranker {results.reranker}") if results.reranker else ""
    if results.matching is not None:
        judged += f" · {results.matching} match{'es' * (results.matching == 1)}"
    return f"{hits} · score: {results.measure} · {where}{judged} · {results.seconds * 1000:.0f} ms"


def line(hit: Hit, hits: int) -> str:
    """Return one hit for people: rank, score, path, and its caption if it has one."""
    path = click.style(printable(_short(hit.item.path)), bold=True)
    caption = caption_of(hit)
    sure = "" if hit.found_at is None else " " * 6 if hit.probability is None else f"{100 * hit.probability:4.0f} %"
    figures = "  ".join(filter(None, [f"{hit.rank:>{len(str(hits))}}", sure, f"{hit.score:6.3f}"]))
    return f"{figures}  {path}" + (f"  — {printable(caption)}" if caption else "")


def caption_of(hit: Hit) -> str:
    """Return the text that matched, else the item's first text, else its title."""
    if hit.text is not None:
        return hit.text.text
    if hit.item.texts:
        return hit.item.texts[0].text
    return hit.item.title or ""


def _short(path: Path | None) -> str:
    """Return the path, relative where it lies below the working folder."""
    if path is None:
        return "(no file)"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def record(hit: Hit, results: Results, query: str | None) -> dict[str, object]:
    """Return one hit for programs, with the query that it answers and what its score is."""
    return {
        "query": query,
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "probability": None if hit.probability is None else round(hit.probability, 6),
        "confidence": hit.confidence,
        "found_at": hit.found_at,
        "measure": results.measure,
        "encoder": results.encoder,
        "text": hit.text,
        "item": hit.item,
    }
