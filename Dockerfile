# One image for the web server, the nightly worker and every command: docker run qingqian COMMAND.
# Two stages: what fetches and installs stays behind, what runs has no pip and no compiler.

FROM debian:12.12-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/qingqian
COPY requirements.lock ./
RUN python3 -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
    && .venv/bin/python -m pip uninstall -y setuptools pip

FROM debian:12.12-slim
# Pango and harfbuzz-subset draw the documents; Noto CJK is the fall-back for characters the shipped fonts lack.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 tini libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 qingqian \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin qingqian \
    && install -d -o 10001 -g 10001 -m 0700 /data
WORKDIR /srv/qingqian
COPY --from=build /srv/qingqian/.venv ./.venv
COPY app ./app
COPY migrations ./migrations
COPY templates ./templates
COPY LICENSE ./
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 QINGQIAN_DATA_DIR=/data QINGQIAN_LOG_JSON=true
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD [".venv/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tini", "--", ".venv/bin/python", "-m", "app.cli"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
