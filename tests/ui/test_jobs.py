from threading import Event

import pytest

from mmsearch.errors import BadInput, EncoderError
from mmsearch.ui.jobs import Jobs, warm_in_background


def test_a_run_reports_progress_and_ends_with_a_report(engine, tmp_path):
    jobs = Jobs(engine)

    jobs.index(str(tmp_path), "library", ["*.png"], ["x/**"])
    jobs.wait(10)

    assert jobs.now.state == "over"
    assert jobs.now.report.state == "done"
    assert jobs.now.progress.done == jobs.now.progress.total == 3
    assert engine.indexed == [(str(tmp_path), "library", ("*.png",), ("x/**",))]


def test_only_one_run_goes_on_at_a_time(engine, tmp_path):
    engine.gate = Event()
    jobs = Jobs(engine)
    jobs.index(str(tmp_path), "library")

    with pytest.raises(BadInput, match="already"):
        jobs.index(str(tmp_path), "other")

    assert jobs.now.running
    engine.gate.set()
    jobs.wait(10)
    assert not jobs.now.running


def test_a_cancelled_run_can_be_started_again(engine, tmp_path):
    engine.gate = Event()
    jobs = Jobs(engine)
    jobs.index(str(tmp_path), "library")

    jobs.cancel()

    assert jobs.now.state == "stopping"
    engine.gate.set()
    jobs.wait(10)
    assert jobs.now.report.state == "cancelled"
    jobs.index(str(tmp_path), "library")
    jobs.wait(10)
    assert jobs.now.report.state == "done"


def test_what_the_laboratory_found_outlives_the_next_run(engine, tmp_path):
    jobs = Jobs(engine)
    assert jobs.alignment is None

    jobs.align("samples", "fake", None, "cca")
    jobs.wait(10)
    assert (jobs.now.work, jobs.now.report.state, jobs.now.progress.done) == ("align", "done", 3)
    jobs.index(str(tmp_path), "library")
    jobs.wait(10)

    assert engine.aligned == [("samples", "fake", None, "cca")]
    assert jobs.alignment.best == "cca"


def test_a_run_of_the_laboratory_can_be_cancelled_and_bars_others(engine, tmp_path):
    engine.gate = Event()
    jobs = Jobs(engine)
    jobs.align("samples", "fake", "other", "all")

    with pytest.raises(BadInput, match="already"):
        jobs.index(str(tmp_path), "library")
    jobs.cancel()
    engine.gate.set()
    jobs.wait(10)

    assert (jobs.now.state, jobs.now.report.state, jobs.alignment.recommended) == ("over", "cancelled", None)


def test_a_laboratory_that_fails_leaves_what_was_found_before(engine):
    jobs = Jobs(engine)
    jobs.align("samples", "fake", None, "cca")
    jobs.wait(10)

    jobs.align("mine", "fake", None, "graph")
    jobs.wait(10)

    assert "at least 20 are needed" in jobs.now.problem
    assert jobs.alignment.best == "cca"


def test_an_encoder_that_was_built_to_be_used_is_used_only_once_it_has_read_all(engine):
    jobs = Jobs(engine)
    jobs.build("samples", "other")
    jobs.wait(10)
    assert engine.in_use == "fake"

    engine.gate = Event()
    jobs.build("samples", "other", use=True)
    jobs.cancel()
    engine.gate.set()
    jobs.wait(10)
    assert engine.in_use == "fake"

    jobs.build("samples", "other", use=True)
    jobs.wait(10)
    assert engine.in_use == "other"


def test_cancelling_nothing_does_nothing(engine):
    jobs = Jobs(engine)

    jobs.cancel()

    assert jobs.now.state == "idle"


def test_a_missing_folder_is_told_in_the_engines_words(engine, tmp_path):
    jobs = Jobs(engine)

    jobs.index(str(tmp_path / "nowhere"), "library")
    jobs.wait(10)

    assert jobs.now.report is None
    assert "There is no folder" in jobs.now.problem


def test_an_unforeseen_failure_ends_the_run_too(engine, tmp_path, caplog):
    jobs = Jobs(engine)
    engine.steps = None  # the engine stumbles over it

    jobs.index(str(tmp_path), "library")
    jobs.wait(10)

    assert not jobs.now.running
    assert jobs.now.problem.startswith("TypeError")
    assert "failed" in caplog.text


def test_warming_runs_in_a_thread(engine):
    engine.ready = False

    warm_in_background(engine).join(10)

    assert engine.ready
    assert engine.looked_ahead


def test_a_failed_warming_is_only_logged(engine, caplog):
    def broken():
        raise EncoderError("The folder is damaged.")

    engine.warm_up = broken

    warm_in_background(engine).join(10)

    assert "The folder is damaged." in caplog.text


def test_what_an_upgrade_left_behind_is_read_anew_one_after_the_other(engine):
    engine.left_behind = {"mine": "other", "library": "fake"}
    jobs = Jobs(engine)

    jobs.catch_up().join(10)
    jobs.wait(10)

    assert [collection for _, collection, _, _ in engine.indexed] == ["library", "mine"]
    assert jobs.now.state == "over"


def test_a_failure_to_catch_up_is_logged(engine, monkeypatch, caplog):
    def broken():
        raise EncoderError("no such weights")

    monkeypatch.setattr(engine, "outdated", broken)

    Jobs(engine).catch_up().join(10)

    assert "no such weights" in caplog.text
