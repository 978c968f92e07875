"""Django's settings only; what an admin of the server may choose is declared in `navidrome_lib.config.conf`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from navidrome_lib.admin.theme import UNFOLD
from navidrome_lib.config import conf, private, secrets
from navidrome_lib.config.redis_urls import broker_url, client_url
from navidrome_lib.security.uploads import MOST_BYTES
from navidrome_lib.version import SERVER_VERSION

__all__ = ["UNFOLD"]

BASE_DIR = Path(__file__).resolve().parent.parent

private.mask_new_files()
try:
    CONF = conf.current()
    private.close_folder(CONF.data_folder)
    private.check_keys(CONF.data_folder, secrets.NAMES)
    SECRET_KEY = secrets.read_or_create(CONF.data_folder / "secret_key")
except conf.ConfigError as error:
    raise ImproperlyConfigured(str(error)) from None

DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in CONF.allowed_hosts.split(",") if host.strip()]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "navidrome_lib.admin.site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "navidrome_lib.audit",
    "libraries",
    "users",
    "listening",
    "missing",
    "media",
    "subsonic",
    "system",
]

MIDDLEWARE = [
    "navidrome_lib.security.csp.content_security_policy",
    # before all that answers by itself: a page of another server reads refusals too, and asks before it signs in
    "corsheaders.middleware.CorsMiddleware",
    "navidrome_lib.security.proxies.client_behind_proxies",
    "navidrome_lib.security.undeclared.notice_undeclared_proxies",
    "navidrome_lib.security.private_answers.private_answers",
    "navidrome_lib.security.request_limits.measured_bodies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "navidrome_lib.security.browser_sessions.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "navidrome_lib.security.browser_sessions.Accounts",
    "navidrome_lib.audit.middleware.actor_of_request",
    "users.middleware.renew_token",
    "users.middleware.renew_session",
    "users.middleware.known_browser",
    "users.middleware.status_of_refusals",
    "users.time_zones.PagesInOwnTimeZone",
    "navidrome_lib.security.browser_sessions.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "navidrome_lib.urls"
WSGI_APPLICATION = "navidrome_lib.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "navidrome_lib" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database_settings(url: str, data_folder: Path) -> dict[str, Any]:
    """Django's settings for `url`; SQLite in the data folder when it is empty."""
    if url and not url.startswith("sqlite"):
        found: dict[str, Any] = {**dj_database_url.parse(url, conn_max_age=60), "CONN_HEALTH_CHECKS": True}
        if found["ENGINE"] == "django.db.backends.postgresql":
            found["ENGINE"] = "navidrome_lib.db.postgresql"
        # a server that is switched off never refuses: who asks is to be told within seconds
        return {**found, "OPTIONS": {"connect_timeout": 5, **found.get("OPTIONS", {})}}
    name = Path(dj_database_url.parse(url)["NAME"]) if url else data_folder / "navidrome-lib.db"
    return {
        "ENGINE": "navidrome_lib.db.sqlite3",
        "NAME": name,
        "TEST": {"NAME": data_folder / "test.db"},
        "OPTIONS": {
            # deferred transactions that turn into writers fail at once, whatever the timeout: take the lock first
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # the size of its pages is that of a new file for good; in larger ones a scan writes a third less. What a
            # connection keeps of them is small: a scan with four times as much takes no less of the processor
            "init_command": "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; "
            "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;",
        },
    }


