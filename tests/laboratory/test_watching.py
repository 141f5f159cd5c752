from mmsearch.alignment.base import FitProgress
from mmsearch.laboratory.watching import FitWatcher
from mmsearch.types import Curve


def test_each_time_that_epochs_begin_anew_so_does_a_curve():
    told = []
    watcher = FitWatcher(lambda step, curves: told.append((step.done, curves)))

    for epoch, loss, held_out in ((1, 2.0, 0.1), (2, 1.0, 0.2), (1, 4.0, None), (2, 3.0, None)):
        watcher(FitProgress(epoch, 3, loss, held_out))

    assert watcher.curves == (Curve((2.0, 1.0), (0.1, 0.2)), Curve((4.0, 3.0)))
    assert told[1] == (2, (Curve((2.0, 1.0), (0.1, 0.2)),))
    assert told[-1] == (2, watcher.curves)


def test_a_closed_form_has_no_curve():
    told = []
    watcher = FitWatcher(lambda step, curves: told.append(curves))

    watcher(FitProgress(4096, 5000))

    assert watcher.curves == ()
    assert told == [()]
