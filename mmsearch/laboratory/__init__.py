"""The alignment laboratory: from two frozen encoders and captioned pictures to one encoder, compared and measured."""

from mmsearch.laboratory.methods import ALL
from mmsearch.laboratory.report import AlignReport, MethodResult, Spread
from mmsearch.laboratory.run import AlignSettings, align

__all__ = ["ALL", "AlignReport", "AlignSettings", "MethodResult", "Spread", "align"]
