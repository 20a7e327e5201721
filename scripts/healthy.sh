#!/bin/sh
# Succeeds when the container's service is well. It asks like the proxy in front does: under a host name that the
# service answers to, and as if through TLS, so that it is not sent to https.
exec python - <<'EOF_PYTHON'
import os
from pathlib import Path
from urllib.request import Request, urlopen

file = os.environ.get("PLANNER_HOSTS_FILE")
names = Path(file).read_text("utf-8") if file else os.environ.get("PLANNER_HOSTS", "")
host = names.split(",")[0].strip().lstrip("*.") or "localhost"
headers = {"Host": host, "X-Forwarded-Proto": "https"}
urlopen(Request("http://127.0.0.1:8000/readyz", headers=headers), timeout=4)
EOF_PYTHON
