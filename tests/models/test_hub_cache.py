from shutil import copytree

from mmsearch.models.hub_cache import cached_folder


def test_finds_what_the_cache_holds_and_nothing_else(tiny, hub_cache):
    folder = hub_cache("some/clip", tiny("clip"))

    assert cached_folder("some/clip") == folder
    assert cached_folder("some/other") is None


def test_a_download_that_was_broken_off_does_not_count(tiny, hub_cache, tmp_path):
    half = copytree(tiny("clip"), tmp_path / "half")
    (half / "model.safetensors").unlink()
    hub_cache("some/clip", half)

    assert cached_folder("some/clip") is None


def test_a_folder_of_copied_models_comes_first(tiny, hub_cache, tmp_path):
    hub_cache("some/clip", tiny("clip"))
    for name in ("clip", "some/other"):
        copytree(tiny("clip"), tmp_path / "models" / name)

    assert cached_folder("some/clip", tmp_path / "models") == tmp_path / "models" / "clip"
    assert cached_folder("some/other", tmp_path / "models") == tmp_path / "models" / "some" / "other"


def test_a_cache_without_main_gives_its_snapshot(tiny, hub_cache):
    folder = hub_cache("some/clip", tiny("clip"))
    (folder.parents[1] / "refs" / "main").unlink()

    assert cached_folder("some/clip") == folder
