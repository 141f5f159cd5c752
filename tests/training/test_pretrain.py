import json

import pytest
import torch

import mmsearch.training.pretrain as pretraining
from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import BadInput, TrainingError
from mmsearch.nets.dual_network import checksums, load_network
from mmsearch.nets.efficientnet_lite import FEATURES, VARIANTS, EfficientNetLite
from mmsearch.nets.folder import save_folder
from mmsearch.nets.matcher_network import belongs_to, load_matcher
from mmsearch.training.classifier import Classifier
from mmsearch.training.config import read_pretrain_config
from mmsearch.training.run import train
from tests.nets.tiny import tiny_network
from tests.training.captioned import captioned_folder

CONFIG = """
name = "tiny"

[pretraining]
epochs = 2
steps = 2
frozen_layers = 1
warm_up = 1
image_rate = 1e-3
new_rate = 0.01

[pretraining.objectives]
cache = 8
read = 1.0

[matcher]
start = 1
layers = 1
width = 8
grid = 2

[photos]
side = 33
batch = 4

[scenes]
sides = [48]
batch = 2

[[datasets]]
name = "drawn"
captions = "drawn/captions.jsonl"
splits = ["train"]
dev = "dev"
licence = "CC0"
source = "drawn by the test"

[classes]
names = "classes.jsonl"
classifier = "lite0"
count = 4
licence = "CC0"
source = "made up"
"""
MATCHER = (
    CONFIG.partition("[classes]")[0]
    .replace("image_rate = 1e-3", "accumulate = 2\nimage_rate = 0.0\ntext_rate = 0.0\nhead_rate = 0.0")
    .replace("cache = 8", "itc = 0.0")
    .replace("batch = 4", "batch = 4\nalike = 2\nrepeat = 3")
)  # on an encoder that stays as it is


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "pretrain.toml"
    path.write_text(CONFIG, encoding="utf8")
    return path


def pretrain(config, data, output, start, **options):
    return pretraining.pretrain(config, data, output, start, classifiers=tiny_classifier, **options)


def tiny_classifier(variant, classes=6):
    sizes, generator = VARIANTS[variant], torch.Generator().manual_seed(0)
    tower = EfficientNetLite(sizes.width, sizes.depth).state_dict()
    return Classifier(tower, torch.rand(classes, FEATURES, generator=generator), torch.zeros(classes))


@pytest.fixture
def start(tmp_path):
    save_folder(tiny_network(), tmp_path / "start")
    return tmp_path / "start"


def log(output):
    return [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]


def test_goes_from_an_encoder_to_a_better_one_and_its_matcher(config, data, start, tmp_path):
    told = []

    report = pretrain(config, data, tmp_path / "out", start, progress=told.append)

    assert load_encoder(str(report.folder), device="cpu").encode_texts(["red"]).shape == (1, 12)
    matcher = load_matcher(report.matcher, load_network(report.folder, torch.device("cpu")))
    assert matcher.shape.width == 8
    assert [each.dataset for each in report.recall] == ["drawn dev"] * 2
    assert [each.done for each in told if each.phase == "epochs"] == [0, 1, 2]
    objectives = {"photos classes", "photos itc", "photos itm", "photos mlm", "scenes itc", "scenes itm", "scenes mlm"}
    assert all(objectives < line.keys() for line in log(tmp_path / "out"))


@pytest.mark.parametrize(
    ("path", "encoder"), [(pretraining.PRETRAIN_CONFIG, True), (pretraining.MATCHER_CONFIG, False)]
)
def test_the_configs_that_come_with_mmsearch_train_the_one_or_the_other(path, encoder):
    settings = read_pretrain_config(path).pretraining

    assert (settings.trains_encoder, settings.trains_matcher) == (encoder, not encoder)


def test_the_side_that_pictures_are_read_at_afterwards_can_be_another(config, data, start, tmp_path):
    config.write_text(CONFIG.replace('name = "tiny"', 'name = "tiny"\nside = 40'), encoding="utf8")

    report = pretrain(config, data, tmp_path / "out", start, epochs=1)

    assert load_encoder(str(report.folder), device="cpu").image_side == 40


def test_a_matcher_can_be_trained_on_an_encoder_that_stays_as_it_is(config, data, start, tmp_path):
    (start / "README.md").write_text("a card", encoding="utf8")
    config.write_text(MATCHER, encoding="utf8")

    report = pretrain(config, data, tmp_path / "out", start)

    assert {path.name: path.read_bytes() for path in report.folder.iterdir() if path.is_file()} == {
        path.name: path.read_bytes() for path in start.iterdir() if path.is_file()
    }
    assert belongs_to(report.matcher) == checksums(start)
    assert "2 epochs of 2 steps" in (report.matcher / "README.md").read_text(encoding="utf8")


