"""Debian trees that stand for container images, and commands in them as a container runtime would start them.

`python:X.Y.Z-slim-SUITE` is stood for by the suite as debootstrap makes it, with Debian's own Python of the same X.Y
under /usr/local/bin and its pip free to install packages. So the image's own build of Python is not tried, nor are the
bytes of the image. A command gets processes, mounts and, where asked for, a network of its own; what a container
runtime limits beside that (capabilities, system calls, memory) is not limited. Needs root, Linux and debootstrap.
"""

import ctypes
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("ca-certificates", "netbase", "tzdata", "python3", "python3-pip", "python3-venv")
"""What the image has beside a minimal Debian, and what stands for its Python."""
SLIM = """# As Debian's slim images leave them out of every package that is installed later.
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
"""
MIME_TYPES = "etc/mime.types"
"""Comes with Debian's Python; the image hasn't got it, and Python's own guesses of types differ where it is."""
PASSED_ON = re.compile(
    r"(?i:https?_proxy|ftp_proxy|all_proxy|no_proxy)|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE"
    r"|PIP_(INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|CERT|CLIENT_CERT|TRUSTED_HOST|PROXY|DEFAULT_TIMEOUT|RETRIES)"
    r"|UV_(INDEX|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT)"
    r"|UV_INDEX_\w+"
)
"""Variables of the caller that say how the network is reached. What else the caller has set is not the build's."""
ACQUIRE = re.compile(r"Acquire::(https?::|Retries |Check-Valid-Until |Check-Date |ForceIPv[46] )")
"""The settings of apt that say the same."""
CALLER = "run/caller"
"""Where files of the caller's, such as certificates, are seen in a tree."""
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""The signals that ask a process to end."""


class Trouble(Exception):
    """What keeps this from being done, in a sentence."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a name such as python:3.13.5-slim-trixie asks for."""

    python: str
    suite: str
    digest: str

    @property
    def minor(self) -> str:
        """The version of Python without its last number."""
        return self.python.rpartition(".")[0]


def read_image(name: str) -> Image:
    """Read an exact name of the official Python image on slim Debian. Raises ValueError for any other."""
    match = re.fullmatch(r"python:([0-9]+\.[0-9]+\.[0-9]+)-slim-([a-z]+)(?:@(sha256:[0-9a-f]{64}))?", name)
    if match is None:
        raise ValueError(f"{name} is no exact Python image on a slim Debian, such as python:3.13.5-slim-trixie.")
    return Image(match[1], match[2], match[3] or "")


# --- what the caller's machine knows of the network -----------------------------------------------------------------


class Caller:
    """The caller's way to the network, for the steps of a build: variables, files that they name, apt's sources."""

    def __init__(self, environment: Mapping[str, str], mirror: str | None = None) -> None:
        self.files: list[Path] = []
        self.mirror = mirror
        self.environment = {
            name: self._place(value) for name, value in environment.items() if PASSED_ON.fullmatch(name) and value
        }

    def _place(self, value: str) -> str:
        """The value, or where the file that it names is seen in a tree."""
        path = Path(value)
        if not (path.is_absolute() and path.exists()):
            return value
        if path not in self.files:
            self.files.append(path)
        return f"/{CALLER}/{self.files.index(path)}/{path.name}"

    def prepare(self, tree: Path, suite: str) -> None:
        """Give a tree the ways of this machine: names, apt's settings, and its sources of this suite."""
        for name in ("resolv.conf", "hosts"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"/etc/{name}", tree / "etc" / name)
        if shutil.which("apt-config"):
            settings = [self._setting(line) for line in _ask("apt-config", "dump", "Acquire") if ACQUIRE.match(line)]
            (tree / "etc/apt/apt.conf.d/90caller").write_text("".join(f"{line}\n" for line in settings))
        if self.mirror:
            (tree / "etc/apt/sources.list").write_text(f"deb {self.mirror} {suite} main\n")
        elif shutil.which("apt-get"):
            listed = _ask("apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT) "
                          "$(SIGNED_BY)")  # fmt: skip
            if sources := keep_sources(listed, suite):
                self._write_sources(tree, sources)

    def _setting(self, line: str) -> str:
        return re.sub(r'"(/[^"]*)"', lambda match: f'"{self._place(match[1])}"', line)

    def _write_sources(self, tree: Path, sources: Iterable["Source"]) -> None:
        lines = []
        for number, source in enumerate(sources):
            options = ""
            if source.key:
                key = Path("/etc/apt/keyrings") / f"caller-{number}{Path(source.key).suffix}"
                (tree / key.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source.key, tree / key.relative_to("/"))
                options = f"[signed-by={key}] "
            lines.append(f"deb {options}{source.address} {source.suite} main\n")
        (tree / "etc/apt/sources.list").write_text("".join(lines))
        for path in (Path("/etc/apt/auth.conf"), *sorted(Path("/etc/apt/auth.conf.d").glob("*.conf"))):
            if path.is_file():
                copied = tree / "etc/apt/auth.conf.d" / path.name
                copied.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, copied)
                copied.chmod(0o600)


