"""What pytest does beside each test and nobody needs: a third of what it takes for one that does nothing."""

from _pytest import fixtures

UNUSED = {
    "_dj_autoclear_mailbox", "_django_clear_site_cache", "_django_isolate_apps", "_django_set_urlconf",
    "_template_string_if_invalid_marker",
}  # fmt: skip
"""Fixtures that pytest-django brings to every test for what no test here has: mail, sites, and markers of its own."""

LOOK = fixtures.getfuncargnames


def need_less(items):
    """Take the fixtures away that no test needs."""
    for item in items:
        for name in UNUSED.intersection(item.fixturenames):  # one list for all cases of a test
            item.fixturenames.remove(name)


def look_less():
    """Have `request` at hand without a look at what it is made by.

    Whenever a fixture asks for it, pytest makes a function of no arguments, and looks up which it has.
    """
    fixtures.getfuncargnames = lambda function, name="", cls=None: (
        () if name == "request" else LOOK(function, name=name, cls=cls)
    )


def tell_less(config):
    """Have a worker tell of each test what came of it and when it is over, and not four things that nobody reads.

    Those are when it begins and ends, and that what it needs was made and went again without a fault. With options
    that read them all is told.
    """
    if config.option.verbose > 0 or config.option.durations or config.option.xmlpath:
        return
    [worker] = [one for one in config.pluginmanager.get_plugins() if type(one).__name__ == "WorkerInteractor"]
    send = worker.sendevent

    def send_some(name, **facts):
        if name in ("logstart", "logfinish"):
            return
        if name == "testreport":
            report = facts["data"]
            if report["outcome"] == "passed" and report["when"] == "call":
                report["keywords"] = {}  # names of folders and markers, which is most of it
            elif report["outcome"] == "passed" and not report["user_properties"] and not report["sections"]:
                return
        send(name, **facts)

    worker.sendevent = send_some
