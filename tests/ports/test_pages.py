"""Where pages are kept: as many as have room, each made once."""

import threading

import pytest

from ports.pages import Kept, Shelf


def page_of(size):
    return Kept(texts=(b"x" * size,), gaps=(), address="", lasts=True)


def test_no_more_is_kept_than_there_is_room_for_and_the_newest_stays():
    shelf = Shelf(10_000)
    for number in range(50):
        shelf.find(number, lambda: page_of(1_000))
        assert shelf.size <= 10_000
    made = []
    shelf.find(49, lambda: made.append(49) or page_of(1_000))
    shelf.find(0, lambda: made.append(0) or page_of(1_000))
    assert made == [0]
    shelf.find("large", lambda: page_of(9_000))
    assert shelf.size <= 10_000
    assert "large" not in shelf._pages


def test_what_fails_is_not_kept_and_the_next_one_tries_again():
    shelf = Shelf(10_000)
    with pytest.raises(ZeroDivisionError):
        shelf.find(1, lambda: 1 / 0)
    assert shelf.find(1, lambda: page_of(5)).size


def test_of_many_who_want_the_same_page_one_makes_it():
    shelf, made, gate = Shelf(10_000), [], threading.Event()

    def make():
        made.append(1)
        gate.wait(60)
        return page_of(5)

    threads = [threading.Thread(target=shelf.find, args=(1, make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert made == [1]
