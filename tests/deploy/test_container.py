"""`make container` without its Debian trees: what it needs, what it takes from the machine, and what it looks at."""

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from scripts import container_smoke, container_trial, debian_tree
from scripts.debian_tree import Caller, Source, Trouble, keep_sources, place_inside
from scripts.dockerfile import read_dockerfile

LISTED = [
    "Packages https://debian.example/debian/ trixie main /keys/debian.pgp",
    "Translations https://debian.example/debian/ trixie main /keys/debian.pgp",
    "Packages https://debian.example/debian/ trixie contrib /keys/debian.pgp",
    "Packages https://debian.example/debian/ trixie-updates main /keys/debian.pgp",
    "Packages https://debian.example/security/ trixie-security main ",
    "Packages https://debian.example/debian/ trixie-backports main ",
    "Packages https://debian.example/debian/ bookworm main ",
    "Packages https://other.example/ trixie stable /keys/other.asc",
    "Packages file:/srv/packages/ trixie main ",
    "Packages file:/srv/packages/ ./ $(COMPONENT) $(SIGNED_BY)",
]


@pytest.fixture
def apt(monkeypatch):
    """A machine whose apt has these sources and settings."""
    settings = [
        'Acquire::http::Proxy "http://proxy.example:3128";',
        'Acquire::IndexTargets::deb "";',
        'Acquire::Check-Date "false";',
    ]
    answers = {"apt-get": LISTED, "apt-config": settings}
    monkeypatch.setattr(debian_tree, "_ask", lambda program, *_: answers[program])
    monkeypatch.setattr(debian_tree.shutil, "which", lambda program: f"/bin/{program}")
    return answers


@pytest.fixture
def tree(tmp_path):
    """Where a Debian tree keeps what is changed in it."""
    (tmp_path / "tree/etc/apt/apt.conf.d").mkdir(parents=True)
    return tmp_path / "tree"


# --- what it needs --------------------------------------------------------------------------------------------------


def run_main(monkeypatch, *arguments):
    """What the command ends with, where nothing may begin."""
    monkeypatch.setattr(sys, "argv", ["container_smoke.py", *arguments])
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setattr(container_smoke.trees, "in_own_world", lambda _: pytest.fail("It has begun."))
    with pytest.raises(SystemExit) as ended:
        container_smoke.main()
    return ended.value.code


def test_who_is_not_root_is_told_so(monkeypatch):
    monkeypatch.setattr(container_smoke.os, "geteuid", lambda: 1000)
    assert run_main(monkeypatch) == ("make container needs root, who alone can make Debian trees and mount in them.")


@pytest.mark.parametrize("missing", ["debootstrap", "unshare"])
def test_a_program_that_is_missing_is_told(monkeypatch, missing):
    monkeypatch.setattr(container_smoke.os, "geteuid", lambda: 0)
    monkeypatch.setattr(container_smoke.shutil, "which", lambda name: None if name == missing else f"/bin/{name}")
    assert run_main(monkeypatch) == f"make container needs the program {missing}."


@pytest.fixture
def ready(monkeypatch):
    """A machine that has all."""
    monkeypatch.setattr(container_smoke, "find_missing", lambda: "")


def test_a_wrong_dockerfile_is_told_before_anything_begins(monkeypatch, tmp_path, ready):
    (tmp_path / "Dockerfile").write_text("FROM python:3.13.5-slim-trixie\nSHELL sh\n")
    monkeypatch.setattr(container_smoke, "ROOT", tmp_path)
    assert run_main(monkeypatch) == "Dockerfile, line 2: SHELL isn't known here."


def test_an_image_that_is_not_exact_is_told_before_anything_begins(monkeypatch, ready):
    assert run_main(monkeypatch, "--build-arg", "VERSION=latest").startswith("python:latest is no exact Python image")


def test_a_build_argument_without_a_value_is_told(monkeypatch, capsys):
    assert run_main(monkeypatch, "--build-arg", "VERSION") == 2
    assert "VERSION must be NAME=VALUE" in capsys.readouterr().err


# --- what it takes from the machine ---------------------------------------------------------------------------------


