import errno
import json

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from mmsearch.encoders.pair import pair_encoders
from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import BadInput, SourceError, TrainingError, UnknownName
from mmsearch.nets.folder import save_folder
from mmsearch.training import checkpoint
from mmsearch.training.config import read_finetune_config
from mmsearch.training.finetune import FINETUNE_CONFIG, epochs_for, finetune
from mmsearch.training.finetune_loop import FinetuneSettings
from tests.encoders import tiny_models
from tests.nets.tiny import tiny_network
from tests.training.captioned import captioned_folder

CONFIG = """
[finetuning]
epochs = 3
batch = 6
tower_rate = 1e-3
head_rate = 1e-2
adapter_rate = 1e-2
rank = 2
"""


@pytest.fixture
def folder(tmp_path):
    return captioned_folder(tmp_path / "pictures")


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "finetune.toml"
    path.write_text(CONFIG, encoding="utf8")
    return path


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Return a folder of each kind of encoder."""
    place = tmp_path_factory.mktemp("starts")
    save_folder(tiny_network(), place / "ours")
    for kind in ("clip", "siglip", "siglip2", "chinese_clip", "clip_of_sentence_transformers", "multilingual_texts"):
        getattr(tiny_models, f"save_{kind}")(place / kind)
    pair_encoders(str(place / "clip_of_sentence_transformers"), str(place / "multilingual_texts"), place / "pair")
    return place


def losses(output):
    return [json.loads(line)["loss"] for line in (output / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        *((kind, method) for kind in ("ours", "clip", "siglip") for method in ("full", "heads", "lora")),
        *((kind, "lora") for kind in ("siglip2", "chinese_clip", "pair")),
    ],
)
def test_makes_an_encoder_out_of_an_encoder(folder, config, starts, tmp_path, kind, method):
    told = []

    report = finetune(
        folder, tmp_path / "out", str(starts / kind), config_path=config, method=method, progress=told.append
    )

    tuned, start = (load_encoder(str(each), device="cpu") for each in (report.folder, starts / kind))
    assert tuned.dim == start.dim
    assert not np.allclose(tuned.encode_texts(["red"]), start.encode_texts(["red"]), atol=1e-3)
    assert (report.pictures, report.epochs, len(losses(tmp_path / "out"))) == (10, 3, 3)
    assert report.before.pictures == report.after.pictures == 12
    assert report.before.text_to_image.queries == report.after.text_to_image.queries > 0
    assert {each.phase for each in told} == {"pictures", "measuring", "epochs"}


def test_heads_are_far_fewer_weights_than_all(folder, config, starts, tmp_path):
    trained = {
        method: finetune(
            folder, tmp_path / method, str(starts / "clip"), config_path=config, method=method, epochs=1
        ).trained
        for method in ("full", "heads", "lora")
    }

    assert trained["heads"] < trained["lora"] < trained["full"]


def test_only_what_was_trained_is_changed(folder, config, starts, tmp_path):
    report = finetune(folder, tmp_path / "out", str(starts / "clip"), config_path=config, method="heads")

    before, after = (load_file(path / "model.safetensors") for path in (starts / "clip", report.folder))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {"text_projection.weight", "visual_projection.weight"}


class Killed(BaseException):
    """Stands for a signal: nothing on the way up handles it."""


@pytest.mark.parametrize(("kind", "method"), [("ours", "full"), ("clip", "lora")])
def test_a_killed_run_goes_on_to_the_same_curve_and_vectors(folder, config, starts, tmp_path, kind, method):
    def kill(told):
        if told.phase == "epochs" and told.done == 1:
            raise Killed

    def run(name, **options):
        return finetune(folder, tmp_path / name, str(starts / kind), config_path=config, method=method, **options)

    with pytest.raises(Killed):
        run("cut", progress=kill)
    whole, cut = run("whole"), run("cut")

    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    first, second = (load_encoder(str(each.folder), device="cpu") for each in (whole, cut))
    assert np.array_equal(first.encode_texts(["red", "a blue one"]), second.encode_texts(["red", "a blue one"]))


def test_report_card_and_list_of_what_was_left_out_lie_in_the_folder(folder, config, starts, tmp_path):
    (folder / "broken.png").write_bytes(b"\x89PNG")
    (folder / "broken.txt").write_text("broken")

    report = finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config)

    left_out = [json.loads(line) for line in (tmp_path / "out" / "left-out.jsonl").read_text().splitlines()]
    saved = json.loads((tmp_path / "out" / "report.json").read_text())
    card = (report.folder / "README.md").read_text()
    assert [row["path"] for row in left_out] == ["broken.png"] == [skip.path for skip in report.left_out]
    assert saved["left_out"] == left_out
    assert saved["config"]["batch"] == 6
    assert saved["after"]["text_to_image"]["recall_at_1"] == report.after.text_to_image.recall_at_1
    assert "before, held out | all | 12 |" in card
    assert "after, held out | all | 12 |" in card


def test_nothing_is_measured_if_nothing_is_held_out(folder, config, starts, tmp_path):
    config.write_text(CONFIG + "held_out = 0\n", encoding="utf8")

    report = finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config)

    assert (report.pictures, report.before, report.after) == (12, None, None)
    assert "nothing was measured" in (report.folder / "README.md").read_text()


def test_other_pictures_than_those_of_the_checkpoint_are_refused_unless_fresh(folder, config, starts, tmp_path):
    finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config)
    (folder / "red-0.txt").write_text("something else")

    with pytest.raises(TrainingError, match=r"other pictures or captions.*--fresh"):
        finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config)
    assert finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config, resume=False).epochs == 3


def test_a_folder_of_another_kind_is_replaced_as_a_whole(folder, config, starts, tmp_path):
    finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config)

    report = finetune(folder, tmp_path / "out", str(starts / "clip"), config_path=config, resume=False)

    assert not (report.folder / "checksums.json").exists()
    assert load_encoder(str(report.folder), device="cpu").encode_images([Image.new("RGB", (9, 9))]).shape == (1, 12)


def test_a_full_disk_keeps_the_last_checkpoint(folder, config, starts, tmp_path, monkeypatch):
    finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config, epochs=3)
    kept = (tmp_path / "out" / "checkpoint.pt").read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", full)

    with pytest.raises(TrainingError, match=r"No space left.*Free some space"):
        finetune(folder, tmp_path / "out", str(starts / "ours"), config_path=config, resume=False)
    assert (tmp_path / "out" / "checkpoint.pt").read_bytes() == kept


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("rankk = 3", "rankk"),
        ("method = 'half'", "knows the methods full, heads, lora"),
        ("batch = 1", "batch of 2 or more"),
        ("held_out = 1.0", "from 0 to below 1"),
    ],
)
def test_settings_that_cannot_be_used_are_named(folder, config, tmp_path, wrong, told):
    config.write_text(f"[finetuning]\n{wrong}\n", encoding="utf8")

    with pytest.raises(BadInput, match=told):
        finetune(folder, tmp_path / "out", config_path=config)


def test_the_config_of_a_pretraining_is_refused(folder, config, tmp_path):
    config.write_text("[pretraining]\nepochs = 1\n", encoding="utf8")

    with pytest.raises(BadInput, match="pretraining"):
        finetune(folder, tmp_path / "out", config_path=config)


def test_a_start_or_a_folder_that_is_not_there_is_named(folder, tmp_path, starts):
    with pytest.raises(UnknownName, match="bundled"):
        finetune(folder, tmp_path / "out", "bundeld")
    with pytest.raises(SourceError, match="nowhere"):
        finetune(tmp_path / "nowhere", tmp_path / "out", str(starts / "ours"))


def test_the_config_that_comes_along_says_what_the_settings_default_to():
    assert read_finetune_config(FINETUNE_CONFIG, {}) == FinetuneSettings()


@pytest.mark.parametrize(("pictures", "epochs"), [(40, 20), (1000, 20), (2000, 10), (5000, 4), (50_000, 3)])
def test_fewer_pictures_are_looked_at_more_often(pictures, epochs):
    assert epochs_for(pictures) == epochs
