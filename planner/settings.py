"""All settings, read from the environment. Every variable is listed in docs/settings.md."""

import os
from pathlib import Path
from typing import Literal

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from planner.deploy.database import choose_database
from planner.deploy.environment import (
    keep_secret_key,
    read_breached,
    read_choice,
    read_classification,
    read_flag,
    read_header,
    read_hosts,
    read_issuer,
    read_list,
    read_number,
    read_origins,
    read_proxies,
    read_secret,
    read_style,
    read_text,
    read_time_zone,
)
from planner.deploy.place import SITE
from planner.deploy.sqlite.library import take_library

take_library()

# No plugin of Pydantic is wanted, and to look for some reads what each installed package says of itself.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

BASE_DIR = SITE

# PLANNER_DATA: the folder for the database, the secret key and the collected static files.
DATA_DIR = Path(read_text("PLANNER_DATA", str(BASE_DIR / "data")))

# PLANNER_SECRET_KEY, PLANNER_SECRET_KEY_FILE: signs cookies and keys the hashes of links. Made and kept in the data
# folder when neither is set. Links stop working when it changes.
SECRET_KEY_FILE = None if read_text("PLANNER_SECRET_KEY") else DATA_DIR / "secret-key"
SECRET_KEY = read_secret("PLANNER_SECRET_KEY") if SECRET_KEY_FILE is None else keep_secret_key(SECRET_KEY_FILE)

# PLANNER_SECRET_KEY_FALLBACKS, PLANNER_SECRET_KEY_FALLBACKS_FILE: keys that were in use before; what they signed and
# keyed is still read.
SECRET_KEY_FALLBACKS = read_list("PLANNER_SECRET_KEY_FALLBACKS")

# PLANNER_DEBUG: 1 shows tracebacks and serves static files unhashed; never where others can reach the service.
DEBUG = read_flag("PLANNER_DEBUG")

