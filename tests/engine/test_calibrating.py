import pytest
from PIL import Image

from mmsearch.engine import Engine
from mmsearch.errors import BadInput, RerankerError
from mmsearch.search.second_opinion import Effort
from mmsearch.types import Modality
from tests.engine.conftest import load_fake
from tests.pictures import save_picture
from tests.rerankers.fakes import ColourMatcher

SHADES = 8  # pictures of each colour, each with a caption of its own
ALL = Effort(seconds=60, hits=32, sure=1.1)


@pytest.fixture
def engine(settings, no_samples):
    with Engine(settings, no_samples, load_fake, lambda name: ColourMatcher()) as engine:
        yield engine


@pytest.fixture
def captioned(engine, folder):
    """Pictures of three colours; the matcher tells the colours apart, but not the shades that captions number."""
    for at, colour in enumerate(("red", "green", "blue")):
        for shade in range(SHADES):
            pixel = [0, 0, 0]
            pixel[at] = 255 - shade
            Image.new("RGB", (32, 32), tuple(pixel)).save(folder / f"{colour}{shade}.png")
            (folder / f"{colour}{shade}.txt").write_text(f"a {colour} thing near {colour}{shade}")
    engine.index(folder)
    return engine


CAPTION = "a red thing near red3"


def test_probabilities_fit_the_collection_from_then_on(captioned):
    *_, before = captioned.search_twice(CAPTION, effort=ALL)
    report = captioned.calibrate()
    *_, after = captioned.search_twice(CAPTION, effort=ALL)

    assert before.hits[0].probability > 0.99
    assert after.hits[0].probability == pytest.approx(1 / SHADES, abs=0.04)  # one in eight of that colour is meant
    assert after.hits[-1].probability < 0.01
    english = report.fits["en"]
    assert (english.queries, english.pairs) == (3 * SHADES, (3 * SHADES) ** 2)
    assert english.after.log_loss < english.before.log_loss / 2
    assert english.after.calibration_error < english.before.calibration_error / 2
    assert english.separation == pytest.approx(1 - (SHADES - 1) / (3 * SHADES - 1) / 2, abs=0.03)


def test_a_phrase_means_all_pictures_that_it_names(captioned):
    report = captioned.calibrate()
    *_, last = captioned.search_twice("a red thing", effort=ALL, k=3 * SHADES)

    assert report.fits["en phrase"].queries >= 5
    assert [hit.probability > 0.5 for hit in last.hits] == [True] * SHADES + [False] * 2 * SHADES


def test_says_that_nothing_matches_by_what_was_fitted(captioned):
    captioned.calibrate()

    for there, absent in ((CAPTION, "a horse thing near horse3"), ("a red thing", "a horse")):
        assert [[*captioned.search_twice(words, effort=ALL)][-1].nothing for words in (there, absent)] == [False, True]


def test_is_kept_for_that_re_ranker(captioned, settings, no_samples):
    report = captioned.calibrate()

    assert report.file == settings.home / "calibrations" / "c0.json"
    with Engine(settings, no_samples, load_fake, lambda name: ColourMatcher()) as again:
        *_, last = again.search_twice(CAPTION, effort=ALL)
    assert last.hits[0].probability < 0.2


def test_a_damaged_file_stops_no_search(captioned, settings, no_samples):
    report = captioned.calibrate()
    report.file.write_text("{")

    with Engine(settings, no_samples, load_fake, lambda name: ColourMatcher()) as again:
        *_, last = again.search_twice("red", effort=ALL)
    assert (last.hits[0].probability > 0.99, last.notice) == (True, None)


def test_too_few_captions_are_refused(engine, folder):
    Image.new("RGB", (32, 32), "red").save(folder / "red.png")
    (folder / "red.txt").write_text("a red thing")
    engine.index(folder)

    with pytest.raises(BadInput, match="1 captions"):
        engine.calibrate()


def test_needs_a_re_ranker(captioned):
    with pytest.raises(RerankerError, match="No re-ranker is set"):
        captioned.calibrate(reranker="none")


def test_one_that_reads_captions_is_refused(settings, no_samples, folder):
    matcher = ColourMatcher()
    matcher.reads = Modality.TEXT
    save_picture(folder / "red.png", "red")
    (folder / "red.txt").write_text("a red thing")

    with Engine(settings, no_samples, load_fake, lambda name: matcher) as engine:
        engine.index(folder)
        with pytest.raises(RerankerError, match="reads captions, not pictures"):
            engine.calibrate()