def test_what_says_how_the_network_is_reached_is_passed_on_and_nothing_else(tmp_path):
    bundle = tmp_path / "bundle.crt"
    bundle.touch()
    passed = {
        "https_proxy": "http://proxy.example:3128", "NO_PROXY": "localhost", "PIP_DEFAULT_TIMEOUT": "60",
        "PIP_INDEX_URL": "https://a.example/simple", "UV_DEFAULT_INDEX": "https://a.example/simple",
        "UV_INDEX_INTERNAL_USERNAME": "ann", "PIP_CERT": str(tmp_path / "none.crt"),
    }  # fmt: skip
    files = {"SSL_CERT_FILE": str(bundle), "REQUESTS_CA_BUNDLE": str(bundle), "PIP_FIND_LINKS": str(tmp_path)}
    others = {
        "PATH": "/bin", "HOME": "/root", "UV_PYTHON": "/usr/bin/python3", "UV_CACHE_DIR": str(tmp_path),
        "PIP_TARGET": "/x", "PIP_PROXY": "", "UV_PROJECT_ENVIRONMENT": "/venv", "PLANNER_DATA": "/data",
        "AWS_SECRET_ACCESS_KEY": "x", "PIP_CERTAINLY": "1", "https_proxy_user": "ann",
    }  # fmt: skip
    caller = Caller(passed | files | others)
    assert caller.environment == passed | {
        "SSL_CERT_FILE": "/run/caller/0/bundle.crt",
        "REQUESTS_CA_BUNDLE": "/run/caller/0/bundle.crt",
        "PIP_FIND_LINKS": f"/run/caller/1/{tmp_path.name}",
    }
    assert caller.files == [bundle, tmp_path]


def test_of_the_sources_of_apt_debians_own_of_the_suite_are_kept():
    assert keep_sources(LISTED, "trixie") == [
        Source("https://debian.example/debian/", "trixie", "/keys/debian.pgp"),
        Source("https://debian.example/debian/", "trixie-updates", "/keys/debian.pgp"),
        Source("https://debian.example/security/", "trixie-security", ""),
    ]
    assert keep_sources(LISTED, "forky") == []


def test_a_tree_gets_sources_with_their_keys_and_the_settings_of_the_network(apt, tree, tmp_path):
    key, authority = tmp_path / "debian.pgp", tmp_path / "authority.crt"
    key.write_bytes(b"a key")
    authority.touch()
    apt["apt-get"] = [line.replace("/keys/debian.pgp", str(key)) for line in LISTED]
    apt["apt-config"].append(f'Acquire::https::CaInfo "{authority}";')
    caller = Caller({})
    caller.prepare(tree, "trixie")
    assert (tree / "etc/apt/sources.list").read_text().splitlines() == [
        "deb [signed-by=/etc/apt/keyrings/caller-0.pgp] https://debian.example/debian/ trixie main",
        "deb [signed-by=/etc/apt/keyrings/caller-1.pgp] https://debian.example/debian/ trixie-updates main",
        "deb https://debian.example/security/ trixie-security main",
    ]
    assert (tree / "etc/apt/keyrings/caller-1.pgp").read_bytes() == b"a key"
    assert (tree / "etc/apt/apt.conf.d/90caller").read_text().splitlines() == [
        'Acquire::http::Proxy "http://proxy.example:3128";',
        'Acquire::Check-Date "false";',
        'Acquire::https::CaInfo "/run/caller/0/authority.crt";',
    ]
    assert caller.files == [authority]


def test_a_mirror_takes_the_place_of_the_sources(apt, tree):
    Caller({}, "https://mirror.example/debian").prepare(tree, "trixie")
    assert (tree / "etc/apt/sources.list").read_text() == "deb https://mirror.example/debian trixie main\n"


def test_without_sources_of_the_suite_those_of_debootstrap_stay(apt, tree):
    (tree / "etc/apt/sources.list").write_text("as it was")
    Caller({}).prepare(tree, "forky")
    assert (tree / "etc/apt/sources.list").read_text() == "as it was"


# --- what it does in a tree -----------------------------------------------------------------------------------------


def test_no_step_leaves_its_tree(tree):
    (tree / "var").mkdir()
    (tree / "var/run").symlink_to("/run")
    assert place_inside(tree, "/var/data/") == tree / "var/data"
    assert place_inside(tree, "/") == tree
    for path in ("/var/run", "/var/run/data"):
        with pytest.raises(Trouble, match="leads through a link"):
            place_inside(tree, path)


