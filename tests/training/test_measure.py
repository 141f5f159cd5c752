import pytest
from PIL import Image

from mmsearch.errors import TrainingError
from mmsearch.training.captions import CaptionedPicture
from mmsearch.training.measure import DevSet, measure, measure_among
from tests.encoders.fakes import KeywordEncoder, colour_picture


@pytest.fixture
def captioned(tmp_path):
    """Return what makes a captioned picture of one colour."""

    def make(colour, **texts):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{colour}.png"
        colour_picture(colour).save(path)
        return CaptionedPicture(path, {language: tuple(captions) for language, captions in texts.items()})

    return make


def test_captions_of_all_languages_look_for_their_pictures_among_all(captioned):
    asked = [captioned("red", en=["red"], zh=["红"]), captioned("blue", en=["blue", "a green one"])]
    others = [captioned("green", en=["not asked for"]), captioned("white", en=["nor this"])]

    report = measure_among(KeywordEncoder(), asked, others, "mine")

    assert (report.dataset, report.language, report.pictures, report.texts) == ("mine", None, 4, 4)
    assert report.text_to_image.recall_at_1 == 0.75  # "a green one" finds the other picture that is green
    assert report.image_to_text.queries == 2


def test_a_dev_set_is_measured_in_each_of_its_languages(captioned):
    dev = DevSet("drawn dev", [captioned("red", en=["red"], zh=["红"]), captioned("blue", en=["blue"])])

    reports = list(measure(KeywordEncoder(), dev))

    assert [(report.language, report.pictures) for report in reports] == [("en", 2), ("zh", 1)]
    assert all(report.text_to_image.recall_at_1 == 1.0 for report in reports)


def test_pictures_are_turned_upright_before_they_are_measured(tmp_path):
    seen = []

    class Looking(KeywordEncoder):
        def _encode_images(self, images):
            seen.extend(image.size for image in images)
            return super()._encode_images(images)

    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    colour_picture("red", (32, 20)).save(tmp_path / "turned.jpg", exif=exif)

    measure_among(Looking(), [CaptionedPicture(tmp_path / "turned.jpg", {"en": ("red",)})], (), "mine")

    assert seen == [(20, 32)]


def test_a_picture_that_is_gone_is_named(tmp_path):
    picture = CaptionedPicture(tmp_path / "gone.jpg", {"en": ("red",)})

    with pytest.raises(TrainingError, match=r"gone\.jpg"):
        measure_among(KeywordEncoder(), [picture], (), "mine")
