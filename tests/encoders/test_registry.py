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
    assert [name for name, info in listed.items() if info.hub_id is None] == ["bundled"]


def test_lists_which_are_on_this_machine(tiny, hub_cache, tmp_path):
    assert {info.name for info in list_encoders() if info.installed} == {"bundled"}
    hub_cache("openai/clip-vit-base-patch32", tiny("clip"))
    (tmp_path / "models" / "google").mkdir(parents=True)
    (tmp_path / "models" / "google" / "siglip2-base-patch16-256").symlink_to(tiny("siglip"))

    installed = {info.name for info in list_encoders(tmp_path / "models") if info.installed}

    assert installed == {"bundled", "clip-vit-b32", "siglip2-base"}


def test_a_preset_is_loaded_from_where_it_lies(tiny, hub_cache):
    hub_cache("openai/clip-vit-base-patch32", tiny("clip"))

    encoder, same = (load_encoder(name, device="cpu") for name in ("clip-vit-b32", "openai/clip-vit-base-patch32"))

    assert encoder.name == "clip-vit-b32"
    assert encoder.fingerprint == same.fingerprint == load_encoder(str(tiny("clip"))).fingerprint


@pytest.mark.parametrize(
    ("name", "hub_id"),
    [("clip-vit-l14", "openai/clip-vit-large-patch14"), ("nobody/nothing-of-the-kind", "nobody/nothing-of-the-kind")],
)
def test_what_is_not_on_this_machine_is_named_with_the_way_to_get_it(hub_cache, name, hub_id):
    with pytest.raises(EncoderError) as told:
        load_encoder(name)

    assert f"({hub_id}) is not on this machine" in str(told.value)
    assert f"mmsearch encoders download {name}" in str(told.value)
    assert "--encoder /path/to/folder" in str(told.value)


def test_waiting_threads_sleep_unless_the_user_says_otherwise(monkeypatch, tmp_path):
    for before, after in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
        if before:
            monkeypatch.setenv("OMP_WAIT_POLICY", before)

        with pytest.raises(EncoderError):
            load_encoder(str(tmp_path))

        assert os.environ["OMP_WAIT_POLICY"] == after
