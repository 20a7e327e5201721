"""The Dockerfile as it is read, and the reader: it takes what it knows as Docker does, and refuses the rest."""

import io
import re
import socket
import tomllib
from pathlib import Path

import pytest

from scripts.build_context import is_left_out, list_context, read_patterns
from scripts.debian_tree import read_image
from scripts.dockerfile import BadDockerfile, Copy, Folder, Run, read_dockerfile

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text("utf-8")
IGNORED = read_patterns((ROOT / ".dockerignore").read_text("utf-8"))


def read_one(text, **given):
    """The only stage of a Dockerfile with these lines behind its FROM."""
    (stage,) = read_dockerfile(f"FROM image\n{text}\n", given, {"PATH": "/bin"})
    return stage


# --- ours -----------------------------------------------------------------------------------------------------------


def test_all_stages_start_from_the_same_exact_image():
    build, last = read_dockerfile(TEXT)
    image = read_image(build.image)
    assert last.image == build.image
    assert image.suite == "trixie"
    python = [int(part) for part in image.python.split(".")]
    required = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert python >= [int(part) for part in required.removeprefix(">=").split(".")]


def test_the_image_can_be_given_by_its_digest():
    digest = f"sha256:{'0123456789abcdef' * 4}"
    for stage in read_dockerfile(TEXT, {"DIGEST": f"@{digest}"}):
        assert read_image(stage.image).digest == digest


def test_another_version_is_another_version_in_all_stages():
    images = {stage.image for stage in read_dockerfile(TEXT, {"VERSION": "3.14.1-slim-forky"})}
    assert images == {"python:3.14.1-slim-forky"}


@pytest.mark.parametrize("name", [
    "python", "python:latest", "python:3.13-slim-trixie", "python:3.13.5", "python:3.13.5-slim", "debian:13.1-slim",
    "python:3.13.5-trixie", "python:3.13.5-slim-trixie@sha256:0", "python:3.13.5rc1-slim-trixie",
])  # fmt: skip
def test_what_is_not_exact_stands_for_no_image(name):
    with pytest.raises(ValueError, match=re.escape(name)):
        read_image(name)


def test_what_is_copied_is_there():
    seen = {".", *list_context(ROOT, IGNORED)}
    copies = [step for stage in read_dockerfile(TEXT) for step in stage.steps if isinstance(step, Copy)]
    assert {step.stage for step in copies} == {"build", None}
    for step in copies:
        if step.stage is None:
            assert set(step.sources) <= seen, step


def test_the_image_serves_as_somebody_without_rights_and_keeps_its_data_in_the_volume():
    stage = read_dockerfile(TEXT)[-1]
    assert stage.user not in ("", "root", "0")
    assert stage.volumes == [stage.environment["PLANNER_DATA"]]
    assert stage.environment["PLANNER_BIND"] == f"0.0.0.0:{stage.ports[0]}"
    for program in (stage.command[0], stage.healthcheck.command[0]):
        assert (ROOT / program).stat().st_mode & 0o111, program
        assert not is_left_out(program, IGNORED)


def test_a_build_sees_what_is_served_and_nothing_else():
    seen = set(list_context(ROOT, IGNORED))
    for folder in ("planner", "ports", "static", "templates"):
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            assert name in seen or "__pycache__" in name, name
    scripts = {f"scripts/{path.name}" for path in ROOT.glob("scripts/*.sh")}
    assert {"manage.py", "pyproject.toml", "uv.lock"} | scripts <= seen
    for name in (".git", ".venv", ".uv", ".ci", "tests", "docs", "data", "scripts/web", "Dockerfile"):
        assert name not in seen, name


def test_a_build_sees_nothing_that_git_ignores():
    for line in (ROOT / ".gitignore").read_text("utf-8").splitlines():
        name = line.strip("/").replace("*", "x").replace("[cod]", "c")
        for path in [f"{name}/x"] if line.startswith("/") else [name, f"planner/plan/{name}"]:
            assert is_left_out(path, IGNORED), path


# --- the reader -----------------------------------------------------------------------------------------------------


def test_lines_go_on_over_comments():
    stage = read_one("# first\nRUN one \\\n    # between\n  && two \\  \n&& three\nWORKDIR /srv")
    assert [(type(step), step.line) for step in stage.steps] == [(Run, 3), (Folder, 7)]
    assert stage.steps[0].command.split() == ["one", "&&", "two", "&&", "three"]


