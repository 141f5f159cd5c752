"""The alignment laboratory: from two frozen encoders and captioned pictures to one encoder, compared and measured."""

from mmsearch.laboratory.methods import ALL
from mmsearch.laboratory.pairs import CaptionedSet
from mmsearch.laboratory.report import AlignReport, Drawing, MethodResult, Spread
from mmsearch.laboratory.run import AlignSettings, align

__all__ = ["ALL", "AlignReport", "AlignSettings", "CaptionedSet", "Drawing", "MethodResult", "Spread", "align"]
