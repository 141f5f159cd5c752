import pytest
import torch
from safetensors import safe_open

from mmsearch.nets import rows8
from mmsearch.nets.rows8 import decode_rows, encode_rows, load_tensors, save_tensors


@pytest.mark.parametrize("rows", [1, 2, 17])
@pytest.mark.parametrize("columns", [1, 3, 64])
def test_a_decoded_row_is_within_half_a_step_of_the_original(rows, columns):
    original = torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows + columns))

    encoded, scale = encode_rows(original)

    step = original.abs().amax(1, keepdim=True) / 127
    assert encoded.dtype == torch.int8
    assert scale.shape == (rows, 1)
    assert ((decode_rows(encoded, scale) - original).abs() <= 0.5 * step + 0.1 * step).all()


def test_a_row_of_zeros_stays_zero():
    assert decode_rows(*encode_rows(torch.zeros(2, 3))).abs().max() == 0


def test_encoding_again_changes_nothing():
    once = encode_rows(torch.randn(5, 7, generator=torch.Generator().manual_seed(1)))

    twice = encode_rows(decode_rows(*once))

    assert torch.equal(once[0], twice[0])


def test_a_large_tensor_is_split_by_rows_and_comes_back_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(rows8, "MAX_FILE_BYTES", 1000)
    tensors = {
        "wide": torch.arange(3000, dtype=torch.float32).reshape(100, 30),
        "flat": torch.arange(7.0),
        "bytes": torch.arange(90, dtype=torch.int8).reshape(9, 10),
    }

    save_tensors(tmp_path, tensors)

    back = load_tensors(tmp_path)
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())
    for path in tmp_path.iterdir():
        with safe_open(path, "pt") as file:
            assert sum(file.get_tensor(k).nbytes for k in file.keys()) <= 1000  # noqa: SIM118 -- no mapping


def test_saving_fewer_tensors_leaves_no_file_of_the_older_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(rows8, "MAX_FILE_BYTES", 100)
    save_tensors(tmp_path, {"a": torch.zeros(100)})

    save_tensors(tmp_path, {"b": torch.zeros(3)})

    assert load_tensors(tmp_path).keys() == {"b"}
