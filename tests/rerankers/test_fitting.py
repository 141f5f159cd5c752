import numpy as np
import pytest

from mmsearch.errors import BadInput
from mmsearch.rerankers.fitting import fit_curve, log_loss

PAIRS, EACH = 6000, 10  # of a query


def drawn(log_odds_of, seed=0):
    """Return scores, and matches that are as frequent as a function of the score says."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, PAIRS).astype(np.float32)
    matches = rng.random(PAIRS) < 1 / (1 + np.exp(-log_odds_of(scores)))
    return scores, matches, np.arange(PAIRS) // EACH


def test_finds_the_line_that_matches_were_drawn_by():
    scores, matches, queries = drawn(lambda s: 0.5 * s - 2)
    found = fit_curve(scores, matches, queries)

    assert found.curve.kind == "platt"
    assert found.curve.slope == pytest.approx(0.5, abs=0.08)
    assert found.curve.bias == pytest.approx(-2, abs=0.15)


def test_a_temperature_is_enough_where_the_middle_is_right():
    scores, matches, queries = drawn(lambda s: 3 * s)
    losses = fit_curve(scores, matches, queries).losses

    assert losses["temperature"] == pytest.approx(losses["platt"], abs=2e-3)
    assert losses["temperature"] < log_loss(scores, matches) - 0.01


def test_bends_where_a_line_does_not_fit():
    scores, matches, queries = drawn(lambda s: np.where(s > 0, 4.0, -4.0) + 0 * s)
    found = fit_curve(scores, matches, queries)

    assert found.curve.kind == "isotonic"
    said = found.curve(np.array([-3, -1, 1, 3], np.float32))
    assert said.tolist() == pytest.approx([-4, -4, 4, 4], abs=1.0)
    assert (np.diff(found.curve(np.linspace(-9, 9, 50, dtype=np.float32))) >= 0).all()


def test_what_is_said_of_pairs_was_fitted_without_them():
    scores, matches, queries = drawn(lambda s: 0 * s)  # scores that say nothing
    found = fit_curve(scores, matches, queries)

    assert log_loss(found.unseen, matches) >= np.log(2) - 1e-3  # no better than a coin
    assert found.losses[found.curve.kind] == pytest.approx(log_loss(found.unseen, matches))


def test_never_turns_the_order_round():
    scores, matches, queries = drawn(lambda s: -2 * s)
    curve = fit_curve(scores, matches, queries).curve

    assert (np.diff(curve(np.array([-5, 0, 5], np.float32))) >= 0).all()


@pytest.mark.parametrize("matches", [np.zeros(40, bool), np.ones(40, bool)])
def test_one_outcome_cannot_be_fitted(matches):
    with pytest.raises(BadInput, match="calibration needs"):
        fit_curve(np.zeros(40, np.float32), matches, np.arange(40) // 4)


def test_few_queries_cannot_be_fitted():
    with pytest.raises(BadInput, match="4 queries"):
        fit_curve(np.arange(8, dtype=np.float32), np.arange(8) % 2 == 0, np.arange(8) // 2)
