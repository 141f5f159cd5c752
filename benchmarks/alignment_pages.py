"""Writes what was measured into docs/methods, between `<!-- figures:NAME -->` and `<!-- /figures -->`.

    python -m benchmarks.alignment_pages

Both languages of a page get the same figures, from benchmarks/results: alignment, alignment-towers,
pretraining, second-opinion and encoder-training. What is not there is said to be not measured yet.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.machine import RESULTS, ROOT

PAGES = ROOT / "docs" / "methods"
FENCE = re.compile(r"(<!-- figures:([\w-]+) -->\n)(.*?)(<!-- /figures -->)", re.DOTALL)
LEARNERS = {
    "cca": ("cca", "kernel-cca", "multiset-cca"),
    "deep-cca": ("deep-cca",),
    "adversarial": ("adversarial",),
    "autoencoder": ("autoencoder",),
    "graph": ("graph",),
    "contrastive": ("contrastive", "ensemble"),
}  # page -> the learners that it is about, with their variants
WORDS = json.loads(Path(__file__).with_name("alignment_words.json").read_text(encoding="utf-8"))  # by language
Record: TypeAlias = Mapping[str, Any]
Lines: TypeAlias = Iterator[str]


def record(name: str) -> Record | None:
    """Return what a benchmark wrote; None if it has not been run."""
    file = RESULTS / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def filled(page: str, language: str) -> str:
    """Return a page with what was measured in its fences."""
    return FENCE.sub(lambda found: f"{found[1]}{figures(found[2], language)}{found[4]}", page)


def figures(name: str, language: str) -> str:
    """Return what stands in the fence called `name`."""
    lines = list(BLOCKS[name](WORDS[language])) if name in BLOCKS else list(_learners(name, WORDS[language]))
    return "\n".join(["", *(lines or [WORDS[language]["missing"], ""]), ""])


def _learners(page: str, words: Mapping[str, str]) -> Lines:
    """Yield recall and precision of the learners of a page."""
    found = (record("alignment") or {}).get("result", {})
    tables: list[str] = []
    for part, header, row in (
        ("flickr8k", "recall", _recall),
        ("wikipedia", "precision", _precision),
        ("wikipedia_roots", "precision", _precision),
    ):
        measured = {name: each for name, each in found.get(part, {}).items() if _is_of(name, page)}
        if measured:
            rows = [(f"`{name}`", *row(each["mean"]), str(len(each["runs"]))) for name, each in measured.items()]
            tables += _table(words[part], words[header], rows)
    if page == "cca" and "speed" in found:
        tables += _speed(found["speed"], words)
    if page == "overview":
        tables += _towers(words)
    yield from tables
    if tables:
        yield from _source(words, "alignment", *(["alignment-towers"] if page == "overview" else []))


def _towers(words: Mapping[str, str]) -> Lines:
    """Yield recall on the towers below the bundled encoder, in each language."""
    parts = (record("alignment-towers") or {}).get("result", {}).get("parts", {})
    rows = []
    for name, part in parts.items():
        found = part["found"]
        both = (_at_ranks(found[language]["text_to_image"]) for language in ("en", "zh"))
        rows.append((f"`{name}`", *both, _seconds(found["seconds"])))
    if rows:
        yield from _table(words["towers"], words["bilingual"], rows)


def _is_of(name: str, page: str) -> bool:
    method, *variant = name.split(", ")
    if page == "overview":
        return variant in ([], ["classes"])
    return method in LEARNERS[page]


def _recall(mean: Record) -> tuple[str, ...]:
    ways = (mean["text_to_image"], mean["image_to_text"])
    return (*map(_at_ranks, ways), _seconds(mean["seconds"]))


def _at_ranks(recall: Record) -> str:
    return " / ".join(f"{recall[f'R@{k}']:.1f}" for k in (1, 5, 10))


def _precision(mean: Record) -> tuple[str, ...]:
    ways = (mean["image_to_text"], mean["text_to_image"])
    return (*(f"{way['MAP']:.3f}" for way in ways), _seconds(mean["seconds"]))


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _speed(found: Record, words: Mapping[str, str]) -> Lines:
    pairs, wide, narrow = found["pairs"]
    rows = [
        (words["ours"].format(narrow=narrow), _seconds(found["cca_seconds"]["median"])),
        (words["straight"], _seconds(found["straight_seconds"]["median"])),
        (words["zoo"].format(version=found["cca_zoo_version"]), _seconds(found["cca_zoo_seconds"]["median"])),
        (
            words["theirs"].format(components=found["scikit_learn_components"]),
            _seconds(found["scikit_learn_seconds"]["median"]),
        ),
    ]
    yield from _table(words["speed"].format(pairs=pairs, wide=wide, narrow=narrow), words["speeds"], rows)
    yield from (words["million"].format(mib=found["million_pairs_mib"]), "")


def _fusion(words: Mapping[str, str]) -> Lines:
    found = (record("alignment") or {}).get("result", {}).get("fusion")
    if found is None:
        return
    rows = []
    for way in ("picture", "captions", "early", "late, scores", "late, ranks", "hybrid"):
        weight = found.get(f"weight of {way}")
        at = (f"{found[f'{way} R@{k}']:.1f}" for k in (1, 10))
        rows.append((words[way], *at, "–" if weight is None else f"{weight:.2f}"))
    yield from _table(words["fusion"], words["channels"], rows)
    yield from _source(words, "alignment")


def _matcher(words: Mapping[str, str]) -> Lines:
    parts = (record("pretraining") or {}).get("result", {}).get("parts", {})
    if not {"scenes", "reranking", "compose"} <= set(parts):
        return
    full = {each["language"]: each for each in parts["scenes"]["found"] if each["detail"] == "full"}
    rows = [
        (words["scenes"].format(language=words[language]), _percent(before), _percent(each["reranked"]["recall_at_1"]))
        for language, each in full.items()
        for before in [each["encoder"]["text_to_image"]["recall_at_1"]]
    ]
    for language, each in parts["reranking"]["found"].items():
        gain = each["at_1"]
        rows.append(
            (words["photos"].format(language=words[language]), _percent(gain["before"]), _percent(gain["after"]))
        )
    alone, with_it = (parts["compose"]["found"][which] for which in ("encoder", "matcher"))
    for label, of in (("compose", "overall"), ("worst", "worst")):
        rows.append((words[label], _percent(alone[of]["accuracy"]), _percent(with_it[of]["accuracy"])))
    yield from _table(words["matcher"], words["again"], rows)
    yield from _cost(words)
    yield from _source(words, "pretraining", "second-opinion")


def _cost(words: Mapping[str, str]) -> Lines:
    parts = (record("second-opinion") or {}).get("result", {}).get("parts", {})
    if {"latency", "disk"} <= set(parts):
        first, seen = (
            parts["latency"]["found"][when]["p50_ms"] for when in ("pictures_seen_first", "pictures_seen_before")
        )
        yield words["cost"].format(first=first, seen=seen, kb=parts["disk"]["found"]["bytes"] / 1000)
    if "cached_against_plain" in parts:
        yield words["faster"].format(times=parts["cached_against_plain"]["found"]["times_faster"])
    yield ""


def _hidden(words: Mapping[str, str]) -> Lines:
    parts = (record("pretraining") or {}).get("result", {}).get("parts", {})
    if "words" not in parts:
        return
    rows = [
        (words[f"of {of}"].format(language=words[language]), _percent(gain["before"]), _percent(gain["after"]))
        for of in ("scenes", "photos")
        for language, each in parts["words"]["found"][of].items()
        for gain in [each["gain"]]
    ]
    yield from _table(words["hidden"], words["words"], rows)
    yield from _source(words, "pretraining")


def _tuned(words: Mapping[str, str]) -> Lines:
    heads, towers = record("encoder-training"), record("pretraining")
    if heads is None or towers is None or "recall" not in towers["result"]["parts"]:
        return
    before = {f"{each['dataset']} {each['language']}": each for each in heads["recall"]}
    after = towers["result"]["parts"]["recall"]["found"]
    rows = []
    for name in ("flickr8k dev en", "flickr8k dev zh", "coco dev en"):
        dataset, language = name.rsplit(" ", 1)
        label = {"flickr8k dev": "Flickr8k dev", "coco dev": "COCO dev"}[dataset]
        both = (
            " / ".join(_percent(each[name]["text_to_image"][f"recall_at_{k}"]) for k in (1, 10))
            for each in (before, after)
        )
        rows.append((f"{label}{words['comma']}{words[language]}", *both))
    yield from _table(words["tuned"], words["stages"], rows)
    yield from _source(words, "encoder-training", "pretraining")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(title: str, header: str, rows: list[tuple[str, ...]]) -> Lines:
    columns = header.count(" | ")
    yield from (title, "", f"| {header} |", "|---|" + "--:|" * columns)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _source(words: Mapping[str, str], *names: str) -> Lines:
    """Name the records that figures are from, those that are there."""
    links = [f"[{name}.json](../../benchmarks/results/{name}.json)" for name in names if record(name)]
    if links:
        yield from (words["from"].format(links=words["comma"].join(links)), "")


BLOCKS: Mapping[str, Callable[[Mapping[str, str]], Lines]] = {
    "fusion": _fusion,
    "cross-modal-attention": _matcher,
    "pretraining": _hidden,
    "fine-tuning": _tuned,
}


def language_of(page: Path) -> str:
    """Return the language of a page by its name."""
    return "zh" if page.name.endswith(".zh.md") else "en"


def main() -> None:
    """Fill the fences of every page."""
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(filled(page.read_text(encoding="utf-8"), language_of(page)), encoding="utf-8")


if __name__ == "__main__":
    main()