def test_a_step_has_what_holds_at_its_place():
    stage = read_one("ARG A=1\nWORKDIR srv\nRUN one\nENV B=2 A=3\nUSER ann\nRUN two")
    one, two = (step for step in stage.steps if isinstance(step, Run))
    assert (one.environment, one.workdir, one.user) == ({"PATH": "/bin", "A": "1"}, "/srv", "")
    assert (two.environment, two.user) == ({"PATH": "/bin", "A": "3", "B": "2"}, "ann")
    assert stage.environment == {"PATH": "/bin", "A": "3", "B": "2"}


def test_variables_stand_for_what_they_hold():
    stage = read_one(
        "ENV A=a EMPTY=\n"
        r"""ENV B=$A C="${A} $A" D='$A' E=\$A F=${EMPTY:-other} G=${A:+set}${EMPTY:+set} """
        r"""H=x\ y I="a\"b\c" A=b J=${A}1 L='\$'"""
        "\nENV K=$A"
    )
    assert stage.environment == {
        "PATH": "/bin", "A": "b", "EMPTY": "", "B": "a", "C": "a a", "D": "$A", "E": "$A", "F": "other", "G": "set",
        "H": "x y", "I": 'a"b\\c', "J": "a1", "K": "b",
        "L": "\\$",
    }  # fmt: skip


def test_arguments_before_the_first_stage_are_for_images_until_a_stage_asks_for_them():
    text = "ARG V=1\nFROM image:$V AS one\nARG V\nENV W=$V\nFROM other:$V\n"
    assert [(stage.image, stage.environment) for stage in read_dockerfile(text, {}, {})] == [
        ("image:1", {"W": "1"}), ("other:1", {}),
    ]  # fmt: skip
    assert [stage.image for stage in read_dockerfile(text, {"V": "2"})] == ["image:2", "other:2"]
    assert read_one("ARG A=1\nENV B=$A", A="2").environment["B"] == "2"
    with pytest.raises(BadDockerfile, match="line 3: V is set nowhere"):
        read_dockerfile("ARG V=1\nFROM image\nENV W=$V\n")


@pytest.mark.parametrize(("line", "sources", "destination"), [
    ("COPY a b", ("a",), "/srv/b"),
    ("COPY a b/", ("a",), "/srv/b/"),
    ("COPY . .", (".",), "/srv/"),
    ("COPY ./a/ /b ../c/", ("a", "b"), "/c/"),
    ("COPY / /", (".",), "/"),
])  # fmt: skip
def test_what_is_copied_and_where_to(line, sources, destination):
    step = read_one(f"WORKDIR /srv\n{line}").steps[-1]
    assert (step.sources, step.destination, step.stage) == (sources, destination, None)


def test_how_an_image_is_run():
    stage = read_one(
        'VOLUME /a b\nEXPOSE 80 443\nCMD ["run", "it"]\n'
        'HEALTHCHECK --interval=1m30s --timeout=500ms --retries=2 \\\n  --start-period=1h CMD ["ask"]'
    )
    assert (stage.volumes, stage.ports, stage.command) == (["/a", "/b"], [80, 443], ("run", "it"))
    check = stage.healthcheck
    assert check.command == ("ask",)
    assert (check.interval, check.timeout, check.start_period, check.retries) == (90, 0.5, 3600, 2)
    usual = read_one('HEALTHCHECK CMD ["ask"]').healthcheck
    assert (usual.interval, usual.timeout, usual.start_period, usual.retries) == (30, 30, 0, 3)


@pytest.mark.parametrize("name", [
    "ADD", "ENTRYPOINT", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "run", "INCLUDE",
])  # fmt: skip
def test_an_instruction_that_is_not_known_is_told_with_its_line(name):
    with pytest.raises(BadDockerfile, match=f"^line 3: {name} isn't known here"):
        read_one(f"RUN true\n{name} x")