# PLANNER_TLS: 1 when people reach the service through https: cookies are then sent over TLS only.
TLS = read_flag("PLANNER_TLS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
# A cookie of that name is one that this host has set over TLS: names below or above it, and http, can set none.
# Cookies for a part of the addresses can't have it; of those, names below can put one in the way, but sign none.
COOKIE_PREFIX, PATH_COOKIE_PREFIX = ("__Host-", "__Secure-") if TLS else ("", "")
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "planner.web.messages.HostMessages"
# PLANNER_HSTS_PRELOAD: 1 when the host may be put into the lists that browsers come with, for good.
SECURE_HSTS_PRELOAD = read_flag("PLANNER_HSTS_PRELOAD")
if SECURE_HSTS_PRELOAD and not TLS:
    raise ImproperlyConfigured("PLANNER_HSTS_PRELOAD needs PLANNER_TLS=1.")
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # asks for preload, which is for whoever owns the domain to ask for
if TLS and DEBUG:
    raise ImproperlyConfigured("PLANNER_DEBUG is 1 and PLANNER_TLS too; tracebacks are not for others. Set one to 0.")

# PLANNER_HOSTS: host names that the service answers to, separated by commas.
ALLOWED_HOSTS = read_hosts("PLANNER_HOSTS", "" if TLS else "127.0.0.1,localhost,[::1]")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("PLANNER_HOSTS is missing: the host names under which people reach the service.")

# PLANNER_ORIGINS: origins (https://ports.example.com) that forms may come from, behind a proxy that changes the host.
CSRF_TRUSTED_ORIGINS = read_origins("PLANNER_ORIGINS")

# PLANNER_PROXIES: the reverse proxies whose word is taken for the client's address and for https. Nobody else's is:
# `planner.web.middleware.Proxied` takes what others say of it out of the request.
PROXIES = read_proxies("PLANNER_PROXIES")
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# PLANNER_REQUIRE_LOGIN: 1 when plans are made and edited by accounts only, and belong to them.
REQUIRE_LOGIN = read_flag("PLANNER_REQUIRE_LOGIN")
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "log_in", "show_plans", "log_in"

# PLANNER_REMOTE_USER: the header in which a trusted proxy names the account that sends a request.
REMOTE_USER = read_header("PLANNER_REMOTE_USER")
if REMOTE_USER and not (PROXIES and REQUIRE_LOGIN):
    raise ImproperlyConfigured(
        "PLANNER_REMOTE_USER needs PLANNER_REQUIRE_LOGIN=1, and PLANNER_PROXIES to say whose word is taken for it."
    )

# PLANNER_OIDC_ISSUER, PLANNER_OIDC_CLIENT_ID, PLANNER_OIDC_CLIENT_SECRET, PLANNER_OIDC_CLIENT_SECRET_FILE: the OpenID
# Connect provider that people may log in with, and how the service is known there.
OIDC_ISSUER = read_issuer("PLANNER_OIDC_ISSUER")
OIDC_CLIENT_ID, OIDC_CLIENT_SECRET = read_text("PLANNER_OIDC_CLIENT_ID"), read_text("PLANNER_OIDC_CLIENT_SECRET")
if any((OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET)) and not all(
    (OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, REQUIRE_LOGIN)
):
    raise ImproperlyConfigured(
        "Single sign-on needs all of PLANNER_OIDC_ISSUER, PLANNER_OIDC_CLIENT_ID, PLANNER_OIDC_CLIENT_SECRET and "
        "PLANNER_REQUIRE_LOGIN=1."
    )
if OIDC_ISSUER and REMOTE_USER:
    raise ImproperlyConfigured("PLANNER_REMOTE_USER and PLANNER_OIDC_ISSUER are both set; choose one of them.")

# PLANNER_SECOND_FACTOR: which accounts that have a password here have to set up a second factor; unset: none has to.
SECOND_FACTOR: Literal["staff", "all"] | None = read_choice("PLANNER_SECOND_FACTOR", ("staff", "all"))

# PLANNER_BREACHED_PASSWORDS: a file of hashes of passwords that are known, which no new password may be among.
BREACHED_PASSWORDS = read_breached("PLANNER_BREACHED_PASSWORDS")

# PLANNER_PUBLIC_LINKS: 0 when plans can't be read by a link, however it was made.
PUBLIC_LINKS = read_flag("PLANNER_PUBLIC_LINKS", default=True)

# PLANNER_PLANS_PER_HOUR: how many plans one client, or one account, may make in an hour.
PLANS_PER_HOUR = read_number("PLANNER_PLANS_PER_HOUR", 200, least=1, most=1_000_000)

# PLANNER_LOG_DAYS: for how many days the log of what was done is kept, and openings of links with it.
LOG_DAYS = read_number("PLANNER_LOG_DAYS", 400, least=31, most=36_500)

# PLANNER_JOBS, PLANNER_JOB_MIB: how many files that take long are made at once by the processes that answer, and how
# much memory one may take.
JOBS = read_number("PLANNER_JOBS", 1, least=0, most=64)
JOB_MIB = read_number("PLANNER_JOB_MIB", 2_048, least=256, most=1_000_000)

# PLANNER_JOBS_MIB, PLANNER_JOBS_HOURS: how much room such files have together once they are made, and for how long.
JOBS_MIB = read_number("PLANNER_JOBS_MIB", 256, least=1, most=1_000_000)
JOBS_HOURS = read_number("PLANNER_JOBS_HOURS", 24, least=1, most=8_760)

# From how many seconds of a processor's time on, as estimated, a file is made apart from the request for it.
JOBS_FROM = 2.0
# What the processes that answer do beside that: it is called with a room that all of them share.
BESIDE = "planner.store.runner:begin"

# PLANNER_STYLESHEET: a CSS file with the house style of printed reports and change requests.
STYLESHEET = read_style("PLANNER_STYLESHEET")

# PLANNER_PDF: what sets the pages of PDFs, typst or weasyprint; weasyprint where there is a house style, else typst.
PDF_ENGINE: Literal["typst", "weasyprint"] | None = read_choice("PLANNER_PDF", ("typst", "weasyprint"))
if PDF_ENGINE == "typst" and STYLESHEET:
    raise ImproperlyConfigured("PLANNER_PDF is typst, which follows no PLANNER_STYLESHEET. Take one of them away.")

# PLANNER_CLASSIFICATION: who may see printed reports, change requests and acceptances, above each of their pages.
CLASSIFICATION = read_classification("PLANNER_CLASSIFICATION")

INSTALLED_APPS = [
    "planner",
    "ports",
    "django_htmx",
    "django.contrib.admin.apps.SimpleAdminConfig",  # its pages are looked for with the addresses, not by each command
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "planner.web.request_id.RequestId",
    "planner.web.measured.Measured",
    "planner.web.middleware.Proxied",
    "planner.web.middleware.Noted",
    "planner.web.middleware.SafeHeaders",
    "planner.web.middleware.LinkHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "planner.web.noted_logins.NotedLogins",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "planner.web.plain_pages.PlainPages",
    "planner.web.middleware.NoBlankPages",
    "planner.api.middleware.Problems",
    "planner.web.middleware.LimitBody",
    "planner.web.factor_first.FactorFirst",
    "planner.web.password_again.PasswordAgain",
]

AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
_after_login = MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
if REMOTE_USER:
    MIDDLEWARE.insert(_after_login, "planner.accounts.remote_user.ProxyUser")
    AUTHENTICATION_BACKENDS.append("planner.accounts.remote_user.ProxyUserBackend")
if OIDC_ISSUER:
    MIDDLEWARE.insert(_after_login, "allauth.account.middleware.AccountMiddleware")
    INSTALLED_APPS += [
        "allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect",
    ]  # fmt: skip
    ACCOUNT_ADAPTER, SOCIALACCOUNT_ADAPTER = (
        "planner.web.views.sign_on_adapters.AccountAdapter",
        "planner.web.views.sign_on_adapters.ProviderAdapter",
    )
    ACCOUNT_EMAIL_VERIFICATION = "none"
    SOCIALACCOUNT_ONLY = True
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "profile"],
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": "Single sign-on",
                    "client_id": OIDC_CLIENT_ID,
                    "secret": OIDC_CLIENT_SECRET,
                    "settings": {"server_url": OIDC_ISSUER.rstrip("/")},
                }
            ],
        }
    }

