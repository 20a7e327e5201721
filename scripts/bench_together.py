"""Measures several people on one plan, against the service as `make run` starts it; nothing passes or fails here.

- How fast the pulse answers while 50 viewers ask every two seconds, and how often it has nothing new to say.
- How long a change takes to the screen of someone else, and an own change from the click to the new report, in
  Chromium.

Everything runs on this machine, so the browsers and the viewers take processor time from the service.
"""

import os
import re
import sys
import threading
import time
from http.client import HTTPConnection
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from random import Random
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.served import ARGUMENTS, Service, chromium_path, enter, serve  # noqa: E402

VIEWERS = 50
INTERVAL = 2.0
SECONDS = 30
CHANGES = 30
PLANS = {"everything": "everything", "1,000 sites": "sites"}


def percentile(times: list[float], share: float) -> float:
    """The time that so large a share of them doesn't exceed."""
    return sorted(times)[max(0, round(share * len(times)) - 1)]


def say(times: list[float], limit: float, share: float = 0.95) -> str:
    """Median, 95th and 99th percentile in ms, and whether the limit is kept at the share wanted."""
    p50, p95, p99 = (percentile(times, wanted) * 1000 for wanted in (0.5, 0.95, 0.99))
    kept = percentile(times, share) <= limit
    return (
        f"p50 {p50:,.0f} ms, p95 {p95:,.0f} ms, p99 {p99:,.0f} ms, most {max(times) * 1000:,.0f} ms of {len(times)}; "
        f"wanted p{share * 100:.0f} {limit * 1000:,.0f} ms: {'kept' if kept else 'MISSED'}"
    )


def open_link(service: Service, link: str) -> tuple[str, str]:
    """Open an edit link as a new browser: the plan's own address, and the cookies that it opens for."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[service.host]))
    opener = build_opener(HTTPCookieProcessor(jar))
    with opener.open(service.address + link, timeout=30) as door:
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', door.read())
    data = urlencode({"csrfmiddlewaretoken": token[1].decode() if token else ""}).encode()
    with opener.open(service.address + link, data, timeout=30) as plan:
        path = urlsplit(plan.url).path
    return path, "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


class Viewer(threading.Thread):
    """One open page: asks every INTERVAL seconds with the cookie and the tag that it got, as plan.js does."""

    def __init__(self, service: Service, link: str, start: float, until: float) -> None:
        super().__init__(daemon=True)
        self.service, self.link, self.start_at, self.until = service, link, start, until
        self.times: list[float] = []
        self.answers: list[int] = []

    def run(self) -> None:
        """Ask until it is time to stop; times are of everything from the connection to the last byte."""
        path, cookie = open_link(self.service, self.link)
        headers = {"Cookie": cookie}
        due = self.start_at
        while due < self.until:
            time.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            connection = HTTPConnection(self.service.host, self.service.port, timeout=30)
            connection.request("GET", f"{path}pulse/", headers=headers)
            answer = connection.getresponse()
            answer.read()
            self.times.append(time.perf_counter() - began)
            self.answers.append(answer.status)
            headers["If-None-Match"] = answer.getheader("ETag") or ""
            connection.close()
            due += INTERVAL


def bench_pulse(service: Service, path: str) -> None:
    """Fifty viewers at once; the first round, in which all of them arrive, counts as well."""
    chance, now = Random(1), time.perf_counter()  # noqa: S311 - spreads questions, guards nothing
    viewers = [Viewer(service, path, now + chance.uniform(0, INTERVAL), now + SECONDS) for _ in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    answers = [answer for viewer in viewers for answer in viewer.answers]
    settled = [answer for viewer in viewers for answer in viewer.answers[len(viewer.answers) // 3 :]]
    print(f"  pulse: {say([seconds for viewer in viewers for seconds in viewer.times], 0.05)}")
    print(
        f"  304: {answers.count(304) / len(answers):.0%} of all answers, {settled.count(304) / len(settled):.0%} once"
        f" everybody is there; others than 200 and 304: {len([a for a in answers if a not in (200, 304)])}"
    )


MEASURE = """
() => new Promise((resolve) => {
  const report = document.getElementById("report");
  const began = performance.now();
  const watcher = new MutationObserver(() => {
    const fresh = document.getElementById("report");
    if (fresh !== report) {
      watcher.disconnect();
      fresh.getBoundingClientRect();  // laid out, as the eye gets it
      resolve((performance.now() - began) / 1000);
    }
  });
  watcher.observe(document.body, {childList: true, subtree: true});
  const choices = [...document.querySelectorAll("#choice-esxi-ssh, #choice-esxi-powercli, #panel input[type=radio]")];
  choices.find((choice) => !choice.checked).click();
})
"""


def bench_own_change(page: Page, address: str) -> None:
    """From the click on a decision to the report that follows from it."""
    enter(page, f"{address}?panel=decisions")
    times = []
    for _ in range(CHANGES):
        before = page.locator("#state").get_attribute("data-revision") or ""
        times.append(page.evaluate(MEASURE))
        expect(page.locator("#state")).not_to_have_attribute("data-revision", before)
        page.wait_for_timeout(50)
    print(f"  own change, click to report: {say(times, 0.3)}")


def bench_change_of_others(browser: Browser, service: Service, path: str) -> None:
    """From the click of one to the new revision on the screen of the other, at any moment between two pulses."""
    one, other = (browser.new_context(base_url=service.address).new_page() for _ in range(2))
    enter(one, f"{path}?panel=ports")
    enter(other, path)
    chance, times = Random(2), []  # noqa: S311
    field = one.locator("#panel input[name=ports]").first
    for number in range(CHANGES):
        one.wait_for_timeout(chance.uniform(0, 2000))
        field.fill(str(20_000 + number))
        began = time.perf_counter()
        field.press("Enter")
        expect(one.locator("#state")).to_have_text(re.compile("^Saved"))
        other.locator("#report", has_text=str(20_000 + number)).wait_for()
        times.append(time.perf_counter() - began)
    print(f"  change of someone else: {say(times, 3.5)}")
    for page in (one, other):
        page.context.close()


def main() -> None:
    """All of it, for a plan as people have it and for a large one."""
    with serve() as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for title, slug in PLANS.items():
            path = service.make_plan(slug)
            print(f"\n{title}; {os.getloadavg()[0]:.1f} processes wanted one of {os.cpu_count()} processors before\n")
            bench_pulse(service, path)
            page = browser.new_page(base_url=service.address)
            bench_own_change(page, path)
            page.close()
            bench_change_of_others(browser, service, path)
        browser.close()


if __name__ == "__main__":
    main()
