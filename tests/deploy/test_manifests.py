"""The files for compose and Kubernetes say what image and settings say, and take from containers what can be taken."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from planner.deploy import gunicorn
from scripts.dockerfile import read_dockerfile

ROOT = Path(__file__).resolve().parents[2]
IMAGE = read_dockerfile((ROOT / "Dockerfile").read_text("utf-8"))[-1]
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
KUBERNETES = {each["kind"]: each for each in yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text("utf-8"))}
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
(WEB,) = POD["containers"]
PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?")
USER = 10001
NGINX = "nginx.ingress.kubernetes.io/"


def documented():
    text = (ROOT / "docs/settings.md").read_text("utf-8")
    names = re.compile(r"^\| `([A-Z_]+)`", re.MULTILINE)
    # Each of those of the application can be given as a file, and no other.
    [of_application] = re.findall(r"^## Of the application$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    return {*names.findall(text), *(f"{name}_FILE" for name in names.findall(of_application))}


def test_no_setting_is_named_that_doesnt_exist():
    named = {name for each in web_services() for name in each["environment"]} | {each["name"] for each in WEB["env"]}
    assert named
    assert named <= documented()


def web_services():
    return [COMPOSE["services"][name] for name in ("web-1", "web-2")]


def test_the_image_listens_where_it_is_asked():
    (port,) = IMAGE.ports
    assert [each["containerPort"] for each in WEB["ports"]] == [port]
    assert IMAGE.environment["PLANNER_BIND"] == f"0.0.0.0:{port}"
    caddy = (ROOT / "deploy/Caddyfile").read_text("utf-8")
    assert re.findall(r"web-\d:\d+", caddy) == [f"web-1:{port}", f"web-2:{port}"]
    assert KUBERNETES["Service"]["spec"]["ports"][0]["targetPort"] == WEB["ports"][0]["name"]
    backend = KUBERNETES["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == KUBERNETES["Service"]["metadata"]["name"]
    assert backend["port"]["name"] == KUBERNETES["Service"]["spec"]["ports"][0]["name"]


def test_the_user_is_the_images():
    assert IMAGE.user == "planner"
    assert f"useradd --uid {USER} --create-home planner" in (ROOT / "Dockerfile").read_text("utf-8")
    security = POD["securityContext"]
    assert security["runAsNonRoot"] is True
    assert {security[name] for name in ("runAsUser", "runAsGroup", "fsGroup")} == {USER}


def test_what_the_image_writes_to_is_there_and_nothing_else_can_be_written():
    (volume,) = IMAGE.volumes
    assert IMAGE.environment["PLANNER_DATA"] == volume
    assert IMAGE.environment["XDG_CACHE_HOME"].startswith("/tmp/")
    for number, each in enumerate(web_services(), 1):
        assert each["read_only"] is True
        assert each["tmpfs"] == ["/tmp:mode=1777"]
        assert each["volumes"] == [f"web-{number}:{volume}"], "a data folder belongs to one service"
    assert WEB["securityContext"]["readOnlyRootFilesystem"] is True
    writable = {each["mountPath"] for each in WEB["volumeMounts"] if not each.get("readOnly")}
    assert writable == {volume, "/tmp"}
    assert {each["name"] for each in WEB["volumeMounts"]} == {each["name"] for each in POD["volumes"]}


def test_nobody_gets_more_rights_than_are_needed():
    for each in (*web_services(), COMPOSE["services"]["proxy"]):
        assert each["cap_drop"] == ["ALL"]
    assert COMPOSE["services"]["proxy"]["cap_add"] == ["NET_BIND_SERVICE"]
    for each in COMPOSE["services"].values():
        assert each["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in each
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert WEB["securityContext"]["allowPrivilegeEscalation"] is False
    assert WEB["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_proxy_alone_is_reached_from_outside_and_believed():
    assert [name for name, each in COMPOSE["services"].items() if "ports" in each] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    address = COMPOSE["services"]["proxy"]["networks"]["inside"]["ipv4_address"]
    assert {each["environment"]["PLANNER_PROXIES"] for each in web_services()} == {address}
    assert address.startswith(COMPOSE["networks"]["inside"]["ipam"]["config"][0]["subnet"].removesuffix("0/24"))


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_probes_ask_under_a_name_that_is_answered_to(probe):
    asked = WEB[probe]["httpGet"]
    assert asked["path"] == ("/readyz" if probe == "readinessProbe" else "/healthz")
    hosts = next(each["value"] for each in WEB["env"] if each["name"] == "PLANNER_HOSTS")
    assert asked["httpHeaders"] == [{"name": "Host", "value": hosts}]
    assert asked["port"] == WEB["ports"][0]["name"]
    assert KUBERNETES["Ingress"]["spec"]["rules"][0]["host"] == hosts


def test_a_pod_has_room_for_a_file_that_takes_long_beside_its_workers():
    said = {each["name"]: each["value"] for each in WEB["env"]}
    files = int(said.get("PLANNER_JOBS", settings.JOBS)) * int(said.get("PLANNER_JOB_MIB", settings.JOB_MIB))
    assert WEB["resources"]["limits"] == {"memory": "4Gi"}
    assert files + 512 * int(said["PLANNER_WORKERS"]) <= 4 * 1024


def test_proxies_take_what_the_service_takes_and_wait_as_long():
    page = (ROOT / "docs/accounts.md").read_text("utf-8")
    notes = KUBERNETES["Ingress"]["metadata"]["annotations"]
    sizes = [*re.findall(r"client_max_body_size (\d+)m;", page), notes[f"{NGINX}proxy-body-size"].removesuffix("m")]
    assert [int(size) << 20 for size in sizes] == [settings.MAX_RECEIVED] * 2
    waits = [*re.findall(r"proxy_read_timeout (\d+)s;", page), notes[f"{NGINX}proxy-read-timeout"]]
    assert [int(wait) > gunicorn.timeout for wait in waits] == [True, True]


def test_what_is_at_work_may_finish():
    assert {each["stop_grace_period"] for each in web_services()} == {"35s"}
    assert POD["terminationGracePeriodSeconds"] > 30 + WEB["lifecycle"]["preStop"]["sleep"]["seconds"]


def test_images_are_pinned_and_secrets_are_files():
    for name in ("proxy", "database"):
        assert PINNED.fullmatch(COMPOSE["services"][name]["image"])
    assert PINNED.fullmatch(WEB["image"])
    for each in COMPOSE["services"].values():
        assert set(each.get("secrets", ())) <= set(COMPOSE["secrets"])
        for name, value in each["environment"].items():
            assert name.endswith("_FILE") == value.startswith("/run/secrets/")
            if name.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in each["secrets"]
    given = [name for each in COMPOSE["services"].values() for name in each["environment"]]
    given += [each["name"] for each in WEB["env"]]
    secret = [name for name in given if re.search("SECRET|PASSWORD|TOKEN|DATABASE_URL", name)]
    assert {"DATABASE_URL_FILE", "PLANNER_SECRET_KEY_FILE", "POSTGRES_PASSWORD_FILE"} == set(secret)
    text = (ROOT / "deploy/compose.yaml").read_text("utf-8") + (ROOT / "deploy/kubernetes.yaml").read_text("utf-8")
    assert not re.search(r"postgres://|(?i:password): *\w", text)
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8").split()
    assert "deploy" in (ROOT / ".dockerignore").read_text("utf-8").split()


def test_the_commands_for_kubernetes_hand_over_what_they_made_from_one_folder():
    page = (ROOT / "docs/deploy.md").read_text("utf-8")
    block = re.search(r"^## Kubernetes.*?^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    handed = re.findall(r"--from-file=(\S+)", block)
    assert handed == re.findall(r"> (\S+)$", block, re.MULTILINE)
    read = {each["value"] for each in WEB["env"] if each["value"].startswith("/run/port-planner/")}
    assert {Path(name).name for name in handed} == {Path(name).name for name in read}
    assert (ROOT / re.search(r"apply -f (\S+)", block)[1]).exists()
