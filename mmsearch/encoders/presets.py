"""The encoders that have a name here."""

from dataclasses import dataclass

from mmsearch.errors import EncoderError
from mmsearch.models.family import Family


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """An encoder that users can ask for by name."""

    folder: str  # of a model folder, relative to this package, or a hub id
    dim: int
    size_mb: int  # of its weights, 10^6 bytes
    licence: str
    languages: tuple[str, ...]  # BCP 47; "mul" is many
    source: str  # where the weights come from
    good_at: str
    texts: str | None = None  # hub id of what encodes texts, where another model does

    @property
    def hub_id(self) -> str | None:
        """The hub id, None for a folder of this package."""
        return self.folder if "/" in self.folder else None

    @property
    def hub_ids(self) -> tuple[str, ...]:
        """Every hub id that has to be on this machine."""
        return tuple(each for each in (self.hub_id, self.texts) if each is not None)


# Sizes are parameters × 4 bytes, the parameters counted by building each published configuration.
# "its code": the licence of the authors' code repository; what holds for the weights, the model card has to say.
ENCODERS: dict[str, EncoderSpec] = {
    "bundled": EncoderSpec(
        folder="bundled",
        dim=512,
        size_mb=52,
        licence="Apache-2.0 and MIT; see its model card",
        languages=("en", "zh"),
        source="EfficientNet-Lite2 and multilingual-e5-small, aligned by this project",
        good_at="everyday photographs, in English and Chinese, fast on a CPU; nothing to download",
    ),
    "clip-vit-b32": EncoderSpec(
        folder="openai/clip-vit-base-patch32",
        dim=512,
        size_mb=605,
        licence="MIT (its code); see the model card",
        languages=("en",),
        source="OpenAI, CLIP ViT-B/32 (arXiv:2103.00020)",
        good_at="a broad choice of subjects in English, fast for its size; well known, good to compare with",
    ),
    "clip-vit-l14": EncoderSpec(
        folder="openai/clip-vit-large-patch14",
        dim=768,
        size_mb=1710,
        licence="MIT (its code); see the model card",
        languages=("en",),
        source="OpenAI, CLIP ViT-L/14 (arXiv:2103.00020)",
        good_at="as clip-vit-b32, with more detail and at several times the cost",
    ),
    "siglip2-base": EncoderSpec(
        folder="google/siglip2-base-patch16-256",
        dim=768,
        size_mb=1501,
        licence="Apache-2.0",
        languages=("mul",),
        source="Google, SigLIP 2 B/16 at 256 px (arXiv:2502.14786)",
        good_at="whole sentences and fine detail, in many languages; a good first choice for a large library",
    ),
    "siglip2-so400m": EncoderSpec(
        folder="google/siglip2-so400m-patch14-384",
        dim=1152,
        size_mb=4544,
        licence="Apache-2.0",
        languages=("mul",),
        source="Google, SigLIP 2 So400m/14 at 384 px (arXiv:2502.14786)",
        good_at="the finest detail here, in many languages; wants a GPU",
    ),
    "chinese-clip-base": EncoderSpec(
        folder="OFA-Sys/chinese-clip-vit-base-patch16",
        dim=512,
        size_mb=753,
        licence="MIT (its code); see the model card",
        languages=("zh",),
        source="OFA-Sys, Chinese-CLIP ViT-B/16 with RoBERTa-wwm-base (arXiv:2211.01335)",
        good_at="Chinese queries, and what is Chinese in a picture",
    ),
    "chinese-clip-large": EncoderSpec(
        folder="OFA-Sys/chinese-clip-vit-large-patch14",
        dim=768,
        size_mb=1625,
        licence="MIT (its code); see the model card",
        languages=("zh",),
        source="OFA-Sys, Chinese-CLIP ViT-L/14 with RoBERTa-wwm-base (arXiv:2211.01335)",
        good_at="as chinese-clip-base, with more detail and at several times the cost",
    ),
    "multilingual-clip": EncoderSpec(
        folder="sentence-transformers/clip-ViT-B-32",
        texts="sentence-transformers/clip-ViT-B-32-multilingual-v1",
        dim=512,
        size_mb=1146,
        licence="Apache-2.0 (texts); MIT (pictures: CLIP's code); see the model cards",
        languages=("mul",),
        source="OpenAI's CLIP ViT-B/32 for pictures, a multilingual DistilBERT by sentence-transformers for texts",
        good_at="queries in more than 50 languages over the pictures of CLIP ViT-B/32",
    ),
}

ENCODER_FAMILY = Family("encoder", "encoder", {name: spec.hub_ids for name, spec in ENCODERS.items()}, EncoderError)
