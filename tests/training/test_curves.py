import json
import logging
import math
import sys

import pytest
from PIL import Image

from mmsearch.errors import TrainingError
from mmsearch.training.curves import can_draw, draw_curves
from mmsearch.training.run import train
from tests.training.conftest import tiny_towers

needs_matplotlib = pytest.mark.skipif(not can_draw(), reason="matplotlib is not installed")
PLAIN = [{"epoch": 1, "loss": 3.5, "seconds": 60.0}, {"epoch": 2, "loss": 3.25, "seconds": 30.0}]
PARTS = [
    PLAIN[0] | {"photos itc": 1.5, "scenes itc": 2.0},
    PLAIN[1] | {"photos itc": 1.25, "scenes itc": 1.5, "scenes itm": 0.5},
]


@pytest.fixture(autouse=True)
def quick_curves():
    """Here they are drawn."""


@pytest.fixture
def run(tmp_path):
    def logged(lines):
        (tmp_path / "log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf8")
        return tmp_path

    return logged


@pytest.fixture
def drawn(monkeypatch):
    """Return the figures that are written from now on."""
    figure = pytest.importorskip("matplotlib.figure")
    written, honest = [], figure.Figure.savefig

    def savefig(self, *where, **how):
        written.append(self)
        honest(self, *where, **how)

    monkeypatch.setattr(figure.Figure, "savefig", savefig)
    return written


def panels(figure):
    """Return the values of each curve by heading and label, panels that are left empty aside."""
    named = {axes.get_title(): axes for axes in figure.axes if axes.get_title()}
    return {
        heading: {
            line.get_label(): line.get_ydata().tolist()
            for line in axes.get_lines()
            if not line.get_label().startswith("_")
        }
        for heading, axes in named.items()
    }


def test_a_training_draws_its_curves_after_each_epoch(config, data, tmp_path, drawn):
    train(config, data, tmp_path / "out", towers=tiny_towers, epochs=2)

    curves = [panels(figure)["all losses together"].values() for figure in drawn]
    assert [[len(losses) for losses in each] for each in curves] == [[1], [2]]
    assert (tmp_path / "out" / "curves.png").is_file()


def test_a_log_of_one_loss_gives_one_panel(run, drawn):
    path = draw_curves(run(PLAIN))

    assert path == run(PLAIN) / "curves.png"
    with Image.open(path) as picture:
        assert picture.width > 500
    assert panels(drawn[0]) == {"all losses together": {"3.25": [3.5, 3.25]}}


def test_every_objective_has_a_panel_with_a_curve_for_each_source(run, drawn):
    draw_curves(run(PARTS))

    found = panels(drawn[0])
    assert found["contrast (ITC)"] == {"photos 1.25": [1.5, 1.25], "scenes 1.5": [2.0, 1.5]}
    assert found["matching (ITM)"]["scenes 0.5"] == pytest.approx([math.nan, 0.5], nan_ok=True)  # joined in later


def test_a_source_looks_the_same_in_every_panel_and_axes_have_units(run, drawn):
    draw_curves(run(PARTS))

    _, itc, itm = (axes for axes in drawn[0].axes if axes.get_title())
    of_scenes = [line for axes in (itc, itm) for line in axes.get_lines() if line.get_label().startswith("scenes")]
    assert len({line.get_color() for line in of_scenes}) == 1
    assert len({line.get_linestyle() for line in itc.get_lines()[::2]}) == 2  # told apart without colour, too
    assert (itm.get_xlabel(), itm.get_ylabel()) == ("epoch", "loss in nats")


def test_the_title_names_the_folder_and_at_the_end_the_config(run, drawn):
    draw_curves(run(PLAIN))
    (run(PLAIN) / "report.json").write_text('{"config": {"name": "mine"}}', encoding="utf8")
    draw_curves(run(PLAIN))

    titles = [figure.get_suptitle() for figure in drawn]
    assert titles == [f"{run(PLAIN).name}: 2 epochs in 1.5 minutes", "mine: 2 epochs in 1.5 minutes"]


@needs_matplotlib
def test_letters_that_the_font_lacks_do_no_harm(run):
    (run(PLAIN) / "report.json").write_text('{"config": {"name": "我的 $x"}}', encoding="utf8")

    assert draw_curves(run(PLAIN)).is_file()


@pytest.mark.parametrize("text", [None, "", "{", "[]\n", '{"epoch": 1}\n'])
def test_a_log_that_is_missing_or_damaged_is_named(tmp_path, text):
    if text is not None:
        (tmp_path / "log.jsonl").write_text(text, encoding="utf8")

    with pytest.raises(TrainingError, match=r"log\.jsonl"):
        draw_curves(tmp_path)


def test_without_matplotlib_it_tells_how_to_get_it(run, monkeypatch, caplog):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("mmsearch.training.curves.find_spec", lambda _: None)

    with caplog.at_level(logging.WARNING):
        assert not can_draw()

    assert "pip install 'matplotlib" in caplog.text
    with pytest.raises(TrainingError, match="pip install 'matplotlib"):
        draw_curves(run(PLAIN))
