"""Fine-tuning: from an encoder and a folder of captioned pictures to an encoder that knows them better."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shutil import rmtree

from safetensors import SafetensorError

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.registry import load_encoder
from mmsearch.encoders.trainable import TrainableEncoder, open_trainable
from mmsearch.evaluation import EvaluationReport
from mmsearch.training.adapters import add_adapters, merge_adapters
from mmsearch.training.checkpoint import logged_seconds, train_epochs
from mmsearch.training.config import read_finetune_config
from mmsearch.training.features import digest, replace_text, writing
from mmsearch.training.finetune_card import finetune_card
from mmsearch.training.finetune_loop import FinetuneLoop, FinetuneSettings
from mmsearch.training.folders import read_folder, write_left_out
from mmsearch.training.heap import keep_freed_memory
from mmsearch.training.measure import measure_among
from mmsearch.training.run import TrainProgress
from mmsearch.types import Skip

FINETUNE_CONFIG = Path(__file__).parent / "configs" / "finetune.toml"
LOOKS = 20_000  # at a picture, where nobody names a number of epochs; half an hour of the bundled encoder on two cores
_AMONG = 1_000  # pictures that were learnt from, beside those held out, when these are searched for
_EPOCHS = (3, 20)  # fewest and most of them


@dataclass(frozen=True, slots=True)
class FinetuneReport:
    """What a fine-tuning made."""

    folder: Path  # of the encoder
    start: str
    method: str
    pictures: int  # learnt from
    captions: int  # of these
    shared: int  # captions that stand beside more than one picture
    left_out: tuple[Skip, ...]  # files and lines that nothing could be learnt from, and why
    trained: int  # weights
    epochs: int
    loss: float  # of the last epoch, in nats
    epoch_seconds: float  # of all epochs, those of earlier calls included
    seconds: float  # of this call
    weights_mb: float  # 10^6 bytes
    before: EvaluationReport | None  # of the start, by captions that were held out; None if none were
    after: EvaluationReport | None  # of the exported folder by the same, as it is used


def finetune(
    root: Path,
    output: Path,
    start: str = "bundled",
    *,
    config_path: Path = FINETUNE_CONFIG,
    method: str | None = None,
    epochs: int | None = None,
    resume: bool = True,
    progress: Callable[[TrainProgress], None] | None = None,
    device: str = "auto",
) -> FinetuneReport:
    """Train an encoder further on captioned pictures.

    Safe to stop at any time: the same call goes on where it was and reaches the same result.

    Args:
        root: A folder of pictures with captions, as the indexer reads them; or a caption file.
        output: Folder of the run. Gets `encoder/`, the result; `checkpoint.pt`; `log.jsonl`; `report.json`; and
            `left-out.jsonl`, every file that nothing could be learnt from with the reason.
        start: As `load_encoder` takes it.
        config_path: A TOML file with a table `[finetuning]`.
        method: Instead of the config's: full, heads or lora.
        epochs: Instead of the config's.
        resume: Go on from the last checkpoint if there is one.
        progress: Called as the run goes on.
        device: "auto" (CUDA where there is one), "cpu", "cuda", …

    Raises:
        BadInput: If the config cannot be used.
        UnknownName: If no encoder is called `start`.
        EncoderError: If it cannot be loaded.
        SourceError: If the folder is not there.
        TrainingError: If too few pictures have captions, the loss is not finite, a checkpoint does not fit or the
            disk is full. Checkpoints made so far are kept.
    """
    asked = {key: value for key, value in (("method", method), ("epochs", epochs)) if value is not None}
    settings = read_finetune_config(config_path, asked)
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    return _Run(root, output, start, settings, progress or (lambda _: None), device).go(resume)


def epochs_for(pictures: int) -> int:
    """Return as many epochs as suit a number of pictures."""
    fewest, most = _EPOCHS
    return min(most, max(fewest, round(LOOKS / pictures)))


class _Run:
    """One call of `finetune`, step by step."""

    def __init__(
        self,
        root: Path,
        output: Path,
        start: str,
        settings: FinetuneSettings,
        progress: Callable[[TrainProgress], None],
        device: str,
    ) -> None:
        self.output, self.start, self.device = output, start, device
        self.progress, self.began = progress, time.monotonic()
        self.settings = settings
        self.encoder, _ = self._opened()  # what cannot be trained is told before the pictures are read
        self.folder = read_folder(root, held_out=settings.held_out, seed=settings.seed, progress=self._looked)
        if not settings.epochs:
            self.settings = replace(settings, epochs=epochs_for(len(self.folder.train)))

    def _looked(self, done: int, total: int) -> None:
        self.progress(TrainProgress("pictures", done, total))

    def _opened(self) -> tuple[TrainableEncoder, Callable[[], None]]:
        """Return the start in float32, with adapters if the method wants some, and what merges these."""
        encoder = open_trainable(self.start, device=self.device)
        if self.settings.method != "lora":
            return encoder, lambda: None
        adapted = add_adapters(encoder.network, encoder.adaptable(), self.settings.rank, self.settings.seed)
        return encoder, lambda: merge_adapters(adapted)

    def go(self, resume: bool) -> FinetuneReport:
        """Do what is left to do."""
        write_left_out(self.output, self.folder.left_out)
        before, material = self._of_start()
        loop = FinetuneLoop(self.encoder, self.folder.train, self.settings, material)
        losses = train_epochs(
            loop,
            self.output,
            resume,
            lambda done, loss: self.progress(TrainProgress("epochs", done, self.settings.epochs, loss)),
        )
        folder = self._export(loop)
        report = FinetuneReport(
            folder=folder,
            start=self.start,
            method=self.settings.method,
            pictures=len(self.folder.train),
            captions=self.folder.captions,
            shared=self.folder.shared,
            left_out=self.folder.left_out,
            trained=sum(weight.numel() for weight in loop.averaged().values()),
            epochs=len(losses),
            loss=losses[-1],
            epoch_seconds=logged_seconds(self.output),
            seconds=time.monotonic() - self.began,
            weights_mb=sum(path.stat().st_size for path in folder.rglob("*.safetensors")) / 1e6,
            before=before,
            after=self._measured(load_encoder(str(folder), device=self.device), "after"),
        )
        self._write(report)
        return report

    def _of_start(self) -> tuple[EvaluationReport | None, str]:
        """Return the recall of the start, and what tells one combination of start and captions from another."""
        start = load_encoder(self.start, device=self.device)
        pictures = [f"{picture.path} {picture.texts}" for picture in self.folder.train]
        return self._measured(start, "before"), digest([start.fingerprint, *pictures])

    def _measured(self, encoder: DualEncoder, when: str) -> EvaluationReport | None:
        """Return how the captions held out find their pictures among the others, None if none are held out."""
        self.progress(TrainProgress("measuring", 0, 1))
        held_out, others = self.folder.held_out, self.folder.train[:_AMONG]
        return measure_among(encoder, held_out, others, f"{when}, held out") if held_out else None

    def _export(self, loop: FinetuneLoop) -> Path:
        """Write the averaged weights as an encoder; one of an earlier call stays until the new one is whole.

        What was not trained is taken from the start in full precision, not from what ran in fewer bits.
        """
        encoder, merge = self._opened()
        encoder.network.load_state_dict(loop.averaged(), strict=False)
        merge()
        folder, part = self.output / "encoder", self.output / "encoder.part"
        with writing(folder):
            rmtree(part, ignore_errors=True)
            part.mkdir()
            try:
                encoder.save(part)
            except SafetensorError as error:  # the library reports a full disk so
                raise OSError(str(error)) from error
            rmtree(folder, ignore_errors=True)
            part.replace(folder)
        return folder

    def _write(self, report: FinetuneReport) -> None:
        """Put the report beside the encoder, and a card into it."""
        plain = asdict(report) | {"config": asdict(self.settings)}
        text = json.dumps(plain, indent=2, ensure_ascii=False, default=str) + "\n"
        replace_text(self.output / "report.json", text)
        replace_text(report.folder / "README.md", finetune_card(report))
