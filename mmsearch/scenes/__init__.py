"""Draws pictures of known content from a seed, and describes them in English and Chinese.

>>> from mmsearch.scenes import SceneGenerator
>>> scene = SceneGenerator(side=96, seed=4).scene(0)
>>> scene.picture.size
(96, 96)
"""

from mmsearch.scenes.describing import Detail, describe, say, title
from mmsearch.scenes.foils import Foil, FoilKind
from mmsearch.scenes.generator import Scene, SceneGenerator
from mmsearch.scenes.held_out import Allow, HeldOut, standard_held_out
from mmsearch.scenes.truth import Mention, Relation, SceneTruth, Statement, Verdict, fails, holds, judge
from mmsearch.scenes.vocabulary import Thing, vocabulary

__all__ = [
    "Allow",
    "Detail",
    "Foil",
    "FoilKind",
    "HeldOut",
    "Mention",
    "Relation",
    "Scene",
    "SceneGenerator",
    "SceneTruth",
    "Statement",
    "Thing",
    "Verdict",
    "describe",
    "fails",
    "holds",
    "judge",
    "say",
    "standard_held_out",
    "title",
    "vocabulary",
]
