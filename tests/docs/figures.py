"""Sentences and tables of the documentation that are made of `benchmarks/results/*.json`."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
DATASETS = {"flickr8k_dev": "Flickr8k dev", "coco_dev": "COCO dev"}
KINDS = {
    "object": "another thing",
    "colour": "another colour",
    "count": "another number",
    "relation": "another place",
    "attributes": "swapped attributes",
    "swapped": "swapped places",
    "negation": "negation",
}
LANGUAGES = {"en": "English", "zh": "Chinese"}


def result(name: str) -> dict[str, Any] | None:
    """Return the figures of a benchmark; None if it has not been run."""
    file = RESULTS / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8"))["result"] if file.is_file() else None


def downloads() -> str:
    """Return what an installation downloads, in words."""
    figures = result("downloads")
    assert figures is not None
    gpu, cpu, tools = (_size(figures[f"bytes_{of}"]) for of in ("gpu", "cpu", "development_tools"))
    return (
        f"**Downloads.** On Linux, pip takes the GPU build of torch unless it finds another: {gpu} in all. With the\n"
        f"CPU build, which is enough where there is no NVIDIA GPU, it is {cpu}. The development tools of the second\n"
        f"line add {tools}. Nothing else is fetched, then or later.\n"
    )


def results() -> str:
    """Return what the bundled encoder reaches, as a table; nothing while it has not been measured."""
    figures = result("indexing")
    if figures is None:
        return ""
    rate = figures["speed"]["pictures_per_second"]
    again = figures["flickr8k_dev"]["second_run"]["median"]
    rows = [
        _row(label, figures[key]["recall"][language], language)
        for key, label in DATASETS.items()
        for language in ("en", "zh")
    ]
    return "\n".join(
        [
            "The bundled encoder on pictures that it was not trained on, in per cent, recall at 1 / 5 / 10:",
            "",
            "| pictures | captions | words → picture | 95 % of R@10 | picture → words |",
            "|---|---|---|---|---|",
            *rows,
            "",
            *_scenes(),
            f"It indexed {rate:.0f} small JPEGs a second on two cores of a CPU; looking again at a folder of 1,000",
            f"took {again:.2f} s. {_speed()}",
            "",
            _app(),
            "",
            "Command, machine and date of every figure are in [benchmarks/results](benchmarks/results).",
            "",
        ]
    )


def _scenes() -> list[str]:
    """Return what the encoder sees in drawn scenes; nothing while it has not been measured."""
    figures = result("pretraining")
    if figures is None:
        return []
    scenes, compose = (figures["parts"][name]["found"] for name in ("scenes", "compose"))
    first = {
        each["language"]: 100 * each["encoder"]["text_to_image"]["recall_at_1"]
        for each in scenes
        if each["detail"] == "full"
    }
    right, worst = (100 * compose["encoder"][which]["accuracy"] for which in ("overall", "worst"))
    kind = KINDS[compose["encoder"]["worst"]["kind"]]
    return [
        f"Of 1,000 drawn scenes that it never saw, the right one comes first for {first['en']:.0f} of 100",
        f"captions in English and {first['zh']:.0f} in Chinese. Of two captions of a scene, one false in a",
        f"single thing, the true one is nearer in {right:.0f} of 100 cases; worst is {kind}, with",
        f"{worst:.0f}. [compose](docs/compose.md)",
        "tells how that is measured.",
        "",
        *_matcher(scenes, compose),
    ]


def _matcher(scenes: list[dict[str, Any]], compose: dict[str, Any]) -> list[str]:
    """Return what the bundled matcher sees in drawn scenes; nothing while it has not been measured."""
    if "matcher" not in compose:
        return []
    first = {each["language"]: 100 * each["reranked"]["recall_at_1"] for each in scenes if each["detail"] == "full"}
    right, worst = (100 * compose["matcher"][which]["accuracy"] for which in ("overall", "worst"))
    kind = KINDS[compose["matcher"]["worst"]["kind"]]
    return [
        "The bundled matcher looks at caption and scene together. Once it has sorted the best 32 anew, the",
        f"right scene comes first for {first['en']:.0f} of 100 captions in English, {first['zh']:.0f} in Chinese. It",
        f"prefers the true caption in {right:.0f} of 100 cases; worst is {kind}, with {worst:.0f}.",
        "",
    ]


def _speed() -> str:
    """Return how long a query and a start take."""
    encoder, startup = result("encoder"), result("startup")
    assert encoder is not None
    assert startup is not None
    query = encoder["text"]["median_ms"]
    at = startup["again"]["seconds_at"]
    first = startup["first"]["seconds_at"]["first_answer"]
    return (
        f"Encoding a text query takes {query:.1f} ms. The first answer is in the browser\n"
        f"{first:.1f} s after the very first start and {at['first_answer']:.1f} s after later ones: "
        f"{at['import_gradio']:.1f} s until Gradio is imported, with torch\n"
        f"beside it, {at['serving']:.1f} s until the page is served, "
        f"{at['page_ready']:.1f} s until the browser has drawn it, {at['warm']:.1f} s until the encoder is warm."
    )


def _app() -> str:
    """Return how long visitors of the app wait."""
    latency, clients = result("latency"), result("clients")
    assert latency is not None
    assert clients is not None
    bundled, large = (latency[key]["p50"] for key in ("samples_ms", "large_ms"))
    busy, quiet = clients["while_indexing"], clients["afterwards"]
    return (
        f"In the app the pictures are on the screen {bundled:.0f} ms after Enter, {large:.0f} ms in a collection of\n"
        "5,000 (medians, in Chromium on the same two cores). With "
        f"{clients['clients']} visitors who ask about once a second, 95 of 100\n"
        f"answers came within {busy['p95_seconds']:.1f} s while a folder of {clients['files']:,} pictures was indexed, "
        f"and within {quiet['p95_seconds']:.1f} s afterwards."
    )


def _row(label: str, report: dict[str, Any], language: str) -> str:
    words, picture = report["text_to_image"], report["image_to_text"]
    low, high = (f"{100 * share:.1f}" for share in words["interval_at_10"])
    captions = f"{report['texts']:,} {LANGUAGES[language]}"
    return (
        f"| {report['pictures']:,} of {label} | {captions} | {_recalls(words)} | {low}–{high} | {_recalls(picture)} |"
    )


def _recalls(metrics: dict[str, float]) -> str:
    return " / ".join(f"{100 * metrics[f'recall_at_{k}']:.1f}" for k in (1, 5, 10))


def _size(count: object) -> str:
    """Return bytes as people say them, in powers of ten."""
    assert isinstance(count, int)
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


POINTING = {
    "bundled matcher: attention × gradient (shown)": "attention × gradient, layer 3, taught heads, phrase alone",
    "the same, all heads": "attention × gradient, layer 3, all heads, phrase alone",
    "the same heads, attention alone": "attention, layer 3, taught heads, phrase alone",
    "bundled encoder alone (shown without a matcher)": "encoder, patches, smoothed",
    "the same, cells not averaged with their neighbours": "encoder, patches",
}


def pointing() -> str:
    """Return how often heat maps point to what phrases name, as a table."""
    figures = result("pointing")
    assert figures is not None
    shares = {"chance": figures["chance"]} | {name: figures["points_right"][key] for name, key in POINTING.items()}
    rows = [f"| {name} | {_percent(each['en'])} | {_percent(each['zh'])} |" for name, each in shares.items()]
    count = "{en} English, {zh} Chinese phrases".format(**figures["phrases"])
    return "\n".join([f"| {count} | English | Chinese |", "|---|---|---|", *rows, ""])


def fusion() -> str:
    """Return how often what is wanted comes first by each way to join two opinions, as a table."""
    figures = result("second-opinion")
    assert figures is not None
    found = figures["parts"]["fusion"]["found"]
    ways = list(next(iter(found.values())))
    head = ["R@1, %", *(name.replace("flickr8k", "Flickr8k").replace("coco", "COCO") for name in found)]
    rows = [f"| {way} | {' | '.join(f'{100 * each[way]:.1f}' for each in found.values())} |" for way in ways]
    return "\n".join(["", f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows, "", ""])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def ablations() -> str:
    """Return what the encoders of short pretrainings without one part each came to, as a table."""
    figures = result("ablations")
    assert figures is not None
    sets = ("flickr8k dev en", "flickr8k dev zh", "coco dev en")
    head = ["150 steps", "Flickr8k en", "Flickr8k zh", "COCO en", "scenes en / zh", "pairs"]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, part in figures["parts"].items():
        found = part["found"]
        dev = {f"{each['dataset']} {each['language']}": each["text_to_image"] for each in found["dev"]}
        cells = [" / ".join(f"{100 * dev[of][f'recall_at_{k}']:.1f}" for k in (1, 10)) for of in sets]
        cells.append(" / ".join(f"{100 * found['scenes_recall_at_1'][f'full {of}']:.0f}" for of in LANGUAGES))
        cells.append(f"{100 * found['pairs']['encoder']['overall']:.0f}")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(["", *rows, "", ""])
