"""The learners that stand alone."""

from mmsearch.alignment.adversarial import AdversarialAligner
from mmsearch.alignment.autoencoder import MultimodalAutoencoder
from mmsearch.alignment.base import Aligner
from mmsearch.alignment.cca import CCA
from mmsearch.alignment.contrastive import ContrastiveHeads
from mmsearch.alignment.deep_cca import DeepCCA
from mmsearch.alignment.graph_network import GraphAligner
from mmsearch.alignment.kernel_cca import KernelCCA
from mmsearch.alignment.multiset_cca import MultisetCCA

LEARNERS: dict[str, type[Aligner]] = {
    "cca": CCA,
    "kernel-cca": KernelCCA,
    "multiset-cca": MultisetCCA,
    "contrastive": ContrastiveHeads,
    "deep-cca": DeepCCA,
    "autoencoder": MultimodalAutoencoder,
    "adversarial": AdversarialAligner,
    "graph": GraphAligner,
}
