"""Walks the steps of the Dockerfile in a Debian tree, and asks the service that they make; for where there is no Docker.

Needs root, debootstrap and the network, and takes minutes. The base image of Python is played by a tree of the same
Debian with its own Python, so its version is one that Debian has. Everything else is read from the Dockerfile: the
steps, their order, their user and their variables. All mounts and processes are in namespaces of their own and go
with the script, and so does the tree.

What a network needs that isn't open is handed over here, and never in the Dockerfile: this machine's resolver, hosts and
certificates, its variables for proxies and package indexes, and with --apt a folder that takes the place of /etc/apt.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.dockerfile import Stage, list_context, read_dockerfile  # noqa: E402

MIRROR = "http://deb.debian.org/debian"
PACKAGES = "ca-certificates,python3,python3-pip,python3-venv"
PASSED_ON = re.compile(
    r"(?:https?|all|no)_proxy|PIP_\w+|UV_\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE", re.IGNORECASE
)
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 60
"""How long the service may take until it is well."""


class Tree:
    """A folder that stands for a container: what is run in it sees nothing else of this machine's files."""

    def __init__(self, folder: Path, machine: dict[str, str]) -> None:
        self.folder = folder
        self.machine = machine
        self.user = "root"
        self.place = "/"
        self.variables = {"PATH": PATH}
        self.volumes: list[str] = []

    def command(self, words: list[str]) -> list[str]:
        """What runs these words in the tree, in its place, as its user and with its variables."""
        home = "/root" if self.user == "root" else f"/home/{self.user}"
        variables = {"HOME": home, **self.machine, **self.variables}
        return [
            "chroot", f"--userspec={self.user}:{self.user}", str(self.folder), "/usr/bin/env", "-i",
            *(f"{name}={value}" for name, value in variables.items()),
            "sh", "-c", 'cd "$0" && exec "$@"', self.place, *words,
        ]  # fmt: skip

    def run(self, words: list[str]) -> bytes:
        """What they print. Raises CalledProcessError when they fail."""
        return subprocess.run(self.command(words), check=True, stdout=subprocess.PIPE).stdout

    def inside(self, path: str) -> Path:
        """Where a path of the tree is on this machine."""
        return self.folder / (Path(self.place) / path).relative_to("/")


def main() -> None:
    """Make the base, walk the stages, start the last one and ask it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(";")[0])
    parser.add_argument("--mirror", default=os.environ.get("DEBIAN_MIRROR", MIRROR), help="where debootstrap fetches")
    parser.add_argument("--apt", type=Path, help="a folder that takes the place of /etc/apt in the tree")
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("This needs root and debootstrap (apt-get install debootstrap).")
    if os.environ.get("_IN_NAMESPACES") != "1":
        again = [sys.executable, __file__, *sys.argv[1:]]
        isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        sys.exit(subprocess.run([*isolated, *again], env=os.environ | {"_IN_NAMESPACES": "1"}, check=False).returncode)
    stages = read_dockerfile((ROOT / "Dockerfile").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="container-") as folder:
        base = make_base(Path(folder) / "base", stages[0], options.mirror, options.apt)
        trees: dict[str, Tree] = {}
        for stage in stages:
            trees[stage.name] = build(stage, base, Path(folder) / stage.name, trees)
        try_service(stages[-1], trees[stages[-1].name])
        for tree in (base, *(each.folder for each in trees.values())):
            for mounted in ("proc", "dev", CERTIFICATES):
                subprocess.run(["umount", "--recursive", tree / mounted], check=False, stderr=subprocess.DEVNULL)
    print("The container's steps work, and the service answers.")


def make_base(folder: Path, stage: Stage, mirror: str, apt: Path | None) -> Path:
    """A tree that stands for the image python:VERSION-slim-SUITE."""
    version, suite = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-(\w+)(?:@.*)?", stage.image).groups()  # type: ignore[union-attr]
    say(f"debootstrap {suite}, for {stage.image}")
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, folder, mirror]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    if apt is not None:
        shutil.rmtree(folder / "etc/apt")
        shutil.copytree(apt, folder / "etc/apt", symlinks=True)
    for name in ("resolv.conf", "hosts"):
        (folder / "etc" / name).unlink(missing_ok=True)
        shutil.copy(f"/etc/{name}", folder / "etc" / name)
    # As in the image: `python` in /usr/local, and pip may install beside it.
    (folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for marker in (folder / "usr/lib").glob("python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    found = subprocess.check_output(["chroot", folder, "python3", "--version"], text=True).split()[1]
    if not found.startswith(f"{version}."):
        sys.exit(f"The Dockerfile wants Python {version}, and Debian {suite} has {found}.")
    return folder


def build(stage: Stage, base: Path, folder: Path, trees: dict[str, Tree]) -> Tree:
    """Walk the steps of a stage in a copy of the base."""
    subprocess.run(["cp", "--archive", "--reflink=auto", base, folder], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", folder / "proc"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", folder / "dev"], check=True)
    if Path("/", CERTIFICATES).exists():
        subprocess.run(["mount", "--bind", Path("/", CERTIFICATES), folder / CERTIFICATES], check=True)
    machine = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    tree = Tree(folder, machine | {name: f"/{CERTIFICATES}" for name in machine if "CA" in name or "CERT" in name})
    for step in stage.steps:
        say(f"{stage.name}: {step.word} {step.text}"[:110])
        match step.word:
            case "RUN":
                tree.run(["sh", "-c", step.text])
            case "WORKDIR":
                tree.place = step.text
                tree.inside("").mkdir(parents=True, exist_ok=True)
            case "ENV":
                # Docker puts in what the variables had before the step.
                known = dict(tree.variables)
                tree.variables |= {name: expand(value, known) for name, value in step.pairs()}
            case "COPY":
                copy(step.text.split(), tree, trees)
            case "USER":
                tree.user = step.text
            case "VOLUME":
                tree.volumes.append(step.text)
    return tree


def expand(text: str, variables: dict[str, str]) -> str:
    """The text with the variables in it."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: variables.get(found[1], ""), text)


