"""What every learner must do, written once."""

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.errors import BadInput
from mmsearch.nets.projections import built, described

from .made import found_first, paired


class AlignerContract:
    """Subclass it and give a quick `learner`, not fitted."""

    enough = 0.8  # share of 100 new images that must find their text first; chance is 0.01
    text_width = 8  # columns of texts; images have 12
    reads_types_alike = 1e-3  # how far float64 input may lead from float32 input

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        raise NotImplementedError

    @classmethod
    def paired(cls, n, **options):
        return paired(n, text_width=cls.text_width, **options)

    @pytest.fixture(scope="class")
    @classmethod
    def fitted_once(cls, learner):
        return clone(learner).fit(*cls.paired(400)[:2])

    @pytest.fixture
    def fitted(self, fitted_once):
        """Return a copy of the test's own, since to learn takes far longer than to copy what was learnt."""
        return deepcopy(fitted_once)

    def test_finds_new_pairs(self, fitted):
        image, text, _ = self.paired(100, seed=1)

        left, right = fitted.transform_image(image), fitted.transform_text(text)

        assert found_first(left, right) >= self.enough
        assert found_first(right, left) >= self.enough

    def test_learns_from_several_texts_of_an_image(self, learner):
        image, text, owner = self.paired(200, texts=3)
        shuffled = np.random.default_rng(3).permutation(len(owner))
        new_image, new_text, _ = self.paired(100, seed=1)

        fitted = clone(learner).fit(image, text[shuffled], owner=owner[shuffled])

        assert found_first(fitted.transform_image(new_image), fitted.transform_text(new_text)) >= self.enough

    def test_returns_unit_rows_of_float32(self, fitted):
        image, text, _ = self.paired(5, seed=1)

        for rows in (fitted.transform_image(image), fitted.transform_text(text)):
            assert rows.dtype == np.float32
            assert rows.shape == (5, fitted.dim_)
            assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(5), abs=1e-5)

    def test_a_row_is_mapped_alike_alone_and_among_others(self, fitted):
        image, text, _ = self.paired(7, seed=1)

        assert fitted.transform_image(image[3:4]) == pytest.approx(fitted.transform_image(image)[3:4], abs=1e-5)
        assert fitted.transform_text(text[3:4]) == pytest.approx(fitted.transform_text(text)[3:4], abs=1e-5)

    def test_no_rows_give_no_rows(self, fitted):
        assert fitted.transform_image(np.zeros((0, 12))).shape == (0, fitted.dim_)
        assert fitted.transform_text(np.zeros((0, self.text_width), np.float32)).shape == (0, fitted.dim_)

    def test_the_constructor_only_stores_and_a_clone_is_equal(self, learner):
        copy = clone(learner)

        assert copy.get_params() == learner.get_params()
        assert not [name for name in vars(learner) if name.endswith("_")]

    def test_the_same_seed_gives_the_same_result_and_global_randomness_is_left_alone(self, learner):
        image, text, _ = self.paired(60)
        np.random.seed(1)
        before = np.random.get_state()[1].tolist()

        first, second = clone(learner).fit(image, text), clone(learner).fit(image, text)

        assert np.array_equal(first.transform_image(image), second.transform_image(image))
        assert np.array_equal(first.transform_text(text), second.transform_text(text))
        assert np.random.get_state()[1].tolist() == before

    def test_a_second_fit_forgets_the_first(self, learner):
        other = np.random.default_rng(5).standard_normal((50, 5)).astype(np.float32)
        image, text, _ = self.paired(60)
        twice, once = clone(learner).fit(other, other), clone(learner)

        twice.fit(image, text)
        once.fit(image, text)

        assert np.array_equal(twice.transform_image(image), once.transform_image(image))

    def test_does_not_change_its_input(self, learner):
        image, text, _ = self.paired(60)
        before = image.copy(), text.copy()

        clone(learner).fit(image, text).transform_image(image)

        assert np.array_equal(image, before[0])
        assert np.array_equal(text, before[1])

    def test_reads_any_type_of_number(self, fitted):
        image, _, _ = self.paired(5, seed=1)

        assert fitted.transform_image(image.astype(np.float64)) == pytest.approx(
            fitted.transform_image(image), abs=self.reads_types_alike
        )
        assert fitted.transform_image(image.tolist()) == pytest.approx(
            fitted.transform_image(image), abs=self.reads_types_alike
        )
        assert fitted.transform_image(image.astype(np.float16)).dtype == np.float32
        assert fitted.transform_image(np.ones((2, 12), int)).shape == (2, fitted.dim_)

    def test_what_was_saved_maps_alike(self, fitted, tmp_path):
        image, text, _ = self.paired(9, seed=1)

        fitted.save(tmp_path / "aligner")
        loaded = type(fitted).load(tmp_path / "aligner")

        assert np.array_equal(loaded.transform_image(image), fitted.transform_image(image))
        assert np.array_equal(loaded.transform_text(text), fitted.transform_text(text))
        assert loaded.get_params() == fitted.get_params()
        assert {path.suffix for path in (tmp_path / "aligner").iterdir()} == {".json", ".safetensors"}

    @pytest.mark.parametrize("view", [0, 1])
    def test_maps_alike_as_a_network_made_anew_from_its_description(self, fitted, view):
        rows = self.paired(9, seed=1)[view]
        found = fitted.projection(view)

        with torch.no_grad():
            anew = built(json.loads(json.dumps(described(found)))).eval()
            anew.load_state_dict(found.state_dict())
            codes = F.normalize(anew(torch.from_numpy(rows)), dim=1).numpy()

        expected = (fitted.transform_image, fitted.transform_text)[view](rows)
        assert codes == pytest.approx(expected, abs=1e-4)

    @pytest.mark.parametrize("damage", ["missing", "weights", "truncated", "config", "parameter", "method", "newer"])
    def test_a_damaged_folder_is_refused(self, fitted, tmp_path, damage):
        fitted.save(tmp_path)
        damage_folder(tmp_path, damage)

        with pytest.raises(BadInput):
            type(fitted).load(tmp_path)

    def test_refuses_to_map_before_it_has_learnt(self, learner, tmp_path):
        with pytest.raises(BadInput, match="call fit first"):
            clone(learner).transform_image(np.ones((1, 3)))
        with pytest.raises(BadInput, match="call fit first"):
            clone(learner).save(tmp_path)

    def test_refuses_other_widths_than_it_learnt(self, fitted):
        with pytest.raises(BadInput, match="image features have 11 columns; this was fitted on 12"):
            fitted.transform_image(np.ones((2, 11)))
        with pytest.raises(BadInput, match=f"text features have 13 columns; this was fitted on {self.text_width}"):
            fitted.transform_text(np.ones((2, 13)))

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_refuses_what_is_not_finite_and_says_where(self, learner, fitted, value):
        image, text, _ = self.paired(60)
        text[41, 3] = value

        with pytest.raises(BadInput, match=r"text features hold .* in row 41, column 3"):
            clone(learner).fit(image, text)
        with pytest.raises(BadInput, match=r"text features hold .* in row 41, column 3"):
            fitted.transform_text(text)

    @pytest.mark.parametrize(
        ("image", "text", "message"),
        [
            (np.ones((3, 4)), np.ones((2, 4)), "3 images and 2 texts"),
            (np.ones((1, 4)), np.ones((1, 4)), "two pairs"),
            (np.ones((0, 4)), np.ones((0, 4)), "two pairs"),
            (np.ones(4), np.ones((4, 1)), "image features have shape"),
            (np.ones((4, 0)), np.ones((4, 1)), "image features have shape"),
            (np.array([["a"], ["b"]]), np.ones((2, 1)), "not numbers"),
            ([[1.0, 2.0], [3.0]], np.ones((2, 1)), "no matrix"),
            (np.ones((2, 2), complex), np.ones((2, 1)), "not numbers"),
        ],
    )
    def test_refuses_what_are_no_pairs(self, learner, image, text, message):
        with pytest.raises(BadInput, match=message):
            clone(learner).fit(image, text)

    @pytest.mark.parametrize(
        ("owner", "message"),
        [
            ([0, 1], "one whole number for each of 3 texts"),
            ([0, 1, 2.5], "one whole number"),
            ([0, 1, 3], "Text 2 belongs to image 3"),
            ([0, -1, 2], "Text 1 belongs to image -1"),
            ([1, 1, 1], "two pairs"),
        ],
    )
    def test_refuses_owners_that_are_no_images(self, learner, owner, message):
        random = np.random.default_rng(0)

        with pytest.raises(BadInput, match=message):
            clone(learner).fit(random.standard_normal((3, 4)), random.standard_normal((3, 5)), owner=owner)

    def test_refuses_labels_that_do_not_fit(self, learner):
        image, text, _ = self.paired(60)

        with pytest.raises(BadInput, match="one class for each of 60 images"):
            clone(learner).fit(image, text, labels=[1, 2])
        with pytest.raises(BadInput, match="classes are whole numbers or words"):
            clone(learner).fit(image, text, labels=np.linspace(0, 1, 60))

    def test_a_constant_column_does_no_harm(self, learner):
        image, text, _ = self.paired(300)
        image[:, 2], text[:, 0] = 5.0, 0.0
        new_image, new_text, _ = self.paired(100, seed=1)
        new_image[:, 2], new_text[:, 0] = 5.0, 0.0

        fitted = clone(learner).fit(image, text)

        assert found_first(fitted.transform_image(new_image), fitted.transform_text(new_text)) >= self.enough / 2

    @pytest.mark.parametrize("rows", [2, 5])
    def test_fewer_rows_than_columns_give_finite_unit_rows(self, learner, rows):
        image, text, _ = self.paired(rows)

        fitted = clone(learner).fit(image, text)

        assert np.linalg.norm(fitted.transform_image(image), axis=1) == pytest.approx(np.ones(rows), abs=1e-4)

    def test_an_image_without_a_text_changes_nothing(self, learner):
        image, text, _ = self.paired(60)
        more = np.concatenate([image[:30], 100 * np.ones((1, 12), np.float32), image[30:]])
        owner = np.concatenate([np.arange(30), np.arange(31, 61)])

        with_it, without = clone(learner).fit(more, text, owner=owner), clone(learner).fit(image, text)

        assert np.array_equal(with_it.transform_image(image), without.transform_image(image))


def damage_folder(folder: Path, damage: str) -> None:
    """Spoil a saved learner in one way."""
    weights, config = folder / "weights-00.safetensors", folder / "aligner.json"
    content = json.loads(config.read_text())
    if damage == "missing":
        config.unlink()
    elif damage == "weights":
        weights.unlink()
    elif damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:-9])
    elif damage == "config":
        config.write_text(config.read_text()[:-20])
    elif damage == "parameter":
        config.write_text(json.dumps(content | {"parameters": {"unheard": 1}}))
    elif damage == "method":
        config.write_text(json.dumps(content | {"method": "Alchemy"}))
    elif damage == "newer":
        config.write_text(json.dumps(content | {"format": 99}))
