"""One service for all that it outlives; it has one process, so nobody is answered by another one."""

import resource

import pytest

from scripts import breakable, served
from tests.databases import serve
from tests.warm import Warm

SLOW = "tests.serving.slow_settings"
FILES = 4_000


@pytest.fixture(scope="package", autouse=True)
def _warm():
    """What is tried is what services do, however they were started."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (breakable, served):
            patch.setattr(module, "Popen", Warm)
        yield


@pytest.fixture(scope="package")
def service():
    """The service as it is run, with the addresses of `slow_urls`, behind a trusted proxy on this machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        assert hard == resource.RLIM_INFINITY or hard >= FILES, f"these tests need {FILES:,} open files"
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    with serve(PLANNER_WORKERS="1", PLANNER_PROXIES="127.0.0.1", DJANGO_SETTINGS_MODULE=SLOW) as service:
        yield service
