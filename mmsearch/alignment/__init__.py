"""Learners that bring frozen features of two modalities into one space."""

from mmsearch.alignment.base import Aligner, FitProgress, ViewsAligner
from mmsearch.alignment.registry import ALIGNERS, aligner_class, load_aligner

__all__ = ["ALIGNERS", "Aligner", "FitProgress", "ViewsAligner", "aligner_class", "load_aligner"]