@pytest.mark.parametrize(("text", "told"), [
    ("# syntax=docker/dockerfile:1", "line 2: A parser directive"),
    ("RUN one \\\n\n && two", "line 3: An instruction that goes on has an empty line"),
    ("RUN one \\", "line 2: The last instruction goes on"),
    ("RUN", "line 2: RUN has nothing behind it"),
    ("RUN --mount=type=cache true", "line 2: RUN must be"),
    ('RUN ["true"]', "line 2: RUN must be"),
    ("RUN cat <<END\nEND", "line 2: RUN must be"),
    ("ENV A 1", "line 2: ENV must be"),
    ("ENV 1=A", "line 2: '1' is no name"),
    ("ENV A=$B", "line 2: B is set nowhere"),
    ("ENV A=${PATH%x}", "line 2: Behind a \\$"),
    ("ENV A='b", "line 2: A ' isn't closed"),
    ("ENV A=b\\", "line 2: The last instruction goes on"),
    ("ARG A-B", "line 2: 'A-B' is no name"),
    ("WORKDIR a b", "line 2: WORKDIR must be one word"),
    ("USER ann\nWORKDIR /a", "line 3: WORKDIR comes after USER"),
    ("USER ann bob", "line 2: USER must be one word"),
    ("COPY a", "line 2: COPY must name"),
    ('COPY ["a", "b"]', "line 2: COPY must name"),
    ("COPY a b c", "line 2: COPY of several"),
    ("COPY *.py a/", "line 2: COPY must name each"),
    ("COPY ../a b", "line 2: ../a leads out"),
    ("COPY --chown=ann a b", "line 2: COPY --chown isn't known"),
    ("COPY --from=none a b", "line 2: There is no earlier stage 'none'"),
    ("FROM image AS one\nCOPY --from=one a b", "line 3: There is no earlier stage 'one'"),
    ("FROM --platform=x image", "line 2: FROM must be"),
    ("FROM image one", "line 2: FROM must be"),
    ("FROM image AS One", "line 2: A stage can't be called One"),
    ("FROM image AS one\nFROM image AS one", "line 3: There is a stage one already"),
    ("FROM image AS one\nFROM one", "line 3: To start from another stage"),
    ('VOLUME ["/a"]', "line 2: VOLUME must be words"),
    ("EXPOSE 80/udp", "line 2: EXPOSE must be ports"),
    ("EXPOSE 70000", "line 2: EXPOSE must be ports"),
    ("CMD run", "line 2: CMD must be in exec form"),
    ("CMD []", "line 2: CMD must be in exec form"),
    ('CMD ["a", 1]', "line 2: CMD must be in exec form"),
    ('CMD ["a"]\nCMD ["b"]', "line 3: Only the last CMD"),
    ("HEALTHCHECK NONE", "line 2: HEALTHCHECK must be"),
    ("HEALTHCHECK CMD ask", "line 2: HEALTHCHECK must be in exec form"),
    ('HEALTHCHECK --timeout=5 CMD ["ask"]', "line 2: 5 is no duration"),
    ('HEALTHCHECK --retries=0 CMD ["ask"]', "line 2: --retries must be"),
    ('HEALTHCHECK --often=5s CMD ["ask"]', "line 2: HEALTHCHECK --often isn't known"),
    ('HEALTHCHECK --timeout=5s --timeout=6s CMD ["ask"]', "line 2: HEALTHCHECK --timeout is there twice"),
    ('HEALTHCHECK CMD ["a"]\nHEALTHCHECK CMD ["b"]', "line 3: Only the last HEALTHCHECK"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text, told):
    with pytest.raises(BadDockerfile, match=f"^{told}"):
        read_one(text)


@pytest.mark.parametrize(("text", "told"), [
    ("", "line 1: There is no FROM"),
    ("ARG A=1", "line 1: There is no FROM"),
    ("# a comment\nRUN true", "line 2: RUN comes before the first FROM"),
    ("ARG A\nFROM image:$A", "line 2: A is set nowhere"),
])  # fmt: skip
def test_there_is_a_stage_before_anything_else(text, told):
    with pytest.raises(BadDockerfile, match=f"^{told}"):
        read_dockerfile(text)


def test_a_build_argument_that_nobody_declares_is_an_error():
    with pytest.raises(BadDockerfile, match="VERSOIN"):
        read_dockerfile(TEXT, {"VERSOIN": "3.13.5-slim-trixie"})


# --- .dockerignore --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("patterns", "left_out", "seen"), [
    ("# a comment\n\n/data/", ["data", "data/a/b"], ["a/data", "data.txt", "a comment"]),
    ("*.txt", ["a.txt"], ["a/b.txt", "a.txt.gz"]),
    ("*/b", ["a/b", "a/b/c"], ["b", "a/c/b"]),
    ("**/b", ["b", "a/b", "a/c/b/d"], ["ab", "a/bc"]),
    ("a/**/b", ["a/b", "a/c/d/b"], ["a/cb", "b"]),
    ("a/**", ["a/b", "a/b/c"], ["b", "a"]),
    ("?.log", ["a.log"], ["ab.log", "/.log"]),
    ("a+b", ["a+b"], ["aab"]),
    ("a\n!a/keep\na/keep/not", ["a", "a/b", "a/keep/not"], ["a/keep", "a/keep/b"]),
    ("!a\na", ["a"], []),
])  # fmt: skip
def test_patterns_leave_out_what_docker_leaves_out(patterns, left_out, seen):
    found = read_patterns(patterns)
    assert [path for path in left_out if not is_left_out(path, found)] == []
    assert [path for path in seen if is_left_out(path, found)] == []


