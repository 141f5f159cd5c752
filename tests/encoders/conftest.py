"""Tiny models, each built once."""

import functools

import pytest

from tests.encoders import tiny_models


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Return what gives the folder of a tiny model, such as `tiny("clip")`; not to be written to."""

    @functools.cache
    def folder(kind):
        place = tmp_path_factory.mktemp("tiny") / kind
        getattr(tiny_models, f"save_{kind}")(place)
        return place

    return folder


@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    """Return what puts a folder into an empty hub cache as a hub id's."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))

    def put(hub_id, folder):
        home = cache / f"models--{hub_id.replace('/', '--')}"
        (home / "refs").mkdir(parents=True)
        (home / "refs" / "main").write_text("abc123")
        (home / "snapshots").mkdir()
        (home / "snapshots" / "abc123").symlink_to(folder, target_is_directory=True)
        return home / "snapshots" / "abc123"

    return put
