import json
from pathlib import Path

import pytest

import mmsearch.cli.train as train_module
from mmsearch.errors import TrainingError
from mmsearch.types import Skip
from tests.cli.conftest import Run
from tests.cli.fakes import FakeEngine


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Replace the training by one that takes no time; return what it was called with."""
    run_module = pytest.importorskip("mmsearch.training.run")
    calls: list[dict[str, object]] = []

    def train(config, data, output, *, resume=True, progress=None, epochs=None):
        calls.append({"config": config.name, "data": data, "output": output, "resume": resume, "epochs": epochs})
        if data == Path("nowhere"):
            raise TrainingError("There is no data in nowhere.")
        progress(run_module.TrainProgress("epochs", 1, 2, 3.21))
        progress(run_module.TrainProgress("epochs", 2, 2, 3.05))
        recall = (FakeEngine().evaluate_source("flickr8k", split="dev", language="en"),)
        return run_module.TrainReport(
            folder=output / "model",
            epochs=2,
            loss=3.05,
            epoch_seconds=90.0,
            seconds=65.0,
            weights_mb=55.3,
            recall=recall,
            recall_float32=recall,
        )

    monkeypatch.setattr(run_module, "train", train)
    return calls


def test_trains_the_bundled_encoder_unless_told_otherwise(run: Run, trained) -> None:
    done = run("train", "--data", "data", "--output", "out")

    assert trained == [
        {"config": "bundled.toml", "data": Path("data"), "output": Path("out"), "resume": True, "epochs": None}
    ]
    assert done.stdout.splitlines()[:2] == [
        "out/model: 55.3 MB of weights",
        "2 epochs, last loss 3.0500, 1:05 in this run",
    ]
    assert "flickr8k dev, en, encoder tiny" in done.stdout


def test_each_epoch_gets_a_line_in_a_log(run: Run, trained) -> None:
    done = run("train", "--data", "data", "--output", "out")

    assert done.stderr.splitlines() == ["epochs, loss 3.2100  1/2 (50 %)", "epochs, loss 3.0500  2/2 (100 %)"]


def test_fresh_forgets_the_checkpoint(run: Run, trained) -> None:
    run("train", "--config", "mine.toml", "--data", "data", "--output", "out", "--fresh")

    assert trained[0]["config"] == "mine.toml"
    assert trained[0]["resume"] is False


def test_json_is_the_report(run: Run, trained) -> None:
    report = json.loads(run("train", "--data", "data", "--output", "out", "--json").stdout)

    assert report["folder"] == "out/model"
    assert report["recall"][0]["text_to_image"]["recall_at_10"] == 1.0


def test_a_training_that_cannot_go_on_ends_with_1(run: Run, trained) -> None:
    done = run("train", "--data", "nowhere", "--output", "out")

    assert done.exit_code == 1
    assert done.stderr == "Error: There is no data in nowhere.\n"


def test_with_a_start_the_towers_are_trained_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("mmsearch.training.pretrain")
    calls = []

    def pretrain(config, data, output, start, *, resume=True, progress=None, epochs=None):
        calls.append((config.name, start, resume, epochs))
        recall = (FakeEngine().evaluate_source("flickr8k", split="dev", language="en"),)
        return module.PretrainReport(output / "encoder", output / "matcher", 4, 2.5, 90.0, 65.0, 62.4, recall)

    monkeypatch.setattr(module, "pretrain", pretrain)

    done = run("train", "--start", "runs/heads/model", "--data", "data", "--output", "out", "--epochs", "4")

    assert calls == [("pretrain.toml", Path("runs/heads/model"), True, 4)]
    assert done.stdout.splitlines()[:2] == [
        "out/encoder: 62.4 MB of weights",
        "4 epochs, last loss 2.5000, 1:05 in this run",
    ]


@pytest.fixture
def finetuned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Replace the fine-tuning by one that takes no time; return what it was called with."""
    module = pytest.importorskip("mmsearch.training.finetune")
    calls: list[dict[str, object]] = []

    def finetune(root, output, start, **options):
        calls.append({"root": root, "start": start} | {key: options[key] for key in ("method", "epochs", "device")})
        recall = FakeEngine().evaluate_source("flickr8k", split="dev", language="en")
        return module.FinetuneReport(
            folder=output / "encoder",
            start=start,
            method="full",
            pictures=48,
            captions=120,
            shared=2,
            left_out=(Skip("a.jpg", "is empty (0 bytes)"), Skip("b.jpg", "is empty (0 bytes)")),
            trained=1000,
            epochs=20,
            loss=1.25,
            epoch_seconds=90.0,
            seconds=65.0,
            weights_mb=52.0,
            before=recall,
            after=recall,
        )

    monkeypatch.setattr(module, "finetune", finetune)
    return calls


def test_a_folder_of_pictures_fine_tunes_the_bundled_encoder(run: Run, finetuned) -> None:
    done = run("train", "--folder", "pictures", "--output", "out", env={"MMSEARCH_DEVICE": "cpu"})

    assert finetuned == [
        {"root": Path("pictures"), "start": "bundled", "method": None, "epochs": None, "device": "cpu"}
    ]
    assert done.stdout.splitlines()[:5] == [
        "out/encoder: 52.0 MB of weights",
        "20 epochs, last loss 1.2500, 1:05 in this run",
        "learnt from 48 pictures with 120 captions, 2 of them beside several pictures",
        "  left out: 2 (--verbose lists every file)",
        "    2 × is empty (0 bytes): such as a.jpg",
    ]
    assert done.stdout.count("text → image") == 2


def test_verbose_lists_every_file_that_was_left_out(run: Run, finetuned) -> None:
    done = run("train", "--folder", "pictures", "--output", "out", "--verbose")

    assert "    b.jpg: is empty (0 bytes)" in done.stdout.splitlines()


def test_a_fine_tuning_can_be_told_start_method_and_epochs(run: Run, finetuned) -> None:
    run(
        *("train", "--folder", "pictures", "--output", "out"),
        *("--start", "clip-vit-b32", "--method", "lora", "--epochs", "3"),
    )

    assert (finetuned[0]["start"], finetuned[0]["method"], finetuned[0]["epochs"]) == ("clip-vit-b32", "lora", 3)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "either --folder"),
        (("--folder", "pictures", "--data", "data"), "either --folder"),
        (("--data", "data", "--method", "lora"), "--method is for fine-tuning"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run: Run, options, told) -> None:
    done = run("train", "--output", "out", *options)

    assert done.exit_code == 2
    assert told in done.stderr


def test_the_methods_are_those_of_the_loop() -> None:
    loop = pytest.importorskip("mmsearch.training.finetune_loop")

    assert train_module.METHODS == loop.METHODS
