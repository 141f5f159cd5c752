"""The re-rankers that have a name here."""

from dataclasses import dataclass

from mmsearch.errors import RerankerError
from mmsearch.models.family import Family
from mmsearch.types import Modality

BUNDLED = "bundled"  # name of the re-ranker that comes with mmsearch


@dataclass(frozen=True, slots=True)
class RerankerSpec:
    """A re-ranker that users can ask for by name."""

    hub_id: str | None  # None: it comes with mmsearch
    reads: Modality  # pictures, or what is written about them
    size_mb: int  # of its weights, 10^6 bytes
    licence: str
    languages: tuple[str, ...]  # BCP 47; "mul" is many
    source: str  # where the weights come from
    good_at: str


# Sizes are parameters × 4 bytes, the parameters counted by building each published configuration.
# "its code": the licence of the authors' code repository; what holds for the weights, the model card has to say.
RERANKERS: dict[str, RerankerSpec] = {
    BUNDLED: RerankerSpec(
        hub_id=None,
        reads=Modality.IMAGE,
        size_mb=11,
        licence="Apache-2.0 and MIT; see its model card",
        languages=("en", "zh"),
        source="trained by this project, on top of the bundled encoder",
        good_at="everyday photographs and drawn scenes, fast on a CPU; its probabilities are calibrated",
    ),
    "blip-coco": RerankerSpec(
        hub_id="Salesforce/blip-itm-base-coco",
        reads=Modality.IMAGE,
        size_mb=895,
        licence="BSD-3-Clause (its code); see the model card",
        languages=("en",),
        source="Salesforce, BLIP ViT-B/16, fine-tuned on COCO (arXiv:2201.12086)",
        good_at="sentences about everyday photographs; well known, good to compare with",
    ),
    "blip-flickr": RerankerSpec(
        hub_id="Salesforce/blip-itm-base-flickr",
        reads=Modality.IMAGE,
        size_mb=895,
        licence="BSD-3-Clause (its code); see the model card",
        languages=("en",),
        source="Salesforce, BLIP ViT-B/16, fine-tuned on Flickr30k (arXiv:2201.12086)",
        good_at="as blip-coco, fine-tuned on other photographs",
    ),
    "blip-large-coco": RerankerSpec(
        hub_id="Salesforce/blip-itm-large-coco",
        reads=Modality.IMAGE,
        size_mb=1785,
        licence="BSD-3-Clause (its code); see the model card",
        languages=("en",),
        source="Salesforce, BLIP ViT-L/16, fine-tuned on COCO (arXiv:2201.12086)",
        good_at="as blip-coco, larger and slower",
    ),
    "blip-large-flickr": RerankerSpec(
        hub_id="Salesforce/blip-itm-large-flickr",
        reads=Modality.IMAGE,
        size_mb=1785,
        licence="BSD-3-Clause (its code); see the model card",
        languages=("en",),
        source="Salesforce, BLIP ViT-L/16, fine-tuned on Flickr30k (arXiv:2201.12086)",
        good_at="as blip-flickr, larger and slower",
    ),
    "blip2": RerankerSpec(
        hub_id="Salesforce/blip2-itm-vit-g",
        reads=Modality.IMAGE,
        size_mb=4688,
        licence="BSD-3-Clause (its code); see the model card",
        languages=("en",),
        source="Salesforce, BLIP-2 with ViT-g (arXiv:2301.12597)",
        good_at="sentences, with a much larger network for pictures; wants a GPU",
    ),
    "qwen3-vl-2b": RerankerSpec(
        hub_id="Qwen/Qwen3-VL-Reranker-2B",
        reads=Modality.IMAGE,
        size_mb=8510,
        licence="Apache-2.0",
        languages=("mul",),
        source="Qwen, Qwen3-VL-Reranker-2B",
        good_at="many languages, and writing in pictures; reads pixels anew for every query and wants a GPU",
    ),
    "minilm": RerankerSpec(
        hub_id="cross-encoder/ms-marco-MiniLM-L6-v2",
        reads=Modality.TEXT,
        size_mb=91,
        licence="Apache-2.0",
        languages=("en",),
        source="sentence-transformers, MiniLM of 6 layers, trained on MS MARCO",
        good_at="questions and keywords against captions in English, fast on a CPU",
    ),
    "bge-m3": RerankerSpec(
        hub_id="BAAI/bge-reranker-v2-m3",
        reads=Modality.TEXT,
        size_mb=2271,
        licence="Apache-2.0",
        languages=("mul",),
        source="BAAI, bge-reranker-v2-m3, on XLM-RoBERTa large",
        good_at="captions in many languages",
    ),
}

RERANKER_FAMILY = Family(
    "re-ranker",
    "reranker",
    {name: () if spec.hub_id is None else (spec.hub_id,) for name, spec in RERANKERS.items()},
    RerankerError,
)
