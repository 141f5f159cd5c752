import json
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from mmsearch.alignment.adaptation import METHODS
from mmsearch.alignment.descent import Descent
from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import BadInput, EncoderError, TrainingError, UnknownName
from mmsearch.laboratory import AlignSettings, CaptionedSet, align
from mmsearch.laboratory.methods import learner_for, method_names
from mmsearch.laboratory.report import AS_IT_IS
from mmsearch.training.folders import open_reduced, read_folder
from tests.alignment.made import paired


def run(tmp_path, pairs, method="cca", **options):
    calls = {name: options.pop(name) for name in ("progress", "cancel") if name in options}
    settings = AlignSettings(pairs, tmp_path / "out", method=method, **options)
    return align(settings, home=tmp_path / "home", device="cpu", **calls)


@pytest.fixture
def vectors(tmp_path):
    """Return a file of pairs that a linear map can bring together."""
    image, text, owner = paired(120, texts=2)
    np.savez(tmp_path / "pairs.npz", image=image, text=text, owner=owner)
    return tmp_path / "pairs.npz"


@pytest.fixture
def hurried(monkeypatch):
    """Let every descent end after its first epoch."""
    go = Descent.run

    def short(self, *args):
        self.schedule = replace(self.schedule, epochs=1)
        return go(self, *args)

    monkeypatch.setattr(Descent, "run", short)


def test_two_encoders_become_one_that_reaches_what_was_measured(tmp_path, photos, own, words):
    report = run(tmp_path, photos, image_encoder=str(own), text_encoder=str(words), seeds=1, held_out=0.4)

    folder = tmp_path / "out" / "cca"
    assert report.recommended == report.methods[0].folder == folder
    assert (report.aligned, report.pictures, report.held_out) == (False, 30, 12)
    encoder = load_encoder(str(folder), device="cpu")
    pictures = read_folder(photos, held_out=0.0, seed=0).train
    held = [pictures[i] for i in sorted(np.random.default_rng(0).permutation(30)[:12])]
    image = encoder.encode_images([open_reduced(each.path, 33) for each in held])
    texts = [(i, text) for i, each in enumerate(held) for said in each.texts.values() for text in said]
    scores = encoder.encode_texts([text for _, text in texts]) @ image.T
    ranks = [(row > row[own_row] + 1e-6).sum() + 1 for (own_row, _), row in zip(texts, scores, strict=True)]
    found = report.methods[0].figures["text_to_image"]
    assert found["R@5"].mean == pytest.approx(np.mean(np.array(ranks) <= 5), abs=0.06)  # ties and rounding


def test_pictures_that_were_found_before_teach_what_their_folder_teaches(tmp_path, photos, own, words):
    options = {"image_encoder": str(own), "text_encoder": str(words), "seeds": 2}
    pictures = read_folder(photos, held_out=0.0, seed=0).train

    given = run(tmp_path, CaptionedSet("mine", pictures), **options)
    read = run(tmp_path / "read", photos, **options)

    assert (given.pairs, read.pairs) == ("mine", str(photos))
    assert given.methods[0].figures == read.methods[0].figures
    assert given.drawing == read.drawing
    with pytest.raises(TrainingError, match="mine holds 19 pictures with texts"):
        run(tmp_path, CaptionedSet("mine", pictures[:19]), **options)


