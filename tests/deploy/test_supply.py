"""What the service is made of: known weaknesses are found, its list is whole, nothing comes without a hash."""

import json
import re
import subprocess
import threading
import tomllib
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADVISORY = json.loads(Path(__file__).with_name("advisory.json").read_text("utf-8"))


@cache
def locked():
    """What `uv.lock` says of each package, by its name."""
    return {one["name"]: one for one in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}


@contextmanager
def advisories(*found):
    """A service that knows these advisories (the API of osv.dev: a question about many packages, then one by one)."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            self.send({"results": [self.look_up(query["package"]["name"]) for query in asked]})

        def do_GET(self):
            self.send(next(one for one in found if self.path.endswith(one["id"])))

        def look_up(self, package):
            known = [one for one in found if one["affected"][0]["package"]["name"] == package]
            return {"vulns": [{"id": one["id"], "modified": one["modified"]} for one in known]} if known else {}

        def send(self, document):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def audit(url):
    """What `make audit` does, with advisories from there."""
    line = re.search(r"scripts/dev.sh (uv audit .*) \$\(ARGS\)", (ROOT / "Makefile").read_text("utf-8"))[1]
    return subprocess.run(
        [*line.split(), "--service-url", url], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_package_with_a_known_weakness_is_named_with_its_advisory():
    with advisories(ADVISORY) as url:
        done = audit(url)
    assert done.returncode != 0
    assert ADVISORY["id"] in done.stdout + done.stderr
    assert "sqlparse" in done.stdout + done.stderr


def test_one_of_a_package_that_isnt_used_is_no_news():
    other = json.loads(json.dumps(ADVISORY).replace("sqlparse", "leftpad"))
    with advisories(other) as url:
        done = audit(url)
    assert done.returncode == 0, done.stderr
    assert ADVISORY["id"] not in done.stdout


def test_the_list_has_every_package_that_the_service_runs_on_with_version_and_hash(tmp_path):
    line = re.search(r"scripts/dev.sh (uv export .*) --output-file", (ROOT / "Makefile").read_text("utf-8"))[1]
    subprocess.run([*line.split(), "--output-file", str(tmp_path / "sbom.json")], cwd=ROOT, check=True, timeout=300)
    document = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    found = {one["name"]: one for one in document["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    direct = {re.match(r"[A-Za-z0-9_.-]+", one)[0].lower().replace("_", "-") for one in project["dependencies"]}
    wanted = _with_theirs(direct)
    assert wanted <= set(found)
    assert "pytest" not in found
    for name, one in found.items():
        assert one["version"] == locked()[name]["version"]
        files = one["externalReferences"]
        assert files
        assert all(len(file["hashes"][0]["content"]) == 64 for file in files)


def _with_theirs(names):
    found, left = set(), {name for name in names if name in locked()}
    while left:
        found |= left
        left = {
            one["name"]
            for name in left
            for one in locked()[name].get("dependencies", ())
            if "marker" not in one  # others are for other systems
        } - found
    return found


def test_nothing_is_installed_without_a_hash():
    for name, package in locked().items():
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        assert files or "virtual" in package["source"] or "editable" in package["source"], name
        assert all(file["hash"].startswith("sha256:") for file in files), name
    npm = json.loads((ROOT / "scripts" / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    assert all(one["integrity"].startswith("sha512-") for path, one in npm.items() if path)
    # uv, which installs them, is a package like them.
    for path in ("scripts/setup.sh", "Dockerfile"):
        lines = [line for line in (ROOT / path).read_text("utf-8").splitlines() if "pip install" in line]
        assert lines
        assert all("--require-hashes -r" in line for line in lines), path
    assert (ROOT / "scripts" / "uv.txt").read_text("utf-8").count("--hash=sha256:") > 10