def copy(words: list[str], tree: Tree, trees: dict[str, Tree]) -> None:
    """COPY from another stage, or from here without what .dockerignore names."""
    source = ROOT
    if words[0].startswith("--from="):
        source = trees[words.pop(0).removeprefix("--from=")].folder
    *names, target = words
    for name in names:
        if source is not ROOT:
            destination = tree.inside(target)
            subprocess.run(["cp", "--archive", source / name.lstrip("/"), destination], check=True)
            continue
        for path in list_context(ROOT, name):
            destination = tree.inside(target) / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, destination)


def try_service(stage: Stage, tree: Tree) -> None:
    """Start what the container starts and see that it is well, unprivileged, makes reports, and stops when told to."""
    left = {path.name for path in tree.inside(tree.variables["PLANNER_DATA"]).iterdir()}
    if left != {"static"}:
        sys.exit(f"The image has {sorted(left)} among its data; only static files belong there.")
    os.unshare(os.CLONE_NEWNET)  # its port is free there
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    say(f"start: {' '.join(stage.command)}, as {tree.user}")
    service = subprocess.Popen(tree.command(stage.command))
    try:
        until = time.monotonic() + SECONDS
        while subprocess.run(tree.command(stage.health), check=False, stderr=subprocess.DEVNULL).returncode:
            if service.poll() is not None or time.monotonic() > until:
                sys.exit("The service isn't well.")
            time.sleep(1)
        say("it is well by its own health check")
        status = Path(f"/proc/{service.pid}/status").read_text()
        if re.search(r"^Uid:\s+0\b", status, re.MULTILINE):
            sys.exit("The service runs as root.")
        for path in ("/", "/matrix/", "/healthz"):
            ask = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000{path}').status)"
            if tree.run(["python", "-c", ask]).strip() != b"200":
                sys.exit(f"{path} isn't answered.")
        tree.run(["sh", "-c", "echo 'h2 { color: teal }' >/tmp/house.css"])
        plan = "planner/plan/examples/dmz.yaml"
        for extra in ([], ["--stylesheet", "/tmp/house.css"]):
            report = ["python", "manage.py", "report", plan, "--format", "pdf", *extra]
            if not tree.run(report).startswith(b"%PDF"):
                sys.exit(f"There is no PDF: {' '.join(report)}")
        if b"<svg" not in tree.run(["python", "manage.py", "report", plan, "--format", "html"]):
            sys.exit("There is no diagram.")
        say("pages, PDFs and the diagram are there")
    finally:
        service.terminate()
        status_code = service.wait()
    if status_code != 0:
        sys.exit(f"The service stopped with {status_code}.")


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"--- {text}", flush=True)


if __name__ == "__main__":
    main()
