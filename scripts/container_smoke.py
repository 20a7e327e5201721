"""Carries the Dockerfile out, instruction by instruction, in bare Debian trees, and tries what comes of it.

The steps of each stage run in a tree of its own (`scripts/debian_tree.py` says what stands for the base image, and so
what stays untried), with the build context that .dockerignore leaves. `scripts/container_trial.py` tries the image.
Nothing stays: neither mounts nor processes nor files, unless it is killed outright, which leaves files.

Needs root, Linux, debootstrap and the network: proxies, indexes and certificates are taken from the environment, apt's
sources from this machine. Ends with status 0, or with 1 and a sentence that says what is wrong.
"""

import argparse
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import debian_tree as trees  # noqa: E402
from scripts.build_context import list_context, read_patterns  # noqa: E402
from scripts.container_trial import own_network, say, try_image  # noqa: E402
from scripts.debian_tree import Caller, Image, Trouble, read_image  # noqa: E402
from scripts.dockerfile import BadDockerfile, Copy, Folder, Stage, Step, read_dockerfile  # noqa: E402


def main() -> None:
    """Read the command line, and do it."""
    parser = argparse.ArgumentParser(prog="make container", description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, help="a folder that keeps the bare Debian tree for the next time")
    parser.add_argument("--mirror", help="the address of a Debian mirror, in place of this machine's sources")
    parser.add_argument("--build-arg", action="append", default=[], type=read_pair, metavar="NAME=VALUE",
                        help="as for docker build")  # fmt: skip
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # where Debian keeps debootstrap
    if missing := find_missing():
        sys.exit(f"make container needs {missing}.")
    os.umask(0o022)
    try:
        stages = read_dockerfile((ROOT / "Dockerfile").read_text("utf-8"), dict(options.build_arg))
        images = [read_image(stage.image) for stage in stages]
        caller = Caller(os.environ, options.mirror)
        with workshop() as shop:
            cache = options.cache or shop / "base"
            status = trees.in_own_world(lambda: smoke(stages, images, caller, cache, shop))
        if status == 0:
            say("All is well, and nothing is left of it.")
    except BadDockerfile as error:
        sys.exit(f"Dockerfile, {error}")
    except (Trouble, ValueError) as error:
        sys.exit(str(error))
    sys.exit(status)


def read_pair(text: str) -> tuple[str, str]:
    """A build argument. Raises ArgumentTypeError for what is none."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text} must be NAME=VALUE")
    return name, value


def find_missing() -> str:
    """What this machine lacks for it, in words; empty when all is there."""
    if sys.platform != "linux":
        return "Linux"
    if os.geteuid() != 0:
        return "root, who alone can make Debian trees and mount in them"
    programs = ("debootstrap", "unshare", "mount", "umount", "chroot")
    return next((f"the program {name}" for name in programs if shutil.which(name) is None), "")


def smoke(stages: Sequence[Stage], images: Sequence[Image], caller: Caller, cache: Path, shop: Path) -> None:
    """Build the stages, and try the last one. Raises Trouble when something is wrong."""
    built = build(stages, images, caller, cache, shop)
    check_image(built, stages[-1])
    own_network()
    try_image(built, stages[-1], shop)


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder for trees, which goes with all that is in it. Not in /tmp, where there may be no devices."""
    shop = Path(tempfile.mkdtemp(prefix="port-planner-container.", dir=os.environ.get("TMPDIR") or "/var/tmp"))  # noqa: S108
    try:
        shop.chmod(0o755)
        yield shop
    finally:
        trees.remove(shop)


# --- building -------------------------------------------------------------------------------------------------------


