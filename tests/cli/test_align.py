import json
from pathlib import Path

import pytest

from mmsearch.cli.align import METHODS
from mmsearch.types import Progress, Skip
from tests.cli.conftest import Run


def _report(laboratory, settings):
    figures = {way: {"R@1": laboratory.Spread.of([0.5, 0.6])} for way in ("text_to_image", "image_to_text")}
    result = laboratory.MethodResult("cca", figures, 1.5, folder=settings.output / "cca")
    return laboratory.AlignReport(
        state="cancelled" if settings.pairs == Path("long") else "done",
        pairs=settings.pairs,
        image_encoder=settings.image_encoder,
        text_encoder=settings.text_encoder or settings.image_encoder,
        aligned=settings.text_encoder is None,
        pictures=100,
        texts=500,
        held_out=20,
        seeds=settings.seeds,
        baseline=result,
        methods=(result,),
        best="cca",
        recommended=settings.output / "cca",
        plots=(settings.output / "recall.png",),
        left_out=(Skip("a.jpg", "has no caption"),),
        seconds=9.0,
    )


@pytest.fixture
def aligned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Replace the run by one that takes no time; return what it was called with."""
    laboratory = pytest.importorskip("mmsearch.laboratory")
    calls: list[dict[str, object]] = []

    def align(settings, *, home, device, progress, cancel):
        calls.append({"settings": settings, "home": home, "device": device})
        progress(Progress("contrastive, split 1 of 3", 3, 40, 0, 0.0, None))
        return _report(laboratory, settings)

    monkeypatch.setattr(laboratory, "align", align)
    return calls


def test_prints_the_table_and_what_was_written(run: Run, aligned) -> None:
    done = run("align", "--pairs", "photos", "--output", "out", "--text-encoder", "words")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("bundled and words, 100 pictures with 500 texts; 20 pictures held out, 3 seeds")
    assert lines[1].split() == ["method", "text→image", "R@1", "image→text", "R@1", "seconds"]
    assert lines[2].split() == ["cca", "55.0", "±", "63.5", "55.0", "±", "63.5", "1.5"]
    assert "drawn: out/recall.png" in lines
    assert "Use it: mmsearch encoders build out/cca, then mmsearch encoders use out/cca" in lines
    assert lines[-2:] == ["left out: 1 (--verbose lists every file)", "    1 × has no caption: such as a.jpg"]
    assert "contrastive, split 1 of 3  3/40 (7 %)" in done.stderr


def test_hands_on_what_was_asked_for(run: Run, aligned) -> None:
    run(
        "align",
        "--pairs",
        "photos",
        "--output",
        "out",
        "--method",
        "all",
        "--seeds",
        "5",
        "--held-out",
        "0.3",
        "--keep",
    )

    settings = aligned[0]["settings"]
    assert (settings.image_encoder, settings.text_encoder, settings.method) == ("bundled", None, "all")
    assert (settings.seeds, settings.held_out, settings.keep) == (5, 0.3, True)


def test_learns_from_a_collection_and_tells_how_it_is_used_there(run: Run, engine, monkeypatch) -> None:
    laboratory = pytest.importorskip("mmsearch.laboratory")

    def align(collection, *, progress, cancel, image_encoder, **wanted):
        engine.calls.append({"collection": collection, "image_encoder": image_encoder} | wanted)
        settings = laboratory.AlignSettings(Path("of it"), Path("home"), image_encoder or "bundled", **wanted)
        return _report(laboratory, settings)

    monkeypatch.setattr(engine, "align", align, raising=False)

    done = run("align", "--collection", "holidays", "--method", "all", "--seeds", "2")

    assert engine.calls == [
        {
            **{"collection": "holidays", "image_encoder": None, "text_encoder": None},
            **{"method": "all", "seeds": 2, "held_out": 0.2},
        }
    ]
    use = "mmsearch encoders use home/cca --collection holidays"
    assert f"Use it: mmsearch encoders build home/cca --collection holidays, then {use}" in done.stdout.splitlines()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--pairs", "photos"],
        ["--pairs", "photos", "--output", "out", "--collection", "holidays"],
        ["--collection", "holidays", "--output", "out"],
        ["--collection", "holidays", "--keep"],
    ],
)
def test_a_folder_needs_an_output_and_a_collection_has_its_own(run: Run, aligned, options) -> None:
    done = run("align", *options)

    assert done.exit_code == 2
    assert "Give --pairs with --output, or --collection" in done.stderr
    assert aligned == []


def test_json_is_the_report(run: Run, aligned) -> None:
    report = json.loads(run("align", "--pairs", "photos", "--output", "out", "--json").stdout)

    assert report["recommended"] == "out/cca"
    assert report["methods"][0]["figures"]["text_to_image"]["R@1"]["mean"] == pytest.approx(0.55)


def test_a_stopped_run_says_how_to_go_on(run: Run, aligned) -> None:
    done = run("align", "--pairs", "long", "--output", "out")

    assert done.exit_code == 130
    assert done.stdout == ""
    assert "the same command goes on" in done.stderr


def test_refuses_a_method_that_is_not_known(run: Run) -> None:
    done = run("align", "--pairs", "photos", "--output", "out", "--method", "magic")

    assert done.exit_code == 2
    assert "magic" in done.stderr


def test_names_every_method_without_loading_torch() -> None:
    methods = pytest.importorskip("mmsearch.alignment.adaptation").METHODS

    assert (*methods, "all") == METHODS
