"""Settings from the environment: read, checked, and refused with a sentence."""

import json
import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured

from planner.deploy import environment
from tests import warm
from tests.started import first_start

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


TLS = {"PLANNER_TLS": "1", "PLANNER_HOSTS": "ports.example.com"}
GIVEN = "a key for tests, and long: 0123456789"
ACCOUNTS = {"PLANNER_REQUIRE_LOGIN": "1"}
BY_PROXY = ACCOUNTS | {"PLANNER_PROXIES": "10.0.0.1", "PLANNER_REMOTE_USER": "X-Remote-User"}
OIDC = ACCOUNTS | {
    "PLANNER_OIDC_ISSUER": "https://login.example", "PLANNER_OIDC_CLIENT_ID": "ports",
    "PLANNER_OIDC_CLIENT_SECRET": "s3cret",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PLANNER_")]:
        monkeypatch.delenv(name)


def run(code, **variables):
    """Python in a new process, with nothing of the planner's in its environment but these variables."""
    names = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    return warm.run(
        [sys.executable, "-c", code], cwd=ROOT, env=names | variables, capture_output=True, text=True, check=False
    )


@contextmanager
def variables_are(variables):
    """Nothing of the planner's in the environment of this process but these."""
    names = {name: value for name, value in os.environ.items() if not name.startswith(("PLANNER_", "DJANGO_"))}
    with patch.dict(os.environ, names | variables, clear=True):
        yield


def settings(*names, **variables):
    """Settings as they are when the module is run anew, by name, as JSON has them."""
    with variables_are(variables):
        made = runpy.run_path(str(ROOT / "planner" / "settings.py"))
    return json.loads(json.dumps({name: made.get(name) for name in names}, default=str))


def refusal(**variables):
    """The last line of what is said about settings that can't be meant."""
    with variables_are(variables), pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(ROOT / "planner" / "settings.py"))
    return str(refused.value).splitlines()[-1]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


UNKNOWN = (
    "import planner.settings; from planner.deploy.environment import list_unknown; print(*list_unknown(), sep='\\n')"
)


def test_what_is_no_setting_is_told_with_the_one_that_is_like_it():
    others = {"PLANNER_PORT": "9000", "PLANNER_COLOUR": "red", "PLANNER_SECRET_KEY_FALLBACK_FILE": "x", "PLAN": "9"}
    others |= {"PLANNER_WORKERS_FILE": "/run/workers", "PLANNER_METRICS_FILE": "/run/metrics"}
    assert run(UNKNOWN, PLANNER_HOST="ports.example.com", **others).stdout.splitlines() == [
        "PLANNER_COLOUR is no setting and changes nothing.",
        "PLANNER_HOST is no setting and changes nothing; is PLANNER_HOSTS meant?",
        "PLANNER_METRICS_FILE is no setting and changes nothing; is PLANNER_METRICS meant?",
        "PLANNER_PORT is no setting and changes nothing.",
        "PLANNER_SECRET_KEY_FALLBACK_FILE is no setting and changes nothing; is PLANNER_SECRET_KEY_FALLBACKS meant?",
        "PLANNER_WORKERS_FILE is no setting and changes nothing; is PLANNER_WORKERS meant?",
    ]


def test_what_is_documented_is_known_and_so_is_what_kubernetes_sets():
    documented = dict.fromkeys(re.findall(r"PLANNER_\w+", (ROOT / "docs/settings.md").read_text("utf-8")), "")
    kubernetes = {
        "PLANNER_SERVICE_HOST": "10.1.2.3", "PLANNER_SERVICE_PORT": "80", "PLANNER_SERVICE_PORT_HTTP": "80",
        "PLANNER_PORT": "tcp://10.1.2.3:80", "PLANNER_PORT_80_TCP": "tcp://10.1.2.3:80",
        "PLANNER_PORT_80_TCP_PROTO": "tcp", "PLANNER_PORT_80_TCP_PORT": "80", "PLANNER_PORT_80_TCP_ADDR": "10.1.2.3",
    }  # fmt: skip
    given = {name: value for name, value in documented.items() if not name.endswith("_FILE")} | kubernetes
    assert run(UNKNOWN, **given).stdout == "\n"