def test_workers_come_to_what_one_process_does(config, data, start, tmp_path):
    reports = []
    for workers in (1, 2):
        config.write_text(MATCHER.replace("steps = 2", f"steps = 2\nworkers = {workers}"), encoding="utf8")
        reports.append(pretrain(config, data, tmp_path / str(workers), start))

    alone, shared = reports
    assert shared.loss == pytest.approx(alone.loss, rel=5e-4)  # sums in bfloat16 depend on the threads


@pytest.mark.parametrize("kinds", ['["relations"]', "[]"])
def test_lessons_of_unknown_kinds_are_refused(config, data, start, tmp_path, kinds):
    config.write_text(f"{MATCHER}\n[[scenes.lessons]]\nkinds = {kinds}\n", encoding="utf8")

    with pytest.raises(BadInput, match=r"needs kinds among object, .*got (relations|none)\."):
        pretrain(config, data, tmp_path / "out", start)


def test_contrast_alone_makes_no_matcher(config, data, start, tmp_path):
    config.write_text(CONFIG.replace("cache = 8", "cache = 8\nitm = 0.0\nmlm = 0.0"), encoding="utf8")

    report = pretrain(config, data, tmp_path / "out", start)

    assert report.matcher is None
    assert not (tmp_path / "out" / "matcher").exists()
    assert (report.folder / "README.md").is_file()


class Killed(BaseException):
    """Stands for a signal: nothing on the way up handles it."""


def test_a_stopped_run_goes_on_to_the_same_curve(config, data, start, tmp_path):
    def kill(told):
        if told.phase == "epochs" and told.done == 1:
            raise Killed

    with pytest.raises(Killed):
        pretrain(config, data, tmp_path / "stopped", start, progress=kill)
    pretrain(config, data, tmp_path / "stopped", start)
    pretrain(config, data, tmp_path / "whole", start)

    stopped, whole = ([line["loss"] for line in log(tmp_path / each)] for each in ("stopped", "whole"))
    assert stopped == pytest.approx(whole, abs=0.02)


def test_more_epochs_can_be_added_and_anything_else_is_refused(config, data, start, tmp_path):
    pretrain(config, data, tmp_path / "out", start)

    assert pretrain(config, data, tmp_path / "out", start, epochs=3).epochs == 3

    config.write_text(CONFIG.replace("new_rate = 0.01", "new_rate = 0.02"), encoding="utf8")
    with pytest.raises(TrainingError, match=r"new_rate 0\.01 instead of 0\.02"):
        pretrain(config, data, tmp_path / "out", start)


def test_learns_from_folders_too_and_tells_what_it_left_out(config, data, start, tmp_path):
    captioned_folder(data / "mine")
    (data / "mine" / "letter.docx").write_bytes(b"PK")
    folders = '[[folders]]\npath = "mine"\nheld_out = 0.25\n'
    config.write_text(CONFIG[: CONFIG.index("[[datasets]]")] + folders, encoding="utf8")

    report = pretrain(config, data, tmp_path / "out", start, epochs=1)

    assert [(each.dataset, each.pictures) for each in report.recall] == [("mine, held out", 3)]
    assert [skip.path for skip in report.left_out] == ["letter.docx"]
    assert "letter.docx" in (tmp_path / "out" / "left-out.jsonl").read_text()
    assert log(tmp_path / "out")[0]["photos itc"] > 0


def test_an_encoder_that_is_not_there_is_named(config, data, tmp_path):
    with pytest.raises(TrainingError, match="nowhere"):
        pretrain(config, data, tmp_path / "out", tmp_path / "nowhere")


def test_fusion_layers_must_fit_the_text_tower(config, data, start, tmp_path):
    config.write_text(CONFIG.replace("start = 1\nlayers = 1", "start = 1\nlayers = 4"), encoding="utf8")

    with pytest.raises(TrainingError, match="has 2 layers"):
        pretrain(config, data, tmp_path / "out", start)


def test_class_names_must_fit_the_classifier(config, data, start, tmp_path):
    (data / "classes.jsonl").write_text('{"names": ["red"]}\n', encoding="utf8")

    with pytest.raises(TrainingError, match="names 1 classes, but lite0 knows 6"):
        pretrain(config, data, tmp_path / "out", start)


def test_a_classifier_that_is_not_there_is_named(config, data, start, tmp_path):
    config.write_text(CONFIG.replace('"lite0"', '"lite9"'), encoding="utf8")

    with pytest.raises(BadInput, match="no classifier 'lite9'"):
        pretrain(config, data, tmp_path / "out", start)


def test_unknown_objectives_are_named(config, data, start, tmp_path):
    config.write_text(CONFIG.replace("cache = 8", "cash = 8"), encoding="utf8")

    with pytest.raises(BadInput, match="cash"):
        pretrain(config, data, tmp_path / "out", start)


def test_a_config_for_pretraining_asks_for_a_start(config, data, tmp_path):
    with pytest.raises(BadInput, match="--start"):
        train(config, data, tmp_path / "out")