@pytest.mark.parametrize("line", ["a[bc]", "a\\b", ".", "../a", "!"])
def test_a_pattern_that_is_not_known_is_told_with_its_line(line):
    with pytest.raises(ValueError, match=r"^line 2: "):
        read_patterns(f"a\n{line}")


def test_a_context_has_folders_before_what_is_in_them_and_links_as_they_are(tmp_path):
    for name in ("a/b", "a/out/keep", "out"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("a/b/file", "a/out/file", "a/out/keep/file", "out/file"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("out")
    seen = list(list_context(tmp_path, read_patterns("out")))
    below = {"a", "a/b", "a/b/file", "a/out", "a/out/file", "a/out/keep", "a/out/keep/file"}
    assert sorted(seen) == sorted(below | {"link"})
    assert all(seen.index(name.rpartition("/")[0]) < seen.index(name) for name in seen if "/" in name)
    taken_back = list(list_context(tmp_path, read_patterns("**/out\n!a/out/keep")))
    assert {path for path in taken_back if "out" in path} == {"a/out/keep", "a/out/keep/file"}


class Service:
    """A connection that says where it leads, what is asked through it, and answers with one status."""

    def __init__(self, status=200):
        self.status, self.where, self.said = status, [], []

    def connect(self, address, timeout=None):
        self.where.append(address)
        return self

    def makefile(self, mode):
        return io.BytesIO(f"HTTP/1.1 {self.status} Said\r\nContent-Length: 0\r\n\r\n".encode())

    def sendall(self, data):
        self.said += data.decode().split("\r\n")

    def settimeout(self, seconds):
        assert seconds == 4

    def close(self):
        pass


HEALTHY = (ROOT / "scripts/healthy.sh").read_text("utf-8").split("EOF_PYTHON")[1].removeprefix("'\n")


def ask_health(monkeypatch, status=200, **variables):
    service = Service(status)
    with monkeypatch.context() as given:
        given.setattr(socket, "create_connection", service.connect)
        given.setattr(socket, "socket", lambda family: service if family == socket.AF_UNIX else None)
        for name, value in variables.items():
            given.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            exec(HEALTHY, {})
    return service, ended.value.code


def test_the_health_check_asks_under_the_first_name_of_the_variable_or_of_its_file(monkeypatch, tmp_path):
    (tmp_path / "hosts").write_text("ports.example.com, www.example.com\n", "utf-8")
    for name, value, host in (
        ("PLANNER_HOSTS", ".example.com,localhost", "example.com"),
        ("PLANNER_HOSTS_FILE", str(tmp_path / "hosts"), "ports.example.com"),
    ):
        service, code = ask_health(monkeypatch, **{name: value})
        assert (service.said[0], code) == ("GET /readyz HTTP/1.1", 0)
        assert {f"Host: {host}", "X-Forwarded-Proto: https"} <= set(service.said)


@pytest.mark.parametrize(
    ("bind", "where"),
    [
        ("", ("127.0.0.1", 8000)),
        ("0.0.0.0:8080", ("127.0.0.1", 8080)),
        ("10.1.2.3:8000", ("10.1.2.3", 8000)),
        ("[::]:8000", ("::1", 8000)),
        ("unix:/run/planner.sock", "/run/planner.sock"),
    ],
)
def test_the_health_check_asks_where_the_service_listens(monkeypatch, bind, where):
    assert ask_health(monkeypatch, PLANNER_BIND=bind)[0].where == [where]


def test_the_health_check_fails_where_the_service_cant_do_its_work(monkeypatch):
    assert ask_health(monkeypatch, status=503)[1] == "/readyz was answered with 503."