class TestStylesheet:
    def test_none_is_nothing(self, tmp_path):
        assert settings("STYLESHEET", PLANNER_DATA=str(tmp_path)) == {"STYLESHEET": ""}
        assert settings("STYLESHEET", PLANNER_DATA=str(tmp_path), PLANNER_STYLESHEET=" ") == {"STYLESHEET": ""}

    def test_it_is_read_at_the_start(self, tmp_path):
        (tmp_path / "house.css").write_text("h2 { color: teal }")
        given = {"PLANNER_DATA": str(tmp_path), "PLANNER_STYLESHEET": str(tmp_path / "house.css")}
        assert settings("STYLESHEET", **given) == {"STYLESHEET": "h2 { color: teal }"}

    def test_a_bad_one_is_refused_with_a_sentence(self, tmp_path):
        (tmp_path / "bad.css").write_text("</style>")
        for name in ("bad.css", "absent.css"):
            said = refusal(PLANNER_DATA=str(tmp_path), PLANNER_STYLESHEET=str(tmp_path / name))
            assert said.startswith(f"PLANNER_STYLESHEET: The stylesheet {tmp_path / name} ")
            assert said.endswith(".")


class TestClassification:
    def test_it_is_a_line(self, tmp_path):
        given = {"PLANNER_DATA": str(tmp_path), "PLANNER_CLASSIFICATION": " Internal use only "}
        assert settings("CLASSIFICATION", **given) == {"CLASSIFICATION": "Internal use only"}

    def test_what_has_no_room_is_refused_with_a_sentence(self, tmp_path):
        said = refusal(PLANNER_DATA=str(tmp_path), PLANNER_CLASSIFICATION="x" * 41)
        assert said.startswith("PLANNER_CLASSIFICATION must be one line of at most 40 characters")