@dataclass(frozen=True, slots=True)
class Source:
    """Where apt finds a suite; `key` is the path of the keyring, or empty where apt's own do."""

    address: str
    suite: str
    key: str


def keep_sources(listed: Iterable[str], suite: str) -> list[Source]:
    """What the lines of `apt-get indextargets` name of Debian's own main part of the suite, with its updates.

    Left out are files and discs of this machine, other suites, and what others offer under other names. A line is
    CREATED_BY REPO_URI RELEASE COMPONENT SIGNED_BY, the last of them perhaps empty.
    """
    kept = []
    for line in listed:
        kind, address, release, component, key = (*line.split(" ", 4), "", "", "", "", "")[:5]
        is_remote = address.startswith(("http://", "https://"))
        if kind == "Packages" and is_remote and component == "main":
            source = Source(address, release, key if key.startswith("/") else "")
            if release in (suite, f"{suite}-updates", f"{suite}-security") and source not in kept:
                kept.append(source)
    return kept


def _ask(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


# --- trees ----------------------------------------------------------------------------------------------------------


def make_base(image: Image, caller: Caller, cache: Path) -> Path:
    """The tree that stands for the image, in the folder `cache`: the one that is there, or a new one.

    Raises Trouble when it can't be made, or has another Python than the image.
    """
    recipe = hashlib.sha256(repr((PACKAGES, SLIM, MIME_TYPES, caller.mirror)).encode()).hexdigest()[:12]
    base = cache / f"{image.suite}-{recipe}"
    if not base.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=cache))
        try:
            draft.chmod(0o755)
            _debootstrap(image, caller, draft)
            draft.rename(base)
        finally:
            remove(draft)
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = last_lines(run(base, ["/usr/local/bin/python", "-c", program], {}, "/", "")[1])
    if version != image.minor:
        raise Trouble(f"Debian {image.suite} has Python {version}, which can't stand for Python {image.python}.")
    return base


