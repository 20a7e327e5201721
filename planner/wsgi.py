"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
application = get_wsgi_application()
# Every view is loaded before gunicorn forks: the first visitor of each worker would wait for it otherwise.
_ = get_resolver().url_patterns
