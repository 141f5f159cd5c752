import os

import pytest

from mmsearch.encoders.registry import ENCODERS, list_encoders, load_encoder
from mmsearch.errors import EncoderError, UnknownName


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name():
    with pytest.raises(UnknownName, match=r"bundeld.*Did you mean bundled"):
        load_encoder("bundeld")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"modules\.json"):
        load_encoder(str(tmp_path))


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(UnknownName):
        load_encoder("/no/such/folder")


def test_every_encoder_is_listed_with_what_one_wants_to_know():
    listed = {info.name: info for info in list_encoders()}

    assert listed.keys() == ENCODERS.keys()
    assert all(info.licence and info.source and info.good_at and info.languages for info in listed.values())


def test_waiting_threads_sleep_unless_the_user_says_otherwise(monkeypatch, tmp_path):
    for before, after in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
        if before:
            monkeypatch.setenv("OMP_WAIT_POLICY", before)

        with pytest.raises(EncoderError):
            load_encoder(str(tmp_path))

        assert os.environ["OMP_WAIT_POLICY"] == after
