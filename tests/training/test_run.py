import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import BadInput, TrainingError
from mmsearch.training import checkpoint, features
from mmsearch.training.heads_loop import HeadsLoop
from mmsearch.training.run import train
from tests.training.conftest import tiny_towers


def run(config, data, output, **changes):
    return train(config, data, output, towers=tiny_towers, **changes)


def losses(output):
    return [json.loads(line)["loss"] for line in (output / "log.jsonl").read_text().splitlines()]


class Killed(BaseException):
    """Stands for a signal: nothing on the way up handles it."""


def kill_at_epoch(number):
    def progress(told):
        if told.phase == "epochs" and told.done == number:
            raise Killed

    return progress


def test_goes_from_pictures_to_a_folder_that_can_be_searched_with(config, data, tmp_path):
    told = []

    report = run(config, data, tmp_path / "out", progress=told.append)

    encoder = load_encoder(str(report.folder), device="cpu")
    assert encoder.encode_texts(["red"]).shape == (1, 12)
    assert encoder.encode_images([Image.new("RGB", (9, 9))]).shape == (1, 12)
    assert report.epochs == 6
    assert losses(tmp_path / "out")[-1] < losses(tmp_path / "out")[0]
    assert [(r.dataset, r.language, r.pictures) for r in report.recall] == [
        ("drawn dev", "en", 6),
        ("drawn dev", "zh", 6),
    ]
    assert {"texts", "pictures of drawn, as it is", "pictures of drawn, flipped", "epochs"} <= {t.phase for t in told}
    assert all(0 <= each.done <= each.total for each in told)


def test_the_card_and_the_report_tell_the_figures_that_were_measured(config, data, tmp_path):
    report = run(config, data, tmp_path / "out", epochs=1)

    card = (report.folder / "README.md").read_text(encoding="utf8")
    saved = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf8"))
    assert f"/ {100 * report.recall[0].text_to_image.recall_at_10:.1f} |" in card
    assert saved["recall"][0]["text_to_image"]["recall_at_10"] == report.recall[0].text_to_image.recall_at_10
    assert saved["config"]["training"]["epochs"] == 1
    assert (report.folder / "NOTICE.md").is_file()


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_a_run_that_was_killed_goes_on_to_the_same_curve_and_weights(config, data, tmp_path, killed_at):
    whole = run(config, data, tmp_path / "whole")
    with pytest.raises(Killed):
        run(config, data, tmp_path / "cut", progress=kill_at_epoch(killed_at))
    assert len(losses(tmp_path / "cut")) == killed_at

    resumed = run(config, data, tmp_path / "cut")

    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    first, second = (load_encoder(str(each.folder), device="cpu") for each in (whole, resumed))
    assert np.array_equal(first.encode_texts(["red", "蓝"]), second.encode_texts(["red", "蓝"]))


def test_features_are_computed_once(config, data, tmp_path, monkeypatch):
    run(config, data, tmp_path / "out", epochs=1)
    for picture in (data / "drawn").glob("train-*.png"):
        picture.write_bytes(b"not a picture any more")

    run(config, data, tmp_path / "out", epochs=1, resume=False)


def test_starting_over_forgets_the_checkpoint(config, data, tmp_path):
    run(config, data, tmp_path / "out", epochs=2)

    report = run(config, data, tmp_path / "out", epochs=1, resume=False)

    assert report.epochs == len(losses(tmp_path / "out")) == 1


def test_another_seed_gives_another_curve(config, data, tmp_path):
    run(config, data, tmp_path / "a", epochs=1)
    run(config, data, tmp_path / "b", epochs=1, seed=5)

    assert losses(tmp_path / "a") != losses(tmp_path / "b")


def test_a_checkpoint_of_other_settings_is_refused(config, data, tmp_path):
    run(config, data, tmp_path / "out", epochs=1)

    with pytest.raises(TrainingError, match=r"epochs 1 instead of 2.*--fresh"):
        run(config, data, tmp_path / "out", epochs=2)


def test_a_checkpoint_of_another_shape_is_refused(config, data, tmp_path):
    run(config, data, tmp_path / "out", epochs=1)

    def wider(config, texts):
        made = tiny_towers(config, texts)
        made.network.text_head.widen = torch.nn.Linear(16, 9)
        made.network.text_head.narrow = torch.nn.Linear(9, 12)
        return made

    with pytest.raises(TrainingError, match="another shape"):
        train(config, data, tmp_path / "out", towers=wider, epochs=1)


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_checkpoint_is_refused(config, data, tmp_path, content):
    run(config, data, tmp_path / "out", epochs=1)
    (tmp_path / "out" / "checkpoint.pt").write_bytes(content)

    with pytest.raises(TrainingError, match="damaged"):
        run(config, data, tmp_path / "out", epochs=1)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint(config, data, tmp_path, monkeypatch):
    honest = HeadsLoop._loss

    def from_the_third_epoch_on(loop, texts):
        return honest(loop, texts) * (torch.nan if loop.epoch == 2 else 1)

    monkeypatch.setattr(HeadsLoop, "_loss", from_the_third_epoch_on)
    with pytest.raises(TrainingError, match=r"nan in epoch 3.*learning_rate"):
        run(config, data, tmp_path / "out")

    monkeypatch.undo()
    assert len(losses(tmp_path / "out")) == 2
    assert run(config, data, tmp_path / "out").epochs == 6


@pytest.mark.parametrize("place", ["features", "checkpoint"])
def test_a_full_disk_is_told_and_the_next_call_goes_on(config, data, tmp_path, monkeypatch, place):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((features.np, "save") if place == "features" else (checkpoint.torch, "save")), full)
    with pytest.raises(TrainingError, match=r"No space left.*Free some space"):
        run(config, data, tmp_path / "out")

    monkeypatch.undo()
    assert run(config, data, tmp_path / "out").epochs == 6


def test_data_that_are_not_there_are_named(config, data, tmp_path):
    with pytest.raises(TrainingError, match=r"drawn is not there.*docs/training.md"):
        run(config, tmp_path / "nowhere", tmp_path / "out")


def test_a_picture_that_is_not_there_is_named(config, data, tmp_path):
    (data / "drawn" / "train-red-0.png").unlink()

    with pytest.raises(TrainingError, match=r"train-red-0\.png is missing"):
        run(config, data, tmp_path / "out")


def test_a_picture_that_cannot_be_read_is_named(config, data, tmp_path):
    (data / "drawn" / "train-red-0.png").write_bytes(b"no picture")

    with pytest.raises(TrainingError, match=r"train-red-0\.png"):
        run(config, data, tmp_path / "out")


def test_a_caption_file_that_is_no_json_is_named(config, data, tmp_path):
    (data / "drawn" / "captions.jsonl").write_text("{", encoding="utf8")

    with pytest.raises(TrainingError, match="one JSON object a line"):
        run(config, data, tmp_path / "out")


def test_the_output_cannot_be_a_file(config, data, tmp_path):
    (tmp_path / "out").write_text("in the way")

    with pytest.raises(TrainingError, match="Cannot write"):
        run(config, data, tmp_path / "out")


def test_a_config_that_is_not_there_is_named(data, tmp_path):
    with pytest.raises(BadInput, match=r"none\.toml"):
        run(Path("none.toml"), data, tmp_path / "out")


def test_settings_are_plain_values(config):
    from mmsearch.training.config import read_config

    assert replace(read_config(config)).training.epochs == 6