def build(stages: Sequence[Stage], images: Sequence[Image], caller: Caller, cache: Path, shop: Path) -> Path:
    """Carry the steps of all stages out: the tree of the last one."""
    done = dict[str | None, Path]()
    for number, (stage, image) in enumerate(zip(stages, images, strict=True)):
        say(f"Line {stage.line}: FROM {stage.image}: Debian {image.suite} with its own Python stands for it")
        tree = done[stage.name] = shop / f"stage-{number}"
        trees.copy_tree(trees.make_base(image, caller, cache), tree)
        with ExitStack() as stack:
            caller.prepare(tree, image.suite)
            stack.enter_context(trees.shared_memory(tree))
            for count, file in enumerate(caller.files):
                stack.enter_context(trees.seen_inside(tree, file, count))
            for step in stage.steps:
                carry_out(step, tree, done, caller, shop)
    return done[stages[-1].name]


def carry_out(step: Step, tree: Path, done: dict[str | None, Path], caller: Caller, shop: Path) -> None:
    """Carry one step out in the tree. Raises Trouble when it fails."""
    if isinstance(step, Folder):
        say(f"Line {step.line}: WORKDIR {step.path}")
        trees.place_inside(tree, step.path).mkdir(parents=True, exist_ok=True)
    elif isinstance(step, Copy):
        say(f"Line {step.line}: COPY {' '.join(step.sources)} {step.destination}")
        copy(step, tree, done[step.stage] if step.stage else make_context(shop))
    else:
        say(f"Line {step.line}: RUN {' '.join(step.command.split())}")
        status, output = trees.run(
            tree, ["/bin/sh", "-c", step.command], caller.environment | dict(step.environment), step.workdir, step.user
        )
        if status:
            raise Trouble(f"Line {step.line}: RUN ended with status {status} and said:\n{trees.last_lines(output)}")


def make_context(shop: Path) -> Path:
    """The build context: a copy of this folder without what .dockerignore leaves out. All of it is root's.

    Raises Trouble when .dockerignore has what isn't known here.
    """
    context = shop / "context"
    if not context.exists():
        try:
            patterns = read_patterns((ROOT / ".dockerignore").read_text("utf-8"))
        except ValueError as error:
            raise Trouble(f".dockerignore, {error}") from None
        context.mkdir()
        for name in list_context(ROOT, patterns):
            source, target = ROOT / name, context / name
            if source.is_dir() and not source.is_symlink():
                target.mkdir(parents=True)
                shutil.copystat(source, target)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target, follow_symlinks=False)
    return context


def copy(step: Copy, tree: Path, origin: Path) -> None:
    """Copy files and what is in folders, as root's. Raises Trouble when a source is missing."""
    destination = trees.place_inside(tree, step.destination)
    for name in step.sources:
        source = origin / name
        if source.is_dir() and not source.is_symlink():
            destination.mkdir(parents=True, exist_ok=True)
            command = ["cp", "--recursive", "--preserve=mode,timestamps,links", f"{source}/.", str(destination)]
        elif source.exists():
            target = destination / source.name if step.destination.endswith("/") else destination
            target.parent.mkdir(parents=True, exist_ok=True)
            command = ["cp", "--preserve=mode,timestamps", "--no-target-directory", str(source), str(target)]
        else:
            raise Trouble(f"Line {step.line}: there is no {name} to copy.")
        trees.do(command, f"Line {step.line}: {name} couldn't be copied")


def check_image(tree: Path, stage: Stage) -> None:
    """Nobody's secrets are in the image, and its user can't change the program. Raises Trouble."""
    for volume in stage.volumes:
        kept = sorted(path.name for path in trees.place_inside(tree, volume).iterdir())
        if kept != ["static"]:
            raise Trouble(f"The image has in {volume} not the static files alone, but {', '.join(kept) or 'nothing'}.")
    program = trees.place_inside(tree, stage.workdir)
    for path in (program, *program.rglob("*")):
        status = path.lstat()
        if status.st_uid or (status.st_mode & stat.S_IWOTH and not path.is_symlink()):
            raise Trouble(f"{path.relative_to(tree)} of the image can be changed by others than root.")


if __name__ == "__main__":
    main()
