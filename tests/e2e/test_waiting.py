"""The browser tests' own waiting, under the page's policy."""


def test_what_is_not_true_yet_is_waited_for_under_the_policy(page):
    page.goto("/")
    page.evaluate("setTimeout(() => { document.title = 'Later'; }, 300)")
    page.wait_for_function("document.title === 'Later'")
    assert page.title() == "Later"
