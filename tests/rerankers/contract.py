"""What every re-ranker owes; each implementation subclasses it and says how a tiny folder of it is written."""

import socket
from dataclasses import astuple
from shutil import copytree

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.nets import dual_network
from mmsearch.rerankers.evidence import Captions, Evidence, PictureTokens, StoredEvidence, WholePictures
from mmsearch.rerankers.registry import load_reranker
from mmsearch.types import Modality

TEXTS = ["a red dog", "two", "一 只 狗", "one green dog with two dogs and one more, seen from far away"]
CAPTIONS = (("a red dog",), ("two", "one dog"), ("狗",), ("green", "a dog", "two dog"))
SIZES = ((40, 50), (90, 30), (32, 32), (20, 70))


def noise(seed, size):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8))


def evidence(reranker, count=4):
    """What a re-ranker keeps of as many items."""
    if reranker.reads is Modality.TEXT:
        return Captions(tuple(CAPTIONS[row % 4] for row in range(count)))
    return reranker.prepare([noise(row, SIZES[row % 4]) for row in range(count)])


def opened(folder):
    """What loading a folder gives, in float32, so that small differences show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dual_network, "towers_dtype", lambda device: torch.float32)
        return load_reranker(str(folder), device="cpu")


class RerankerContract:
    tolerance = 2e-4  # between the same pair in batches of other sizes

    @staticmethod
    def save(place):
        """Write a tiny re-ranker somewhere below a new folder and return its own folder."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory):
        return cls.save(tmp_path_factory.mktemp("reranker"))

    @pytest.fixture(scope="class")
    @classmethod
    def reranker(cls, folder):
        return opened(folder)

    def test_says_what_it_is(self, reranker, folder):
        assert reranker.name == str(folder)
        assert int(reranker.fingerprint, 16) >= 0
        assert int(reranker.tokens_as, 16) >= 0
        assert (reranker.keeps is Captions) == (reranker.reads is Modality.TEXT)
        assert (reranker.image_side > 0) == (reranker.reads is Modality.IMAGE)
        assert reranker.notice is None

    def test_scores_are_numbers_that_differ_from_pair_to_pair(self, reranker):
        scores = reranker.score(TEXTS, evidence(reranker))

        assert type(scores) is np.ndarray
        assert (scores.dtype, scores.shape) == (np.float32, (4,))
        assert np.isfinite(scores).all()
        assert np.ptp(scores) > 10 * self.tolerance

    def test_nothing_gives_no_scores(self, reranker):
        assert reranker.score([], evidence(reranker)[:0]).shape == (0,)

    def test_a_pair_alone_scores_what_it_scores_in_a_batch(self, reranker):
        kept = evidence(reranker)

        alone = [reranker.score([text], kept[row : row + 1])[0] for row, text in enumerate(TEXTS)]

        assert reranker.score(TEXTS, kept) == pytest.approx(alone, abs=self.tolerance)

    def test_the_order_of_pairs_does_not_matter(self, reranker):
        kept, order = evidence(reranker), np.array([2, 0, 3, 1])

        scores = reranker.score([TEXTS[row] for row in order], kept[order])

        assert scores == pytest.approx(reranker.score(TEXTS, kept)[order], abs=self.tolerance)

    def test_more_pairs_than_a_batch_holds_are_all_scored(self, reranker):
        kept = evidence(reranker)
        count = 4 * (reranker.pairs_at_once // 4 + 2)

        scores = reranker.score([TEXTS[row % 4] for row in range(count)], kept[np.arange(count) % 4])

        assert scores == pytest.approx(np.resize(reranker.score(TEXTS, kept), count), abs=self.tolerance)

    def test_as_many_texts_as_items_are_needed(self, reranker):
        with pytest.raises(RerankerError, match="3 texts cannot be paired with 4"):
            reranker.score(TEXTS[:3], evidence(reranker))

    def test_evidence_can_be_taken_apart_and_joined(self, reranker):
        kept = evidence(reranker)
        some = kept[np.array([True, False, True, True])]

        again = type(kept).joined([some[:1], kept[np.array([1])], some[1:]])

        assert (len(kept), len(some), len(again)) == (4, 3, 4)
        assert reranker.score(TEXTS, again) == pytest.approx(reranker.score(TEXTS, kept), abs=self.tolerance)

    def test_evidence_that_is_stored_comes_back(self, reranker):
        kept = evidence(reranker)
        if not isinstance(kept, StoredEvidence):
            assert isinstance(kept, WholePictures | Captions)
            return

        again = type(kept).from_bytes(kept.to_bytes())

        assert reranker.score(TEXTS, again).tolist() == reranker.score(TEXTS, kept).tolist()
        with pytest.raises(RerankerError, match="not picture tokens"):
            type(kept).from_bytes([b"broken"])

    def test_evidence_holds_nothing_of_the_device(self, reranker):
        kept = evidence(reranker)

        assert isinstance(kept, reranker.keeps)
        assert not any(isinstance(part, torch.Tensor) for field in astuple(kept) for part in (field, *field))

    def test_evidence_of_another_kind_is_refused(self, reranker):
        others: dict[type[Evidence], Evidence] = {
            Captions: Captions((("a",),)),
            WholePictures: WholePictures((noise(0, (8, 8)),)),
            PictureTokens: PictureTokens(
                np.zeros((1, 1, 1), np.int8), np.ones((1, 1, 1), np.float16), np.zeros((1, 0), np.float16)
            ),
        }
        for kind in others.keys() - {reranker.keeps}:
            with pytest.raises(RerankerError, match=f"was given {kind.__name__}"):
                reranker.score(["a"], others[kind])

    @pytest.mark.parametrize(
        "text",
        ["", " ", "\n", "🦓", "x" * 5000, "a red dog " * 500, "狗" * 600, "слово", "a\u0000b", "<image> [SEP] </s>"],
    )
    def test_takes_any_text(self, reranker, text):
        kept = evidence(reranker, 2)

        scores = reranker.score([text, "a red dog"], kept)

        assert np.isfinite(scores).all()
        assert scores[1] == pytest.approx(reranker.score(["a red dog"], kept[1:])[0], abs=self.tolerance)

    def test_a_text_that_looks_like_a_file_or_an_address_is_not_opened(self, reranker, tmp_path, monkeypatch):
        def refuse(*args, **kwargs):
            raise AssertionError(f"opened {args}")

        noise(0, (8, 8)).save(tmp_path / "a.png")
        kept = evidence(reranker, 2)
        monkeypatch.setattr(Image, "open", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)

        scores = reranker.score([str(tmp_path / "a.png"), "https://example.org/a.png"], kept)

        assert np.isfinite(scores).all()

    @pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
    def test_takes_pictures_of_any_mode(self, reranker, mode):
        self._scores(reranker, Image.new(mode, (30, 20)))

    @pytest.mark.parametrize("size", [(1, 1), (1, 300), (900, 2), (1200, 800)])
    def test_takes_pictures_of_any_size(self, reranker, size):
        self._scores(reranker, Image.new("RGB", size))

    def _scores(self, reranker, picture):
        if reranker.reads is Modality.TEXT:
            with pytest.raises(RerankerError, match=r"reads captions, not pictures\. Use one that reads pictures"):
                reranker.prepare([picture])
            return
        assert np.isfinite(reranker.score(["a red dog"], reranker.prepare([picture]))).all()

    def test_leaves_the_picture_as_it_was(self, reranker):
        picture = noise(0, (50, 30))

        if reranker.reads is Modality.IMAGE:
            reranker.prepare([picture])

        assert picture.tobytes() == noise(0, (50, 30)).tobytes()

    def test_batches_are_halved_where_memory_runs_out_and_then_it_leaves_the_gpu(self, reranker, monkeypatch):
        kept, asked, on_gpu = evidence(reranker), [], [True]
        expected, score = reranker.score(TEXTS, kept), reranker._score

        def short_of_memory(texts, some):
            asked.append(len(texts))
            if on_gpu[0] and len(texts) > 0:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return score(texts, some)

        def leave():
            return on_gpu.pop() and (on_gpu.append(False) or True)

        monkeypatch.setattr(reranker, "_score", short_of_memory)
        monkeypatch.setattr(reranker, "_to_cpu", leave)
        monkeypatch.setattr(reranker, "pairs_at_once", 4)
        monkeypatch.setattr(reranker, "notice", None)

        assert reranker.score(TEXTS, kept) == pytest.approx(expected, abs=self.tolerance)
        assert asked[:4] == [4, 2, 1, 1]
        assert set(asked[3:]) == {1}
        assert "too little memory" in reranker.notice

    def test_on_the_cpu_there_is_nowhere_to_go(self, reranker):
        assert reranker._to_cpu() is False

    def test_a_damaged_folder_is_told(self, folder, tmp_path):
        for number, damage in enumerate((_cut_weights, _break_config, _lose_weights)):
            place = copytree(folder.parent, tmp_path / str(number)) / folder.name
            damage(place)

            with pytest.raises(RerankerError, match=str(place)):
                load_reranker(str(place), device="cpu")


def _weights(folder):
    return list(folder.glob("*.safetensors"))


def _cut_weights(folder):
    for path in _weights(folder):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _lose_weights(folder):
    for path in _weights(folder):
        path.unlink()


def _break_config(folder):
    (folder / "config.json").write_text("{")
