import pytest
import torch

from mmsearch.errors import EncoderError, RerankerError
from mmsearch.models.device import pick_device


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    for there, chosen in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)

        assert pick_device("auto", EncoderError) == torch.device(chosen)


@pytest.mark.parametrize("error", [EncoderError, RerankerError])
def test_a_device_that_is_not_there_is_refused_in_the_words_of_who_asks(error):
    assert pick_device("cpu", error) == torch.device("cpu")
    with pytest.raises(error, match="Cannot use device 'nonsense'"):
        pick_device("nonsense", error)
