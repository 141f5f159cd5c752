"""The parts of a picture against the way of the whole picture, taken step by step."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.encoders.folder import open_folder
from mmsearch.encoders.sentence_transformer import open_model, transformer_modules
from mmsearch.errors import EncoderError
from mmsearch.nets.folder import save_folder
from tests.encoders.fakes import KeywordEncoder
from tests.nets.tiny import tiny_network


@pytest.fixture
def picture():
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 64, 3), np.uint8))


def squares(encoder, picture):
    return picture.resize((encoder.image_side, encoder.image_side))


@pytest.mark.parametrize("kind", ["clip", "chinese_clip"])
def test_parts_of_a_clip_take_the_way_of_its_first_token(kind, tiny, picture):
    encoder = open_model(tiny(kind), name="tiny", device="cpu")
    (module,) = transformer_modules(encoder._model)
    network, square = module.model, squares(encoder, picture)

    patches = encoder.encode_patches(picture)

    with torch.inference_mode():
        pixels = module.preprocess([square])["pixel_values"].to(next(network.parameters()).dtype)
        hidden = network.vision_model(pixel_values=pixels).last_hidden_state[0]
        for token in range(len(hidden)):
            alone = network.visual_projection(network.vision_model.post_layernorm(hidden[token])).float()
            found = encoder.encode_images([square])[0] if token == 0 else patches[(token - 1) // 4, (token - 1) % 4]
            assert alone.numpy() @ found / alone.norm() == pytest.approx(1, abs=1e-2)
    assert patches.shape == (4, 4, encoder.dim)


@pytest.mark.parametrize("kind", ["siglip", "siglip2"])
def test_parts_of_a_siglip_are_pooled_alone(kind, tiny, picture):
    encoder = open_model(tiny(kind), name="tiny", device="cpu")
    (module,) = transformer_modules(encoder._model)
    head = module.model.vision_model.head
    size = head.attention.embed_dim

    patches = encoder.encode_patches(picture)

    with torch.inference_mode():
        read = {key: each for key, each in module.preprocess([squares(encoder, picture)]).items() if key != "modality"}
        read["pixel_values"] = read["pixel_values"].to(head.probe.dtype)
        hidden = module.model.vision_model(**read).last_hidden_state[0, : patches.shape[0] * patches.shape[1]]
        value = hidden @ head.attention.in_proj_weight[2 * size :].T + head.attention.in_proj_bias[2 * size :]
        mixed = head.attention.out_proj(value)
        by_hand = (mixed + head.mlp(head.layernorm(mixed))).float()
        by_hand = torch.nn.functional.normalize(by_hand, dim=-1).numpy().reshape(patches.shape)
    assert patches.shape[:2] in {(4, 4), (16, 16)}
    assert np.allclose(patches, by_hand, atol=2e-2)


def test_parts_of_our_own_encoder_are_its_cells_through_its_head(tmp_path, picture):
    save_folder(tiny_network(), tmp_path / "tiny")
    encoder = open_folder(tmp_path / "tiny", device="cpu", dtype=torch.float32)
    network = encoder.network

    patches = encoder.encode_patches(picture)

    with torch.inference_mode():
        cells = network.image.grid((network.pixels([picture]).float() - 127) / 128)[0]  # (C, rows, columns)
        rows, columns = cells.shape[1:]
        for row in range(rows):
            for column in range(columns):
                alone = network.image_head(cells[:, row, column][None])[0].numpy()
                assert np.allclose(patches[row, column], alone, atol=1e-5)
    assert patches.shape == (rows, columns, encoder.dim)


def test_one_that_cannot_says_so(picture):
    with pytest.raises(EncoderError, match="keywords cannot tell the parts"):
        KeywordEncoder().encode_patches(picture)