(CONF.data_folder / "static").mkdir(exist_ok=True)
DATABASES = {"default": database_settings(CONF.database_url, CONF.data_folder)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "navidrome_lib.cache.SharedCache",
            "LOCATION": client_url(CONF.redis_url),
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        if CONF.redis_url
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

DEFAULT_EXCEPTION_REPORTER_FILTER = "navidrome_lib.security.reports.SafeReport"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# ISO dates, as on our own pages: no day is taken for a month
FORMAT_MODULE_PATH = ["navidrome_lib.admin.formats"]

FORCE_SCRIPT_NAME = CONF.base_url or None
# whole: a relative one gets its prefix from the first who asks, which is at the start, before any request
STATIC_URL = f"{CONF.base_url}/static/"
STATIC_ROOT = CONF.data_folder / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# static files are served from the packages themselves, so that no collecting step can be forgotten
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False

# cookies of one server are not for the others on its host; those of a request by HTTPS are always secure
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = CONF.base_url or "/"
if CONF.base_url:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "navidrome_lib_session", "navidrome_lib_csrf"
SESSION_COOKIE_AGE = CONF.session_timeout
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONF.secure_cookies
# short enough to go back to plain HTTP; each visit begins it again
SECURE_HSTS_SECONDS = 30 * 24 * 3600
# the other storage has a cookie, which would have no path
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "navidrome_lib.security.csrf.refuse"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
# pages of other servers: with what they know themselves, never with a cookie
CORS_URLS_REGEX = r"/(?:api|auth|rest)(?:/|$)"
CORS_ALLOW_ALL_ORIGINS = "*" in CONF.cors_origins
CORS_ALLOWED_ORIGINS = [origin for origin in CONF.cors_origins if origin != "*"]
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = [
    # some browsers, and `authorization` in all, need the name
    *("accept", "authorization", "cache-control", "content-type", "if-modified-since", "if-none-match", "if-range"),
    *("last-event-id", "range", "x-nd-authorization", "x-nd-client-unique-id", "x-requested-with", "*"),
]
CORS_EXPOSE_HEADERS = [
    *("X-Content-Duration", "X-Total-Count", "X-ND-Authorization", "Location", "Retry-After"),
    # with them a player in the browser seeks in what it fetches by itself
    *("Accept-Ranges", "Content-Range", "ETag"),
]
CORS_PREFLIGHT_MAX_AGE = 86_400
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = MOST_BYTES
# a player names each song of its queue: as many as there is room for in a body
DATA_UPLOAD_MAX_NUMBER_FIELDS = MOST_BYTES // len("&id=0123456789012345678901")
FILE_UPLOAD_HANDLERS = ["navidrome_lib.security.request_limits.RefuseFiles"]
LOGIN_URL = LOGOUT_REDIRECT_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.TokenAuthentication",
        "users.authentication.SameOriginSessionAuthentication",
        "users.authentication.ProxyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["navidrome_lib.api.permissions.IsAdmin"],
    "DEFAULT_PARSER_CLASSES": ["navidrome_lib.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["navidrome_lib.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "navidrome_lib.api.negotiation.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": "navidrome_lib.api.metadata.Verbs",
    "DEFAULT_PAGINATION_CLASS": "navidrome_lib.api.pagination.RangePagination",
    "DEFAULT_FILTER_BACKENDS": [
        "navidrome_lib.api.filters.QueryFilter",
        "navidrome_lib.api.filters.IdFilter",
        "navidrome_lib.api.filters.SortFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "navidrome_lib.api.openapi.OperationSchema",
    "EXCEPTION_HANDLER": "navidrome_lib.api.exceptions.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "navidrome-lib",
    "DESCRIPTION": "Libraries, user access, missing files and scans of a music server.",
    "VERSION": SERVER_VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/(api|auth)",
    "COMPONENT_SPLIT_REQUEST": True,
    # every path also answers without or with its last slash; the schema shows the documented form
    "POSTPROCESSING_HOOKS": [
        "navidrome_lib.api.schema.plain_paths",
        "navidrome_lib.api.schema.bodies_of_deletes",
        "navidrome_lib.api.schema.server_below_path",
        "drf_spectacular.hooks.postprocess_schema_enums",
    ],
}

# by their class, the limits that are others than its defaults: none of a server, see `navidrome_lib.limits`
LIMITS: dict[type[Any], Any] = {}
# what can be made again: pictures in other sizes, songs in other formats, orders of large lists
CACHE_FOLDER = CONF.data_folder / "cache"
# pictures that people gave to playlists, radio stations and artists
PICTURES_FOLDER = CONF.data_folder / "pictures"
# the room that a scan needs on each disk that it writes to: SQLite puts 32 MB beside its file before it moves them in
LEAST_DISK_BYTES = 64 * 1024 * 1024
# rows of a list that the admin site counts: behind that, a search is quicker than turning pages
ADMIN_COUNTED_ROWS = 10_000
# machines that share the work do not share a clock
TOKEN_LEEWAY_SECONDS = 10
# Linux's own table of mounts
MOUNT_TABLE = Path("/proc/self/mountinfo")

CELERY_BROKER_URL = broker_url(CONF.redis_url)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# however long the broker is away: workers and scheduler go on when it is back
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# a dead broker must cost a web request at most a second: the request itself is already safe in the database
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "visibility_timeout": 43_200,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

TASK_LOG_LEVEL = "DEBUG" if CONF.log_level == "debug" else "WARNING"
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "navidrome_lib.security.redaction.RedactingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {
        "outages": {"()": "navidrome_lib.outages.OneLine"},
        "hosts": {"()": "navidrome_lib.security.redaction.RefusedHost"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outages", "hosts"]}},
    "root": {"handlers": ["console"], "level": CONF.log_level.upper()},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "mutagen": {"level": "ERROR"},
        # of every task that it was received and ended well: periodic ones would fill the log of an idle server
        "celery.worker.strategy": {"level": TASK_LOG_LEVEL},
        "celery.app.trace": {"level": TASK_LOG_LEVEL},
    },
}
