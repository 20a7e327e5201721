"""Which of many targets are tried beside the plan's ports: a few of them, and the same ones each time."""

from types import SimpleNamespace

from planner.engine.checks import _find_free, _pick


def test_of_many_targets_a_few_different_ones_are_picked_by_the_name_of_who_tries():
    targets = [SimpleNamespace(name=f"T{number}") for number in range(100)]
    picked = {name: [one.name for one in _pick(targets, name)] for name in ("PS01", "PS02")}
    for names in picked.values():
        assert len(names) == 8
        assert len(set(names)) > 4
    assert picked["PS01"] != picked["PS02"]
    assert [one.name for one in _pick(targets, "PS01")] == picked["PS01"]
    assert [one.name for one in _pick(targets[:1], "PS01")] == ["T0"]


def test_a_port_just_beside_those_of_the_plan_is_free():
    assert _find_free(["443"], [(443, 443)], "a", "b") in {"442", "444"}
    assert _find_free(["443"], [(442, 443)], "a", "b") == "444"
    assert _find_free(["443"], [(443, 444)], "a", "b") == "442"
    assert _find_free(["443"], [(442, 444)], "a", "b") is None
    assert _find_free(["1", "65535"], [(1, 1), (65535, 65535)], "a", "b") in {"2", "65534"}