def _debootstrap(image: Image, caller: Caller, tree: Path) -> None:
    mirror = caller.mirror
    if not mirror and shutil.which("apt-get"):
        listed = _ask("apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)")
        mirror = next((source.address for source in keep_sources(listed, image.suite)), None)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", image.suite, str(tree)]
    try:
        do([*command, *([mirror] if mirror else [])], f"debootstrap couldn't make Debian {image.suite}")
    finally:
        for place in reversed(mounts_below(tree)):  # where it has failed half-way
            subprocess.run(["umount", place], check=False)
    (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
    (tree / MIME_TYPES).unlink(missing_ok=True)
    for path in tree.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        path.unlink()  # in the image pip installs packages for the whole system
    for name in ("python", "python3", "pip", "pip3"):
        (tree / "usr/local/bin" / name).symlink_to(f"/usr/bin/{'pip3' if 'pip' in name else 'python3'}")


def do(command: Sequence[str | Path], what: str) -> None:
    """Run a command of this machine, and say nothing. Raises Trouble with the end of what it said when it fails."""
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    done = subprocess.run(command, check=False, stdin=nothing, stdout=pipe, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Trouble(f"{what}; it ended with status {done.returncode} and said:\n{last_lines(done.stdout)}")


def last_lines(output: bytes, count: int = 40) -> str:
    """The end of what a command said."""
    return "\n".join(output.decode(errors="replace").splitlines()[-count:])


def copy_tree(tree: Path, copy: Path) -> None:
    """A copy of a tree with owners, modes and links, under a path where nothing is yet."""
    do(["cp", "--archive", "--reflink=auto", tree, copy], f"{tree} couldn't be copied")


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it. Raises Trouble, with nothing removed, where something is mounted."""
    if left := mounts_below(folder):
        raise Trouble(f"{folder} stays, because something is still mounted at {left[0]}.")
    if folder.exists():
        shutil.rmtree(folder)


def mounts_below(folder: Path) -> list[str]:
    """Where something is mounted in the folder."""
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [place for place in places if Path(place).is_relative_to(folder)]


def place_inside(tree: Path, path: str) -> Path:
    """Where an absolute path of a tree lies. Raises Trouble where a link on the way could lead out of the tree."""
    place = tree
    for part in path.strip("/").split("/"):
        place = place / part if part else place
        if place.is_symlink():
            raise Trouble(f"{path} leads through a link, which isn't followed here.")
    return place


# --- commands -------------------------------------------------------------------------------------------------------


def in_own_world(work: Callable[[], None]) -> int:
    """Do it in a process with mounts and processes of its own: 0, or another status when it raises Trouble.

    Everything that it mounts or starts ends with it, and it ends with us, whatever ends us. A signal that asks us to
    end is sent on to it.
    """
    os.unshare(os.CLONE_NEWPID)
    child = os.fork()
    if child == 0:
        os._exit(_status_of(work))
    for number in ENDING:
        signal.signal(number, lambda number, _: os.kill(child, number))
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it can be sent signals until it is waited for
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)  # what it leaves is being removed
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _status_of(work: Callable[[], None]) -> int:
    """Do it in the new process, and tell there what is wrong: the status to end with."""
    try:
        _begin_world()
        work()
    except Trouble as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _begin_world() -> None:
    def leave(number: int, _: object) -> None:
        for other in ENDING:
            signal.signal(other, signal.SIG_IGN)  # what is open is being closed
        sys.exit(128 + number)

    for number in ENDING:
        signal.signal(number, leave)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: end with the parent
    os.unshare(os.CLONE_NEWNS)
    do(["mount", "--make-rprivate", "/"], "Mounts can't be made private")
    do(["mount", "-t", "proc", "proc", "/proc"], "/proc can't be mounted")


@contextmanager
def mounted(target: Path, *options: str | Path) -> Iterator[None]:
    """Something is mounted there for as long as the block lasts."""
    do(["mount", *options, target], f"Nothing can be mounted at {target}")
    try:
        yield
    finally:
        do(["umount", target], f"What is mounted at {target} can't be unmounted")


def shared_memory(tree: Path) -> AbstractContextManager[None]:
    """The tree has /dev/shm, as in a container."""
    return mounted(tree / "dev/shm", "-t", "tmpfs", "-o", "mode=1777,size=64m,nosuid,nodev", "shm")


@contextmanager
def seen_inside(tree: Path, file: Path, number: int) -> Iterator[None]:
    """A file or folder of the caller's is seen in the tree, and can't be written there."""
    top = tree / CALLER
    target = top / str(number) / file.name
    target.parent.mkdir(parents=True)
    if file.is_dir():
        target.mkdir()
    else:
        target.touch()
    try:
        with mounted(target, "--bind", "-o", "ro", file):
            yield
    finally:
        remove(target.parent)
        with suppress(OSError):  # others are still there
            top.rmdir()


def start(
    tree: Path, command: Sequence[str], environment: Mapping[str, str], workdir: str, user: str, log: int
) -> subprocess.Popen[bytes]:
    """Start a command as the first process in the tree; what it says goes to the file descriptor `log`.

    Whatever it has started ends with it.
    """
    name, home = _find_user(tree, user)
    isolated = [_absolute("unshare"), "--pid", "--fork", "--mount", f"--mount-proc={tree / 'proc'}"]
    inside = [_absolute("chroot"), f"--userspec={name}", str(tree), "/usr/bin/env", "-C", workdir]
    return subprocess.Popen(
        [*isolated, *inside, *command],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"HOME": home} | dict(environment),
    )  # fmt: skip


def run(
    tree: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    workdir: str,
    user: str,
    timeout: float | None = None,
) -> tuple[int, bytes]:
    """The exit status of a command in the tree, and what it said; the status is -9 when it took too long."""
    with tempfile.TemporaryFile() as log:
        started = start(tree, command, environment, workdir, user, log.fileno())
        try:
            status = started.wait(timeout)
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
        finally:
            end(started)
        log.seek(0)
        return status, log.read()


def _absolute(program: str) -> str:
    """The path of a program of this machine, whatever the PATH of the command in the tree will be."""
    path = shutil.which(program)
    if path is None:
        raise Trouble(f"{program} is missing on this machine.")
    return path


def _find_user(tree: Path, user: str) -> tuple[str, str]:
    """The name and the home folder of a user of the tree, root when empty. Raises Trouble where there is none."""
    name = user or "root"
    for line in (tree / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return name, fields[5]
    raise Trouble(f"There is no user {name} in the tree.")


def end(started: subprocess.Popen[bytes]) -> None:
    """End a started command with all that it has started, unless it has ended. None of it is there afterwards."""
    if started.poll() is None:
        with suppress(Trouble, ProcessLookupError):
            os.kill(first_process(started), signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                started.wait(10)
        started.kill()
        started.wait()


def first_process(started: subprocess.Popen[bytes]) -> int:
    """The number, seen from here, of the first process in the tree. Raises Trouble when it has ended."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            if path.read_text().rpartition(")")[2].split()[1] == str(started.pid):
                return int(path.parent.name)
    raise Trouble("The command has ended.")
