import numpy as np
import pytest
import torch

from mmsearch.alignment.graph import Graph, key_rows
from mmsearch.alignment.graph_network import GraphAligner
from mmsearch.alignment.items import Items
from mmsearch.errors import BadInput
from mmsearch.nets.projectors import Projector

from .contract import AlignerContract
from .made import checked, classes_of, found_class, found_first, paired

QUICK = {
    "dim": 16,
    "hidden": 32,
    "dropout": 0.0,
    "neighbours": 5,
    "epochs": 30,
    "batch_size": 64,
    "learning_rate": 5e-3,
}


class TestGraphAligner(AlignerContract):
    enough = 0.5
    reads_types_alike = 0.02  # rounding may swap two neighbours that are equally near

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return GraphAligner(**QUICK)


def graph_of(n, texts, count):
    items = Items.of_pairs(checked(n, texts=texts), "cpu")
    projectors = [Projector(12, 4, 0), Projector(8, 4, 0)]
    for projector, view in zip(projectors, items.views, strict=True):
        projector.set_standard(view)
    return items, projectors, Graph.of_items(items, projectors, count)


def test_neighbours_are_the_nearest_rows_of_other_items():
    items, projectors, graph = graph_of(12, 3, 4)

    for view, owner in enumerate((np.arange(12), np.repeat(np.arange(12), 3))):
        standard = projectors[view].standardise(items.views[view]).numpy().astype(np.float64)
        unit = standard / np.linalg.norm(standard, axis=1, keepdims=True)
        for row in range(len(unit)):
            others = [j for j in range(len(unit)) if owner[j] != owner[row]]
            expected = sorted(others, key=lambda j: -(unit[row] @ unit[j]))[:4]

            assert graph.neighbours[view][row].tolist() == expected


def test_what_a_row_is_paired_with_is_the_mean_of_its_items_rows_in_the_other_view():
    _, _, graph = graph_of(5, 2, 2)
    image, text = torch.randn(5, 3), torch.randn(10, 3)

    of_image, of_text = graph.paired((image, text), 0), graph.paired((image, text), 1)

    mean = (text[4] + text[5]) / 2
    assert of_image[2].numpy() == pytest.approx((mean / mean.norm()).numpy(), abs=1e-6)
    assert of_text[7].numpy() == pytest.approx((image[3] / image[3].norm()).numpy(), abs=1e-6)


def test_no_item_that_was_held_out_or_mapped_is_in_the_graph():
    image, text, _ = paired(100)
    new_image, new_text, _ = paired(30, seed=1)

    fitted = GraphAligner(**(QUICK | {"validation": 0.2})).fit(image, text)
    keys = [key.clone() for key in fitted.memory_.keys]
    fitted.transform_image(new_image), fitted.transform_text(new_text)

    for view, (old, new) in enumerate(((image, new_image), (text, new_text))):
        projector = fitted.network_.views()[view]
        known = {tuple(row) for row in keys[view].tolist()}
        assert len(fitted.memory_.keys[view]) == 80
        assert torch.equal(fitted.memory_.keys[view], keys[view])
        assert sum(tuple(row) in known for row in key_rows(projector, torch.from_numpy(old)).tolist()) == 80
        assert not any(tuple(row) in known for row in key_rows(projector, torch.from_numpy(new)).tolist())
    assert {state.shape[0] for layer in fitted.memory_.own for state in layer} == {80}


def test_a_training_node_never_hears_of_its_own_item():
    _, _, graph = graph_of(20, 3, 6)

    for neighbours, owner in zip(graph.neighbours, graph.owners, strict=True):
        assert not (owner[neighbours] == owner[:, None]).any()


def test_a_mapped_item_hears_its_nearest_training_items():
    image, text, _ = paired(100)
    fitted = GraphAligner(**QUICK).fit(image, text)
    query = torch.from_numpy(paired(1, seed=1)[0])
    projector = fitted.network_.views()[0]
    scores = key_rows(projector, query).float() @ fitted.memory_.keys[0].float().T
    nearest = scores[0].argsort(descending=True)[:5]
    before = fitted.transform_image(query.numpy())

    others = torch.ones(len(fitted.memory_.keys[0]), dtype=torch.bool)
    others[nearest] = False
    for states in (fitted.memory_.own[0][0], fitted.memory_.across[0][0]):
        states[others] = torch.randn(int(others.sum()), 16)
    far_changed = fitted.transform_image(query.numpy())
    fitted.memory_.across[0][0][nearest[0]] *= -1
    near_changed = fitted.transform_image(query.numpy())

    assert np.array_equal(far_changed, before)
    assert not np.allclose(near_changed, before, atol=1e-3)


def test_messages_may_pass_several_times(tmp_path):
    image, text, _ = paired(100, seed=1)

    fitted = GraphAligner(**QUICK, layers=2).fit(*paired(400)[:2])
    fitted.save(tmp_path)

    assert found_first(fitted.transform_image(image), fitted.transform_text(text)) > 0.5
    assert np.array_equal(GraphAligner.load(tmp_path).transform_image(image), fitted.transform_image(image))


def test_learns_from_classes():
    labels, image, text = classes_of(300)
    new_labels, new_image, new_text = classes_of(200, seed=1)

    fitted = GraphAligner(**(QUICK | {"class_share": 1.0})).fit(image, text, labels=labels)

    assert found_class(fitted.transform_image(new_image), fitted.transform_text(new_text), new_labels) > 0.9


@pytest.mark.parametrize(("parameter", "value"), [("neighbours", 0), ("layers", 0), ("temperature", 0)])
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        GraphAligner(**{parameter: value}).fit(*paired(50)[:2])
