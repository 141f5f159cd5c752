import inspect
import json

import pytest

from mmsearch.alignment import ALIGNERS, Aligner, aligner_class, load_aligner
from mmsearch.errors import BadInput, UnknownName

from .made import paired


def all_learners(base=Aligner):
    for child in base.__subclasses__():
        if child.__module__.startswith("mmsearch.") and not inspect.isabstract(child):
            yield child
        yield from all_learners(child)


def test_every_learner_is_registered():
    assert set(all_learners()) == set(ALIGNERS.values())


def test_every_parameter_is_documented():
    for learner in ALIGNERS.values():
        for parameter in learner().get_params():
            assert f"    {parameter}: " in inspect.cleandoc(learner.__doc__), f"{learner.__name__}: {parameter}"


def test_a_name_gives_its_learner_and_a_wrong_one_a_suggestion():
    assert aligner_class("cca") is ALIGNERS["cca"]
    with pytest.raises(UnknownName, match="Did you mean deep-cca"):
        aligner_class("deep-cc")


def test_a_folder_tells_its_method(tmp_path):
    image, text, _ = paired(50)
    ALIGNERS["multiset-cca"](ridges=(0.1, 0.2)).fit(image, text).save(tmp_path)

    loaded = load_aligner(tmp_path)

    assert type(loaded) is ALIGNERS["multiset-cca"]
    assert loaded.ridges == (0.1, 0.2)


def test_a_method_that_is_not_known_is_named(tmp_path):
    ALIGNERS["cca"]().fit(*paired(50)[:2]).save(tmp_path)
    content = json.loads((tmp_path / "aligner.json").read_text())
    (tmp_path / "aligner.json").write_text(json.dumps(content | {"method": "KCCA"}))

    with pytest.raises(UnknownName, match="KCCA"):
        load_aligner(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere"):
        load_aligner(tmp_path / "nowhere")
