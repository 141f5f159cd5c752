from pathlib import Path

import pytest

from mmsearch.evaluation.metrics import Difference
from mmsearch.laboratory.report import AS_IT_IS, AlignReport, MethodResult, Spread, as_text, table_rows


def result(method, value, gain=None, p=0.001, **more):
    figures = {way: {"R@1": Spread.of([value, value + 0.02])} for way in ("text_to_image", "image_to_text")}
    difference = None if gain is None else Difference(value - gain, value, gain, (gain - 0.01, gain + 0.01), p)
    return MethodResult(method, figures, 1.25, gain=difference, **more)


def report(*methods, baseline=None, aligned=True):
    return AlignReport(
        state="done",
        pairs=Path("photos"),
        image_encoder="bundled",
        text_encoder="bundled" if aligned else "words",
        aligned=aligned,
        pictures=1000,
        texts=5000,
        held_out=200,
        seeds=2,
        baseline=baseline or result(AS_IT_IS, 0.5),
        methods=methods,
        best=methods[-1].method if methods else None,
        recommended=None,
        plots=(),
        left_out=(),
        seconds=9.0,
    )


def test_a_spread_is_students_interval_of_the_mean():
    spread = Spread.of([0.1, 0.2, 0.3])

    assert spread.mean == pytest.approx(0.2)
    assert spread.high - spread.mean == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-5)  # t of two degrees of freedom
    assert spread.mean - spread.low == pytest.approx(spread.high - spread.mean)
    assert Spread.of([0.4]) == Spread(0.4, 0.4, 0.4)


def test_the_table_has_a_row_for_the_baseline_and_for_each_method():
    rows = table_rows(report(MethodResult("deep-cca", {}, problem="too few"), result("contrastive", 0.6, 0.1)))

    assert rows[0] == ["method", "text→image R@1", "image→text R@1", "seconds"]
    assert rows[1] == ["as it is", "51.0 ± 12.7", "51.0 ± 12.7", "1.2"]
    assert rows[2] == ["deep-cca", "–", "–", "0.0"]
    assert [row[0] for row in rows[3:]] == ["contrastive"]


def test_a_baseline_among_the_methods_is_shown_once():
    cca = result("cca", 0.5)

    assert [row[0] for row in table_rows(report(cca, result("graph", 0.6, 0.1), baseline=cca, aligned=False))] == [
        "method",
        "cca",
        "graph",
    ]


@pytest.mark.parametrize(
    ("method", "aligned", "told", "helped"),
    [
        (result("graph", 0.6, 0.1), True, "graph finds more than the encoder as it is: +10.0 points", True),
        (result("graph", 0.6, 0.1, p=0.2), True, "It did not help", False),
        (result("graph", 0.4, -0.1), True, "It did not help", False),
        (result("graph", 0.6, 0.1, p=0.2), False, "not beyond chance better than as it is", False),
        (result("cca", 0.6), False, "--method all", False),
    ],
)
def test_the_verdict_says_whether_it_helped(method, aligned, told, helped):
    text = "\n".join(as_text(report(method, aligned=aligned)))

    assert told in text
    assert method.helped is helped
    assert ("Go on using the encoder as it is" in text) is (aligned and not helped)


def test_what_could_not_be_fitted_is_told():
    text = "\n".join(as_text(report(MethodResult("deep-cca", {}, problem="too few rows"), result("cca", 0.6, 0.1))))

    assert "deep-cca could not be fitted: too few rows" in text