def test_nothing_is_removed_where_something_is_mounted(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(debian_tree, "mounts_below", lambda _: ["/somewhere"])
    with pytest.raises(Trouble, match="/somewhere"):
        debian_tree.remove(tmp_path)
    assert (tmp_path / "file").exists()
    monkeypatch.undo()
    debian_tree.remove(tmp_path)
    assert not tmp_path.exists()


def test_a_mount_is_seen_from_every_folder_above_it():
    assert "/proc" in debian_tree.mounts_below(Path("/"))
    assert debian_tree.mounts_below(Path("/pro")) == []


def copy_all(lines, root, tree, monkeypatch):
    """Carry the COPY lines out, with `root` as the repository."""
    monkeypatch.setattr(container_smoke, "ROOT", root)
    (stage,) = read_dockerfile("FROM image\n" + lines)
    for step in stage.steps:
        container_smoke.carry_out(step, tree, {}, Caller({}), tree.parent)


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def root(tmp_path):
    """A repository with a program, a link, and something that .dockerignore leaves out."""
    root = tmp_path / "root"
    (root / "app/deep").mkdir(parents=True)
    (root / ".dockerignore").write_text("secret\n.dockerignore\n")
    for name in ("run.sh", "secret", "app/one", "app/deep/two"):
        (root / name).write_text(name)
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("run.sh")
    return root


def test_files_and_folders_are_copied_as_the_line_says(root, tree, monkeypatch, capsys):
    copy_all(
        "WORKDIR /srv\nCOPY . .\nCOPY run.sh app/one /bin/\nCOPY app /opt\nCOPY run.sh /sbin/start",
        root,
        tree,
        monkeypatch,
    )
    assert files_of(tree / "srv") == {"run.sh", "link", "app/one", "app/deep/two"}
    assert (tree / "srv/link").is_symlink()
    assert (tree / "srv/run.sh").stat().st_mode & 0o777 == 0o755
    assert files_of(tree / "bin") == {"run.sh", "one"}
    assert files_of(tree / "opt") == {"one", "deep/two"}
    assert (tree / "sbin/start").read_text() == "run.sh"
    assert capsys.readouterr().out.splitlines()[:2] == ["Line 2: WORKDIR /srv", "Line 3: COPY . /srv/"]


@pytest.mark.parametrize("name", ["secret", "none"])
def test_what_a_build_does_not_see_can_not_be_copied(root, tree, monkeypatch, name):
    with pytest.raises(Trouble, match=f"Line 2: there is no {name} to copy"):
        copy_all(f"COPY {name} /srv/", root, tree, monkeypatch)


def test_a_pattern_that_is_not_known_is_told(root, tree, monkeypatch):
    (root / ".dockerignore").write_text("secret\n[a]\n")
    with pytest.raises(Trouble, match=r"^\.dockerignore, line 2: \[a\] isn't known here"):
        copy_all("COPY run.sh /srv/", root, tree, monkeypatch)


def test_a_program_that_fails_is_told_with_what_it_said():
    with pytest.raises(Trouble, match=r"(?s)^It failed; it ended with status 3 and said:\nwhy$"):
        debian_tree.do(["sh", "-c", "echo why; exit 3"], "It failed")
    debian_tree.do(["true"], "It failed")


# --- what it looks at -----------------------------------------------------------------------------------------------


def test_a_pdf_has_to_be_one_in_our_fonts():
    hidden = zlib.compress(b"<< /FontName /ABCDEF+Inter-SemiBold >>")
    content = b"%PDF-1.7\n/FontName/DejaVuSans\nstream\n" + hidden + b"\nendstream"
    assert container_trial.font_names(content) == {"Inter", "DejaVuSans"}
    container_trial.check_pdf(content, "It")
    for other, told in ((b"<html>", "is none"), (b"%PDF-1.7", "the fonts of nobody"), (content[:30], "DejaVuSans")):
        with pytest.raises(Trouble, match=told):
            container_trial.check_pdf(other, "It")


def test_the_script_finds_its_parts_from_everywhere(tmp_path):
    script = container_smoke.ROOT / "scripts" / "container_smoke.py"
    told = subprocess.check_output([sys.executable, script, "--help"], text=True, cwd=tmp_path)
    assert {"--cache", "--mirror", "--build-arg"} <= set(told.split())
