import json

from tests.cli.conftest import Run


def test_says_how_far_probabilities_could_be_trusted(run: Run, engine) -> None:
    done = run("calibrate", "--collection", "library", "--reranker", "blip")

    assert engine.calls == [{"collection": "library", "reranker": "blip"}]
    first, _, english, kept = done.stdout.splitlines()
    assert first == "Re-ranker blip, calibrated on library (encoder tiny)"
    assert english.split() == [
        *("en", "400", "platt", "0.9000", "→", "0.1200", "0.2500", "→", "0.0100", "4.3", "%")
    ]  # fmt: skip
    assert kept.startswith("Kept in /home/ada/.local/share/mmsearch/calibrations/ab12.json")


def test_json_tells_all_of_it(run: Run) -> None:
    report = json.loads(run("calibrate", "--json").stdout)

    assert report["fits"]["en"]["after"] == {"log_loss": 0.12, "calibration_error": 0.01}
    assert report["file"].endswith("ab12.json")
