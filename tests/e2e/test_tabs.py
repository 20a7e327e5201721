"""A page that one test after the other gets has nothing of the test before."""

LEAVE = """
  () => {
    localStorage.setItem("left", "1");
    sessionStorage.setItem("left", "1");
    setInterval(() => console.error("still here"), 5);
    addEventListener("beforeunload", (event) => event.preventDefault());
  }
"""
PERMITTED = """
  navigator.permissions.query({name: "clipboard-read"}).then(({state}) => [window.left, window.alsoLeft, state])
"""
OPTIONS = {"timezone_id": "Asia/Tokyo"}
"""No other test asks for them."""
LASTING = {
    "a clock": lambda page: page.clock.install(),
    "a header": lambda page: page.set_extra_http_headers({"x-left": "1"}),
    "its end": lambda page: page.close(),
}


def test_what_a_test_leaves_in_a_page_is_gone_for_the_next(tabs, site):
    tab = tabs.take(**OPTIONS)
    heard = []
    tab.hear = lambda text, kind: heard.append((text, kind))
    tab.set(width=400, height=300, color_scheme="dark", reduced_motion="reduce", cookies=[])
    page = tab.page
    page.add_init_script("window.left = 1")
    page.context.add_init_script("window.alsoLeft = 1")
    page.context.grant_permissions(["clipboard-read"])
    page.goto("/")
    assert page.evaluate(f"() => {PERMITTED}") == [1, 1, "granted"]
    page.context.add_cookies([{"name": "left", "value": "1", "url": site}])
    with page.expect_event("console"):
        page.evaluate(LEAVE)
    page.context.new_page().goto("/words/")
    page.once("dialog", lambda dialog: dialog.accept())  # there is one: a page asks before it is left
    page.on("request", lambda request: heard.append(request.url))
    page.context.on("response", lambda response: heard.append(response.url))
    page.route("**/words/", lambda route: route.abort())
    page.context.route("**/plans/", lambda route: route.abort())
    page.route("**/matrix/", lambda route: None)  # it is never answered
    page.evaluate("() => { fetch('/matrix/').catch(() => {}); }")
    tabs.give_back(tab, reusable=True)
    assert ("still here", "error") in heard
    del heard[:]

    again = tabs.take(**OPTIONS)
    assert again is tab, "it is had again"
    tab.hear = lambda text, kind: heard.append((text, kind))
    tab.set(width=800, height=600, color_scheme="light", reduced_motion="no-preference", cookies=[])
    assert page.context.pages == [page]
    assert page.context.cookies() == []
    page.goto("/")
    seen = page.evaluate("[localStorage.left, sessionStorage.left, innerWidth, innerHeight]")
    assert seen == [None, None, 800, 600]
    assert not page.evaluate("matchMedia('(prefers-color-scheme: dark), (prefers-reduced-motion: reduce)').matches")
    for path in ("/words/", "/plans/", "/matrix/"):
        assert page.goto(path).ok, path
    assert page.evaluate(f"() => {PERMITTED}") == [None, None, "prompt"]
    assert heard == []
    tabs.give_back(tab, reusable=False)


def test_a_page_that_something_lasting_was_done_to_or_whose_test_failed_is_not_had_again(tabs, site):
    tab = tabs.take(**OPTIONS)
    for name, do in (LASTING | {"a failure": lambda page: None}).items():
        do(tab.page)
        tabs.give_back(tab, reusable=name != "a failure")
        again = tabs.take(**OPTIONS)
        assert again is not tab, name
        tab = again
    tabs.give_back(tab, reusable=False)
