"""An order that is changed line by line, against a list."""

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.parts.order import Order
from tests.strategies import often

names = st.sampled_from("abcdef")
changes = st.one_of(
    st.tuples(st.just("add"), names), st.tuples(st.just("remove"), names), st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("move"), names, names, st.booleans()),
)  # fmt: skip


@settings(max_examples=often(300))
@given(st.lists(changes, max_size=20))
def test_names_stand_where_the_lines_put_them(made):
    order, plain = Order("abc"), list("abc")
    for verb, name, *more in made:
        if verb == "add":
            order.add(name)
            plain += [name] if name not in plain else []
        elif verb == "remove":
            order.remove(name)
            plain = [one for one in plain if one != name]
        elif verb == "rename" and name in plain:
            order.rename(name, more[0])
            plain = [more[0] if one == name else one for one in plain if one != more[0] or one == name]
        elif verb == "move":
            order.move(name, more[0], behind=more[1])
            if name != more[0] and {name, more[0]} <= set(plain):
                plain.remove(name)
                plain.insert(plain.index(more[0]) + more[1], name)
        assert order.names() == plain
        assert all((one in order) == (one in plain) for one in "abcdef")
