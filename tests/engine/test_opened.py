import threading

import pytest

from mmsearch.engine.opened import Opened


def test_opens_each_thing_once_for_all_threads():
    asked = []
    opened = Opened(lambda key: asked.append(key) or object())
    found = []
    threads = [threading.Thread(target=lambda: found.append(opened("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert asked == ["a"]
    assert len(set(map(id, found))) == 1


def test_who_asks_for_one_does_not_wait_for_another():
    opening, go_on = threading.Event(), threading.Event()

    def open_one(key):
        if key == "slow":
            opening.set()
            assert go_on.wait(10)
        return key

    opened = Opened(open_one)
    thread = threading.Thread(target=opened, args=("slow",))
    thread.start()
    opening.wait(10)

    assert opened("quick") == "quick"
    go_on.set()
    thread.join()
    assert opened.all() == {"slow": "slow", "quick": "quick"}


def test_tries_again_what_failed():
    answers = iter([ValueError("not yet"), "there"])

    def open_one(_key):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    opened = Opened(open_one)

    with pytest.raises(ValueError, match="not yet"):
        opened("a")
    assert opened("a") == "there"


def test_forgets_what_it_is_told_to():
    opened = Opened(lambda _key: object())
    first = opened("a")

    assert opened.forget("a") is first
    assert opened.forget("a") is None
    assert opened("a") is not first
