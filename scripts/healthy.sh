#!/bin/sh
# Succeeds when the container's service is well. It asks like the proxy in front does: where the service listens, under
# a host name that it answers to, and as if through TLS, so that it is not sent to https.
exec python - <<'EOF_PYTHON'
import os
import socket
import sys
from http.client import HTTPConnection
from pathlib import Path

file = os.environ.get("PLANNER_HOSTS_FILE")
names = Path(file).read_text("utf-8") if file else os.environ.get("PLANNER_HOSTS", "")
host = names.split(",")[0].strip().lstrip("*.") or "localhost"
bind = os.environ.get("PLANNER_BIND") or "127.0.0.1:8000"
asked = HTTPConnection(host, timeout=4)
if bind.startswith("unix:"):
    asked.sock = socket.socket(socket.AF_UNIX)
    asked.sock.settimeout(4)
    asked.sock.connect(bind.removeprefix("unix:").removeprefix("//"))
else:
    address, _, port = bind.rpartition(":")
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.strip("[]"), address.strip("[]"))
    asked.sock = socket.create_connection((address, int(port)), timeout=4)
asked.request("GET", "/readyz", headers={"Host": host, "X-Forwarded-Proto": "https"})
status = asked.getresponse().status
sys.exit(0 if status == 200 else f"/readyz was answered with {status}.")
EOF_PYTHON