def test_leaves_plots_a_report_and_a_card(tmp_path, photos, own, words):
    (photos / "broken.png").write_bytes(b"")
    try:
        report = run(tmp_path, photos, image_encoder=str(own), text_encoder=str(words), seeds=2)
    finally:
        (photos / "broken.png").unlink()

    assert [path.name for path in report.plots] == ["recall.png", "spectrum.png", "clouds.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in report.plots)
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert told["best"] == "cca"
    assert "drawing" not in told
    assert "broken.png" in (tmp_path / "out" / "left-out.jsonl").read_text()
    card = (tmp_path / "out" / "cca" / "README.md").read_text()
    assert f"Pictures go through `{own}`, texts through `{words}`" in card
    assert "24 of 30 captioned pictures" in card


def test_an_encoder_that_was_not_helped_is_not_written_unless_asked_for(tmp_path, photos, own):
    report = run(tmp_path, photos, image_encoder=str(own), method="cca", seeds=2)
    kept = run(tmp_path / "kept", photos, image_encoder=str(own), method="cca", seeds=2, keep=True)

    assert report.baseline.method == AS_IT_IS
    assert report.aligned
    assert not report.methods[0].helped
    assert report.recommended is None
    assert not (tmp_path / "out" / "cca").exists()
    assert kept.recommended is None
    assert load_encoder(str(kept.methods[0].folder), device="cpu").dim > 0


def test_an_encoder_that_was_helped_is_recommended(tmp_path, photos, own, monkeypatch):
    """An untrained encoder sorts colours by chance; told that no p counts, any gain does."""
    monkeypatch.setattr("mmsearch.laboratory.report.SIGNIFICANT", 2.0)
    report = run(tmp_path, photos, image_encoder=str(own), method="multiset-cca", seeds=2, held_out=0.5)

    helped = report.methods[0].gain.gain > 0
    assert report.methods[0].helped is helped
    assert (report.recommended is not None) is helped
    assert (tmp_path / "out" / "multiset-cca").exists() is helped


def test_all_methods_are_compared_and_one_that_fails_is_told(tmp_path, vectors, monkeypatch, hurried):
    def learner(method, **options):
        if method == "graph":
            raise BadInput("no graph today")
        return learner_for(method, **options)

    monkeypatch.setattr("mmsearch.laboratory.run.learner_for", learner)
    report = run(tmp_path, vectors, method="all", seeds=2)

    assert [each.method for each in report.methods] == list(METHODS)
    assert {each.method: each.problem for each in report.methods if each.problem} == {"graph": "no graph today"}
    assert report.baseline == report.methods[0]
    assert report.recommended is None  # there are no encoders to join
    assert all(each.gain is not None for each in report.methods if each.method not in ("cca", "graph"))
    assert {name: len(curves) for name, curves in report.drawing.curves.items()} == {
        **{"contrastive": 1, "deep-cca": 1, "autoencoder": 1, "adversarial": 1},
        "ensemble": 3,  # its members that descend
    }
    assert (tmp_path / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_single_method_that_fails_is_an_error(tmp_path, vectors, monkeypatch):
    def refuse(method, **options):
        raise BadInput("no graph today")

    monkeypatch.setattr("mmsearch.laboratory.run.BASELINE", "graph")
    monkeypatch.setattr("mmsearch.laboratory.run.learner_for", refuse)

    with pytest.raises(BadInput, match="no graph today"):
        run(tmp_path, vectors, method="graph")


def test_finds_pairs_that_a_map_brings_together(tmp_path, vectors):
    report = run(tmp_path, vectors, seeds=3)

    assert report.methods[0].figures["text_to_image"]["R@1"].mean > 0.8
    assert report.methods[0].figures["image_to_text"]["R@10"].mean == 1.0


def test_classes_are_measured_by_mean_average_precision(tmp_path):
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    image, text = (random.standard_normal((3, 9))[labels] + 0.3 * random.standard_normal((90, 9)) for _ in range(2))
    np.savez(tmp_path / "pairs.npz", image=image, text=text, labels=labels)

    report = run(tmp_path, tmp_path / "pairs.npz", method="kernel-cca", seeds=2)

    assert report.methods[0].figures["image_to_text"]["MAP"].mean > 0.9


@pytest.mark.parametrize("after", [1, 40, 75])
def test_ends_where_it_is_asked_to(tmp_path, photos, own, after):
    cancel, seen = Event(), []

    def look(progress):
        seen.append(progress)
        if len(seen) == after:
            cancel.set()

    report = run(tmp_path, photos, image_encoder=str(own), method="all", seeds=2, cancel=cancel, progress=look)

    assert report.state == "cancelled"
    assert len(seen) == after
    assert not list((tmp_path / "out").glob("*/aligned.json"))


@pytest.mark.parametrize("method", method_names("all"))
@pytest.mark.parametrize(("pictures", "aligned"), [(16, False), (16, True), (100, False)])
def test_every_method_fits_few_pictures(method, pictures, aligned, hurried):
    image, text, owner = paired(pictures, image_width=30, text_width=30, texts=2)

    learner = learner_for(method, pictures=pictures, seed=1, classes=False, aligned=aligned)

    assert learner.fit(image, text, owner=owner).transform_image(image).shape == (pictures, learner.dim_)


def test_seeds_differ_in_all_that_is_random():
    made = [learner_for("ensemble", pictures=100, seed=seed, classes=False, aligned=False) for seed in range(3)]

    seeds = [[parameters["random_state"] for _, parameters in each.members] for each in made]
    assert seeds == [[0, 1, 2, 0], [3, 4, 5, 1], [6, 7, 8, 2]]
    assert learner_for("graph", pictures=100, seed=4, classes=True, aligned=False).class_share == 1.0


def test_errors_say_what_to_do(tmp_path, photos, own, words):
    with pytest.raises(UnknownName, match="Did you mean kernel-cca"):
        run(tmp_path, photos, method="kernelcca")
    with pytest.raises(EncoderError, match="cannot encode pictures; it takes text"):
        run(tmp_path, photos, image_encoder=str(words))
    with pytest.raises(BadInput, match="held_out must be a share"):
        run(tmp_path, photos, held_out=0.99)
    with pytest.raises(BadInput, match="seeds must be at least 1"):
        run(tmp_path, photos, seeds=0)


def test_too_few_pictures_are_refused(tmp_path, own, photos):
    few = tmp_path / "few"
    few.mkdir()
    for name in sorted(path.name for path in photos.glob("*-0.*")):
        (few / name).write_bytes((photos / name).read_bytes())

    with pytest.raises(TrainingError, match="holds 6 pictures with texts; at least 20"):
        run(tmp_path, few, image_encoder=str(own))


def test_a_full_disk_is_told(tmp_path, photos, own, words, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mmsearch.encoders.aligned.write_projections", full)

    with pytest.raises(TrainingError, match=r"No space left on device.*Free some space"):
        run(tmp_path, photos, image_encoder=str(own), text_encoder=str(words), seeds=1)
    assert not list((tmp_path / "out").glob("*.part"))