ROOT_URLCONF = "planner.urls"
WSGI_APPLICATION = "planner.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "planner.web.views.accounts.describe_account",
                "planner.web.views.showing.describe_way",
            ],
        },
    }
]

# DATABASE_URL, DATABASE_URL_FILE: a PostgreSQL database in place of the file in the data folder.
DATABASES = {"default": choose_database(read_text("DATABASE_URL"), DATA_DIR)}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = read_time_zone("PLANNER_TIME_ZONE")  # PLANNER_TIME_ZONE: of the dates on pages and in PDFs
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "planner.deploy.staticfiles.HashedStorage"
    },
}

# Pages have nothing by its plain name, and to compress each file twice takes half of a first start.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
# Nothing is told to other sites. "no-referrer" would make browsers send forms with "Origin: null".
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "planner.web.views.errors.show_csrf_failure"

# A document of the largest size that is read, pasted into a form, plus the form around it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
# A page of the table of endpoints has as many cells where no script leaves out those that stay as they are.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6000
# Twice the largest archive that is read here, so that one that is too large gets a sentence.
MAX_BODY = 64 * 1024 * 1024
# What is larger is received nevertheless and thrown away, up to here: browsers that are hung up on while they send
# show an error of their own instead of the page that says what to do.
MAX_RECEIVED = 2 * MAX_BODY

# PLANNER_LOG: lines for people, or a JSON object in each line for programs.
LOG = read_choice("PLANNER_LOG", ("lines", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "refused": {"()": "planner.deploy.logs.SayRefusals"},
        "redact": {"()": "planner.deploy.logs.RedactTokens"},
        "request": {"()": "planner.deploy.logs.AddRequestId"},
    },
    "formatters": {"chosen": {"()": "planner.deploy.logs.make_formatter", "kind": LOG}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "chosen",
            "filters": ["refused", "redact", "request"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Each step of each page. What WeasyPrint says of a house stylesheet that it can't follow is a warning.
        "weasyprint.progress": {"level": "WARNING"},
        # That a request waits for a thread is no trouble, nor is it that someone has left a page before it was there.
        "waitress": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}

# Argon2 for new passwords and for the passphrases of links; the others are there to check what is older.
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}"
    for name in ("Argon2PasswordHasher", "PBKDF2PasswordHasher", "ScryptPasswordHasher")
]

# Django checks the strength of staff passwords.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
] + [{"NAME": f"planner.accounts.{name}"} for name in ("breached.BreachedValidator", "strength.StrengthValidator")]