class TestSecretKey:
    def test_it_is_made_once_and_readable_by_its_owner_alone(self, tmp_path):
        path = tmp_path / "new" / "secret-key"
        key = environment.keep_secret_key(path)
        assert len(key) >= 64
        assert mode(path) == 0o600
        assert path.read_text("ascii") == key + "\n"
        assert environment.keep_secret_key(path) == key
        assert [file.name for file in path.parent.iterdir()] == ["secret-key"]

    def test_a_wide_umask_doesnt_open_it(self, tmp_path):
        old = os.umask(0)
        try:
            environment.keep_secret_key(tmp_path / "new" / "secret-key")
        finally:
            os.umask(old)
        assert mode(tmp_path / "new" / "secret-key") == 0o600
        assert mode(tmp_path / "new") == 0o700

    def test_every_data_folder_has_a_key_of_its_own(self, tmp_path):
        assert environment.keep_secret_key(tmp_path / "a") != environment.keep_secret_key(tmp_path / "b")

    def test_processes_that_start_together_agree_on_one(self, tmp_path):
        code = "from planner.deploy.environment import *; import sys; print(keep_secret_key(Path(sys.argv[1])))"
        path = tmp_path / "data" / "secret-key"
        processes = [
            subprocess.Popen([sys.executable, "-c", code, path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(12)
        ]
        keys = {process.communicate()[0] for process in processes}
        assert {process.returncode for process in processes} == {0}
        assert keys == {path.read_text("ascii")}
        assert [file.name for file in path.parent.iterdir()] == ["secret-key"]

    def test_who_loses_the_race_takes_the_winners_key(self, tmp_path, monkeypatch):
        path, key = tmp_path / "secret-key", "the-winners-key-of-characters-enough"

        def link(source, target):
            path.write_text(f"{key}\n", "ascii")
            raise FileExistsError

        monkeypatch.setattr(environment.os, "link", link)
        assert environment.keep_secret_key(path) == key
        assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]

    def test_a_folder_that_cant_be_written_is_a_sentence(self, tmp_path):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(ImproperlyConfigured, match=r"can't be kept in .*PLANNER_DATA.*or PLANNER_SECRET_KEY\.$"):
            environment.keep_secret_key(tmp_path / "file" / "secret-key")

    def test_it_is_kept_in_the_data_folder_and_the_same_after_a_restart(self, tmp_path):
        first = settings("SECRET_KEY", "DATA_DIR", PLANNER_DATA=str(tmp_path / "data"))
        second = settings("SECRET_KEY", PLANNER_DATA=str(tmp_path / "data"))
        assert first["SECRET_KEY"] == second["SECRET_KEY"]
        assert (tmp_path / "data" / "secret-key").read_text("ascii").strip() == first["SECRET_KEY"]
        assert first["DATA_DIR"] == str(tmp_path / "data")

    def test_one_that_is_given_is_used_and_no_file_is_made(self, tmp_path):
        given = settings("SECRET_KEY", PLANNER_DATA=str(tmp_path), PLANNER_SECRET_KEY=f" {GIVEN} ")
        assert given == {"SECRET_KEY": GIVEN}
        (tmp_path / "key").write_text(f"{GIVEN} from a file\n")
        data = {"PLANNER_DATA": str(tmp_path / "data"), "PLANNER_SECRET_KEY_FILE": str(tmp_path / "key")}
        assert settings("SECRET_KEY", **data) == {"SECRET_KEY": f"{GIVEN} from a file"}
        assert not (tmp_path / "secret-key").exists()
        assert not (tmp_path / "data").exists()

    @pytest.mark.parametrize("weak", ["x", "a" * 60, "abcabcabc" * 9, "django-insecure-" + GIVEN, GIVEN[:31]])
    def test_one_that_can_be_guessed_is_refused_with_what_to_do(self, tmp_path, weak):
        said = refusal(PLANNER_DATA=str(tmp_path), PLANNER_SECRET_KEY=weak)
        assert "PLANNER_SECRET_KEY is too weak: it must have at least 32 characters" in said
        assert weak not in said

    def test_keys_from_before_are_named_beside_it(self, tmp_path):
        both = {"PLANNER_SECRET_KEY": GIVEN, "PLANNER_SECRET_KEY_FALLBACKS": "one, two"}
        assert settings("SECRET_KEY_FALLBACKS", **both, PLANNER_DATA=str(tmp_path)) == {
            "SECRET_KEY_FALLBACKS": ["one", "two"]
        }

    def test_an_empty_one_counts_as_not_given(self, tmp_path):
        assert settings("SECRET_KEY", PLANNER_DATA=str(tmp_path), PLANNER_SECRET_KEY=" ")["SECRET_KEY"]
        assert (tmp_path / "secret-key").exists()


class TestReading:
    def test_a_text_is_stripped_and_absent_or_empty_is_the_default(self, monkeypatch):
        assert environment.read_text("PLANNER_X", "default") == "default"
        monkeypatch.setenv("PLANNER_X", "")
        assert environment.read_text("PLANNER_X", "default") == "default"
        monkeypatch.setenv("PLANNER_X", " value\n")
        assert environment.read_text("PLANNER_X", "default") == "value"

    def test_a_file_stands_for_the_variable(self, monkeypatch, tmp_path):
        (tmp_path / "x").write_text(" välue \n", "utf-8")
        monkeypatch.setenv("PLANNER_X_FILE", str(tmp_path / "x"))
        assert environment.read_text("PLANNER_X", "default") == "välue"
        (tmp_path / "x").write_text("", "utf-8")
        assert environment.read_text("PLANNER_X", "default") == ""

    def test_a_variable_and_its_file_together_are_a_sentence(self, monkeypatch):
        monkeypatch.setenv("PLANNER_X", "1")
        monkeypatch.setenv("PLANNER_X_FILE", "/nowhere")
        with pytest.raises(
            ImproperlyConfigured, match=r"^Both PLANNER_X and PLANNER_X_FILE are set; set one of them\.$"
        ):
            environment.read_text("PLANNER_X")

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_a_file_that_cant_be_read_is_a_sentence(self, monkeypatch, tmp_path, content):
        path = tmp_path / "x"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setenv("PLANNER_X_FILE", str(path))
        with pytest.raises(ImproperlyConfigured, match=r"^PLANNER_X_FILE names .*, which can't be read: .*\.$"):
            environment.read_text("PLANNER_X")

    @pytest.mark.parametrize(("value", "flag"), [("1", True), ("0", False), (" 1 ", True)])
    def test_a_flag_is_one_or_zero(self, monkeypatch, value, flag):
        monkeypatch.setenv("PLANNER_X", value)
        assert environment.read_flag("PLANNER_X", default=not flag) is flag

    @pytest.mark.parametrize("default", [True, False])
    def test_an_absent_flag_is_the_default(self, default):
        assert environment.read_flag("PLANNER_X", default=default) is default

    @pytest.mark.parametrize("value", ["true", "yes", "on", "2", "01", "-1", "off", "no"])
    def test_any_other_flag_is_a_sentence(self, monkeypatch, value):
        monkeypatch.setenv("PLANNER_X", value)
        with pytest.raises(ImproperlyConfigured, match=rf"^PLANNER_X must be 0 or 1, not '{value}'\.$"):
            environment.read_flag("PLANNER_X")

    def test_a_list_has_its_parts_without_white_space_and_empty_ones(self, monkeypatch):
        monkeypatch.setenv("PLANNER_X", " a, b ,,c,")
        assert environment.read_list("PLANNER_X", "d") == ["a", "b", "c"]
        monkeypatch.delenv("PLANNER_X")
        assert environment.read_list("PLANNER_X", "d,e") == ["d", "e"]
        assert environment.read_list("PLANNER_X") == []


class TestSettings:
    def test_the_defaults_are_safe(self, tmp_path):
        names = ("DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_SECURE", "SECURE_PROXY_SSL_HEADER")
        assert settings(*names, PLANNER_DATA=str(tmp_path)) == {
            "DEBUG": False,
            "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"],
            "CSRF_TRUSTED_ORIGINS": [],
            "SESSION_COOKIE_SECURE": False,
            "SECURE_PROXY_SSL_HEADER": None,
        }

    def test_tls_sends_cookies_over_https_only(self, tmp_path):
        names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
        found = settings(*names, "SECURE_HSTS_SECONDS", **TLS, PLANNER_DATA=str(tmp_path))
        assert found.pop("SECURE_HSTS_SECONDS") > 0
        names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SECURE_HSTS_PRELOAD")
        said = {"SESSION_COOKIE_NAME": "__Host-sessionid", "CSRF_COOKIE_NAME": "__Host-csrftoken"}
        assert settings(*names, **TLS, PLANNER_DATA=str(tmp_path)) == said | {"SECURE_HSTS_PRELOAD": False}
        asked = settings(*names, **TLS, PLANNER_HSTS_PRELOAD="1", PLANNER_DATA=str(tmp_path))
        assert asked["SECURE_HSTS_PRELOAD"] is True
        assert "needs PLANNER_TLS" in refusal(PLANNER_HSTS_PRELOAD="1", PLANNER_DATA=str(tmp_path))
        assert set(found.values()) == {True}

    def test_https_is_believed_where_there_is_a_proxy_to_say_so(self, tmp_path):
        names = ("SECURE_PROXY_SSL_HEADER", "PROXIES")
        assert settings(*names, **TLS, PLANNER_DATA=str(tmp_path))["SECURE_PROXY_SSL_HEADER"] is None
        found = settings(*names, **TLS, PLANNER_DATA=str(tmp_path), PLANNER_PROXIES="10.1.2.3, 2001:db8::/32,unix")
        assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
        assert "10.1.2.3/32" in found["PROXIES"]
        assert "2001:db8::/32" in found["PROXIES"]
        assert "unix=True" in found["PROXIES"]

    def test_hosts_and_origins_are_lists(self, tmp_path):
        variables = {
            "PLANNER_HOSTS": "a.example, b.example",
            "PLANNER_ORIGINS": "https://a.example,http://b.example:81",
        }
        assert settings("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", PLANNER_DATA=str(tmp_path), **variables) == {
            "ALLOWED_HOSTS": ["a.example", "b.example"],
            "CSRF_TRUSTED_ORIGINS": ["https://a.example", "http://b.example:81"],
        }

    @pytest.mark.parametrize("name", ["PLANNER_DEBUG", "PLANNER_TLS", "PLANNER_REQUIRE_LOGIN", "PLANNER_PUBLIC_LINKS"])
    def test_a_bad_flag_stops_the_start_with_a_sentence(self, tmp_path, name):
        sentence = refusal(PLANNER_DATA=str(tmp_path), **{name: "yes"})
        assert sentence == f"{name} must be 0 or 1, not 'yes'."

    @pytest.mark.parametrize(
        ("variables", "sentence"),
        [
            ({"PLANNER_TLS": "1"}, r"^PLANNER_HOSTS is missing: "),
            ({"PLANNER_HOSTS": ","}, r"^PLANNER_HOSTS is missing: "),
            ({"PLANNER_HOSTS": "https://a.example"}, r"^PLANNER_HOSTS must be host names .*'https://a\.example'\.$"),
            ({"PLANNER_HOSTS": "b.example, a.example:8443"}, r"^PLANNER_HOSTS must be .*'a\.example:8443'\.$"),
            ({"PLANNER_HOSTS": "*.example.com"}, r"^PLANNER_HOSTS must be host names "),
            ({"PLANNER_HOSTS": "fd00::1"}, r"^PLANNER_HOSTS must be host names "),
            (TLS | {"PLANNER_DEBUG": "1"}, r"^PLANNER_DEBUG is 1 and PLANNER_TLS too; "),
            ({"PLANNER_ORIGINS": "a.example"}, r"^PLANNER_ORIGINS must be origins .*, not 'a\.example'\.$"),
            ({"PLANNER_ORIGINS": "https://a.example/"}, r"^PLANNER_ORIGINS must be origins "),
            ({"PLANNER_ORIGINS": "https://a.example, null"}, r"not 'null'\.$"),
            ({"PLANNER_ORIGINS": "https://a:x"}, r"^PLANNER_ORIGINS must be origins "),
            (
                {"PLANNER_PROXIES": "10.0.0.1/8"},
                r"^PLANNER_PROXIES must be addresses of proxies, .*'10\.0\.0\.1/8'\.$",
            ),
            ({"PLANNER_PROXIES": "10.0.0.1, 0.0.0.0/0"}, r"not of everybody, .*'0\.0\.0\.0/0'\.$"),
            ({"PLANNER_PROXIES": "*"}, r"^PLANNER_PROXIES must be "),
            ({"PLANNER_REMOTE_USER": "X-Remote-User"}, r"^PLANNER_REMOTE_USER needs PLANNER_REQUIRE_LOGIN=1, and "),
            (ACCOUNTS | {"PLANNER_REMOTE_USER": "X-Remote-User"}, r"^PLANNER_REMOTE_USER needs "),
            ({"PLANNER_REMOTE_USER": "X-Remote-User", "PLANNER_PROXIES": "unix"}, r"^PLANNER_REMOTE_USER needs "),
            (
                BY_PROXY | {"PLANNER_REMOTE_USER": "X_Remote_User"},
                r"^PLANNER_REMOTE_USER must be the name of a header",
            ),
            (
                BY_PROXY | {"PLANNER_REMOTE_USER": "X-Forwarded-For"},
                r"^PLANNER_REMOTE_USER must be the name of a header",
            ),
            (BY_PROXY | {"PLANNER_REMOTE_USER": "Cookie"}, r"^PLANNER_REMOTE_USER must be the name of a header"),
            (OIDC | {"PLANNER_OIDC_ISSUER": "http://login.example"}, r"^PLANNER_OIDC_ISSUER must be an address "),
            (OIDC | {"PLANNER_OIDC_ISSUER": "login.example"}, r"^PLANNER_OIDC_ISSUER must be an address "),
            (OIDC | {"PLANNER_OIDC_ISSUER": ""}, r"^Single sign-on needs all of "),
            (OIDC | {"PLANNER_OIDC_CLIENT_ID": ""}, r"^Single sign-on needs all of "),
            (OIDC | {"PLANNER_OIDC_CLIENT_SECRET": ""}, r"^Single sign-on needs all of "),
            (OIDC | {"PLANNER_REQUIRE_LOGIN": "0"}, r"^Single sign-on needs all of "),
            (OIDC | BY_PROXY, r"^PLANNER_REMOTE_USER and PLANNER_OIDC_ISSUER are both set; "),
        ],
    )
    def test_what_is_missing_or_contradicts_itself_stops_the_start_with_a_sentence(
        self, tmp_path, variables, sentence
    ):
        assert re.search(sentence, refusal(PLANNER_DATA=str(tmp_path), **variables))

    def test_the_secret_of_single_sign_on_can_come_from_a_file(self, tmp_path):
        (tmp_path / "secret").write_text("from a file\n")
        variables = OIDC | {"PLANNER_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
        del variables["PLANNER_OIDC_CLIENT_SECRET"]
        found = settings("OIDC_CLIENT_SECRET", PLANNER_DATA=str(tmp_path), **variables)
        assert found == {"OIDC_CLIENT_SECRET": "from a file"}

    def test_single_sign_on_is_off_by_default_and_nothing_of_it_is_installed(self, tmp_path):
        names = ("INSTALLED_APPS", "MIDDLEWARE", "AUTHENTICATION_BACKENDS")
        assert "allauth" not in str(settings(*names, PLANNER_DATA=str(tmp_path)))
        assert "emote" not in str(settings(*names, PLANNER_DATA=str(tmp_path)))
        assert "allauth.socialaccount" in settings(*names, **OIDC, PLANNER_DATA=str(tmp_path))["INSTALLED_APPS"]

    def test_a_bad_time_zone_stops_the_start_with_a_sentence(self, tmp_path):
        sentence = refusal(PLANNER_DATA=str(tmp_path), PLANNER_TIME_ZONE="Mars/Olympus")
        assert sentence == "PLANNER_TIME_ZONE must be a time zone such as Europe/Berlin, not 'Mars/Olympus'."

    def test_a_missing_key_file_stops_the_start_with_a_sentence(self, tmp_path):
        sentence = refusal(PLANNER_DATA=str(tmp_path), PLANNER_SECRET_KEY_FILE=str(tmp_path / "gone"))
        assert sentence.startswith(f"PLANNER_SECRET_KEY_FILE names {tmp_path / 'gone'}, which can't be read: ")

    def test_a_management_command_says_the_sentence_too(self, tmp_path):
        code = "import runpy, sys; sys.argv = ['manage.py', 'check']; runpy.run_path('manage.py', run_name='__main__')"
        result = run(code, PLANNER_DATA=str(tmp_path), PLANNER_DEBUG="yes")
        assert result.returncode != 0
        assert "PLANNER_DEBUG must be 0 or 1, not 'yes'." in result.stderr


class TestProduction:
    """`manage.py check --deploy` has nothing to say about a service that is set up as the documentation says."""

    KEY = "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2

    @pytest.mark.parametrize("more", [{}, ACCOUNTS, BY_PROXY, OIDC], ids=["plain", "accounts", "by proxy", "oidc"])
    def test_the_check_passes(self, tmp_path, more):
        (tmp_path / "key").write_text(self.KEY)
        code = (
            "import sys; from django.core.management import execute_from_command_line as run; "
            "run(['manage.py', 'check', '--deploy', '--fail-level', 'WARNING'])"
        )
        variables = TLS | {"PLANNER_PROXIES": "10.0.0.1", "PLANNER_ORIGINS": "https://ports.example.com"} | more
        result = run(
            code, DJANGO_SETTINGS_MODULE="planner.settings", PLANNER_DATA=str(tmp_path),
            PLANNER_SECRET_KEY_FILE=str(tmp_path / "key"), **variables,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert "no issues (1 silenced)" in result.stdout

    def test_no_migration_is_missing_with_single_sign_on(self, tmp_path):
        code = (
            "from django.core.management import execute_from_command_line as run; "
            "run(['manage.py', 'makemigrations', '--check', '--dry-run'])"
        )
        result = run(code, DJANGO_SETTINGS_MODULE="planner.settings", PLANNER_DATA=str(tmp_path), **OIDC)
        assert (result.returncode, result.stdout) == (0, "No changes detected\n")


class TestSwitchingSingleSignOn:
    """Its tables come when it is switched on, and stay when it is switched off; the service works either way."""

    USE = """
from django.core.management import execute_from_command_line as run
run(["manage.py", "prepare"])
run(["manage.py", "migrate", "--check"])
from django.contrib.auth.models import User
from django.test import Client
user, _ = User.objects.get_or_create(username="alice")
if {on}:
    from allauth.socialaccount.models import SocialAccount
    SocialAccount.objects.get_or_create(user=user, provider="sso", uid="1")
client = Client(HTTP_HOST="localhost")
client.force_login(user)
print(client.get("/plans/export.zip").status_code)
"""

    def test_the_database_serves_with_it_and_without_in_any_order(self, tmp_path):
        base = {"DJANGO_SETTINGS_MODULE": "planner.settings", "PLANNER_DATA": str(tmp_path)} | ACCOUNTS
        shutil.copytree(first_start(), tmp_path, dirs_exist_ok=True)  # a start without it
        for on in (True, False, True):
            variables = base | (OIDC if on else {})
            result = run(self.USE.format(on=on), **variables)
            assert result.stdout.endswith("\n200\n"), result.stderr


class TestGunicorn:
    CODE = (
        "import json; from planner.deploy import gunicorn as g; "
        "print(json.dumps([g.bind, g.workers, g.threads, g.accesslog]))"
    )

    def test_it_listens_on_this_machine_alone_and_keeps_no_access_log(self):
        bind, workers, threads, log = json.loads(run(self.CODE).stdout)
        assert bind == "127.0.0.1:8000"
        assert 2 <= workers <= 5
        assert threads == 4
        assert log is None

    def test_address_workers_and_threads_can_be_set(self):
        variables = {"PLANNER_BIND": "0.0.0.0:9000", "PLANNER_WORKERS": "7", "PLANNER_THREADS": "1"}
        assert json.loads(run(self.CODE, **variables).stdout)[:3] == ["0.0.0.0:9000", 7, 1]

    def test_it_takes_no_forwarding_header_itself(self):
        code = (
            "from gunicorn.config import Config; from planner.deploy import gunicorn as g; config = Config(); "
            "names = ('forwarded_allow_ips', 'secure_scheme_headers', 'forwarder_headers', 'header_map'); "
            "[config.set(name, getattr(g, name)) for name in names]; print([getattr(config, name) for name in names])"
        )
        assert run(code).stdout == "[[], {}, [], 'drop']\n"

    def test_tls_without_a_proxy_that_ends_it_is_a_sentence(self):
        code = (
            "from planner.deploy import gunicorn as g; import types; "
            "g.on_starting(types.SimpleNamespace(master_pid=1))"
        )
        result = run(code, **TLS)
        assert result.returncode == 1
        assert result.stderr.startswith("PLANNER_TLS is 1, but PLANNER_PROXIES doesn't say which proxy ends TLS: ")
        assert run(code, **TLS, PLANNER_PROXIES="10.0.0.1").returncode == 0

    @pytest.mark.parametrize("name", ["PLANNER_WORKERS", "PLANNER_THREADS"])
    @pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "65", "²"])
    def test_a_number_of_workers_or_threads_that_cant_be_meant_is_a_sentence(self, name, value):
        result = run(self.CODE, **{name: value})
        assert result.returncode == 1
        assert result.stderr == f"{name} must be a whole number from 1 to 64, not {value!r}.\n"

    @pytest.mark.parametrize("value", ["8000", "localhost:http", "127.0.0.1:8000,9000", "0.0.0.0:8000,[::]:8001"])
    def test_an_address_that_cant_be_meant_is_a_sentence(self, value):
        result = run(self.CODE, PLANNER_BIND=value)
        assert result.returncode == 1
        allowed = "one host:port such as 127.0.0.1:8000, or unix: and the path of a socket"
        assert result.stderr == f"PLANNER_BIND must be {allowed}, not {value!r}.\n"

    @pytest.mark.parametrize("value", ["unix:/run/planner.sock", "[::1]:8000", "unix:/run/a,b.sock"])
    def test_an_address_is_taken_as_it_is(self, value):
        assert json.loads(run(self.CODE, PLANNER_BIND=value).stdout)[0] == value
