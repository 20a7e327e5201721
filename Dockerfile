# An exact version. Who wants the very same bytes adds --build-arg DIGEST=@sha256:… of it.
ARG VERSION=3.13.16-slim-trixie
ARG DIGEST=

FROM python:${VERSION}${DIGEST} AS build

WORKDIR /app
ENV UV_PYTHON=/usr/local/bin/python UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 \
    UV_NO_INSTALL_PROJECT=1
# Before the code, so that a change in it does not install the packages anew.
COPY pyproject.toml uv.lock scripts/uv.txt ./
RUN pip install --no-cache-dir --require-hashes -r uv.txt
# uv's lock file could be written by everybody.
RUN uv sync --frozen --no-dev --no-cache && rm -f .venv/.lock


FROM python:${VERSION}${DIGEST}

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        fonts-dejavu-core fonts-inter fonts-noto-core graphviz \
        libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home planner \
    && install -d -o planner -g planner -m 0750 /data

WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .

# The root can be read only: what is written goes to /data, and to /tmp, where fontconfig keeps its cache.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp/.cache \
    PLANNER_DATA=/data \
    PLANNER_BIND=0.0.0.0:8000
USER planner

# A new volume starts with these files; the start refreshes those of an older one. Everything else that the settings
# made goes in the same step: a secret key in the image would be everybody's.
RUN scripts/static.sh \
    && find /data -mindepth 1 -maxdepth 1 ! -name static -exec rm -rf {} +

VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["scripts/healthy.sh"]
CMD ["scripts/serve.sh"]
