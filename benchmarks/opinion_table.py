"""What the second opinion is to reach, and whether it does: reads what `benchmarks.second_opinion` found."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.pretraining_table import Row

_DEV = {"flickr8k dev": "Flickr8k dev", "coco dev": "COCO dev", "scenes": "scenes"}
_LANGUAGES = {"en": "English", "zh": "Chinese"}


def rows(parts: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the table: shares in per cent, differences in points, times in ms.

    Args:
        parts: By name, as in the JSON; a part that was not measured is missing.
    """
    found: dict[str, Any] = {name: part["found"] for name, part in parts.items()}
    yield from _cost(found)
    for name, gain in found.get("directions", {}).items():
        yield _gain(name, gain)
    for name, each in found.get("certainty", {}).items():
        yield from _certainty(name, each)
    for name, each in found.get("nothing", {}).items():
        yield _nothing(name, each)
    for language, each in found.get("negation", {}).items():
        note = f"encoder alone {100 * each['encoder alone']:.1f}"
        measure = f"A but no B, first scene right, {_LANGUAGES[language]}, %"
        yield Row(measure, 100 * each["matcher, with exclusions"], 85, 97, note)
    yield from _phrases(found.get("phrases", {}))
    for language, each in found.get("nonsense", {}).items():
        yield _nonsense(language, each)


def _cost(found: Mapping[str, Any]) -> Iterator[Row]:
    if cached := found.get("cached_against_plain"):
        yield Row("BLIP of base size, kept tokens against plain, times faster", cached["times_faster"], 5, 6)
    for seen in ("before", "first"):
        latency = found.get("latency", {}).get(f"pictures_seen_{seen}")
        for share, floor, aim in (("p50", 150, 50), ("p95", 300, 100)) if latency else ():
            measure = f"added for 16 hits, pictures seen {seen}, {share}, ms"
            yield Row(measure, latency[f"{share}_ms"], floor, aim, low_is_good=True)
    if disk := found.get("disk"):
        yield Row("kept of a picture, kB", disk["bytes"] / 1000, 40, 12, low_is_good=True)


def _gain(name: str, gain: Mapping[str, Any]) -> Row:
    low, high = (100 * each for each in gain["interval"])
    note = f"{100 * gain['before']:.1f} → {100 * gain['after']:.1f}, 95 % {low:.1f} to {high:.1f}"
    return Row(f"R@1, {_named(name)}, points", 100 * gain["gain"], 0, 5 if " en " in name else None, note)


def _certainty(name: str, found: Mapping[str, float]) -> Iterator[Row]:
    floor, aim = (95, 99) if name.startswith("scenes") else (75, 85)
    yield Row(f"own picture above a wrong one, {_named(name)}, %", 100 * found["area_under_roc"], floor, aim)
    error = 100 * found["expected_calibration_error"]
    yield Row(f"calibration error, {_named(name)}, %", error, 8, 3, low_is_good=True)


def _nothing(name: str, found: Mapping[str, float | None]) -> Row:
    floor, aim = (90, 98) if name.startswith("scenes") else (70, 85)
    there, gone = found["said_of_what_is_there"], found["said_of_what_is_gone"]
    note = "" if there is None or gone is None else f"said of {100 * there:.1f} there, {100 * gone:.1f} gone"
    return Row(
        f"what is there above what is gone, {_named(name)}, %", _percent(found["area_under_roc"]), floor, aim, note
    )


def _nonsense(language: str, found: Mapping[str, Any]) -> Row:
    vain, there = found["vain"], found["there"]
    said = [f"{100 * each['said']:.1f}" for each in (there, vain) if each["said"] is not None]
    note = "said of {} there, {} without".format(*said) if said else "never said"
    measure = f"phrases with a meaning above those without, {_LANGUAGES[language]}, %"
    return Row(measure, 100 * found["area_under_roc"], None, None, f"{note}; {there['queries']} and {vain['queries']}")


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _phrases(found: Mapping[str, Any]) -> Iterator[Row]:
    for name, each in found.items():
        language, _, kind = name.partition(", ")
        for at in (1, 5):
            ways = each[f"precision_at_{at}"]
            yield Row(
                f"phrases {kind}, {_LANGUAGES[language]}, first {at} right, %",
                100 * ways["re-ranked"],
                100 * ways["encoder"],
                None,
                f"floor: encoder alone; {each['queries']} phrases",
            )
        error = 100 * each["expected_calibration_error"]
        yield Row(f"phrases {kind}, {_LANGUAGES[language]}, calibration error, %", error, 8, 3, low_is_good=True)


def _named(name: str) -> str:
    """Return "Flickr8k dev, English" for "flickr8k dev en", with what follows."""
    gallery = next(each for each in _DEV if name.startswith(each))
    language, *more = name.removeprefix(gallery).split()
    return ", ".join([_DEV[gallery], _LANGUAGES[language], *more])
