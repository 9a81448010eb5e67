# syntax=docker/dockerfile:1

# The page, built from its own lock; nothing of Node is in what runs.
FROM node:22-slim AS page
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

# The environment is made in one image and copied into a clean one: no pip, no build tools in what
# runs. The same locks as ./manage.sh start; every wheel is checked against its hash.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/linnet
COPY requirements/runtime.txt requirements/
RUN /opt/linnet/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY classifier classifier
COPY server server
COPY --from=page /web/dist server/page
RUN /opt/linnet/bin/python -m pip install --no-deps --no-build-isolation . \
    && /opt/linnet/bin/python -m pip uninstall --yes setuptools pip

FROM python:3.13-slim
RUN groupadd --system --gid 10001 linnet \
    && useradd --system --uid 10001 --gid linnet --no-create-home --shell /usr/sbin/nologin linnet \
    && install --directory --owner linnet --group linnet /data
COPY --from=build /opt/linnet /opt/linnet
# In a container the loopback is nobody's: listen on all its addresses and let the publisher of the
# ports decide who reaches them (compose.yml: this machine only).
ENV PATH=/opt/linnet/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LINNET_HOST=0.0.0.0 \
    LINNET_PORT=8522 \
    LINNET_FRONTEND_PORT=8521 \
    LINNET_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8521 8522
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import json, os, sys, urllib.request as u; sys.exit(json.load(u.urlopen(f\"http://127.0.0.1:{os.environ['LINNET_PORT']}/health\", timeout=4)).get('ready') is not True)"]
CMD ["linnet", "serve"]
