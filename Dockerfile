# The checkout, installed in place: templates, static files and migrations are found beside the package.
# Built and run with buildah on a stand-in for the base, Debian 13 with its Python 3.13, not on python:3.13-slim itself.
FROM python:3.13-slim

WORKDIR /opt/spk
RUN groupadd --gid 10001 spk && useradd --uid 10001 --gid spk --no-create-home --home-dir /data spk \
    && install -d -o spk -g spk -m 700 /data

COPY requirements.lock ./
RUN python3 -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

COPY . .
RUN python3 -m pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && python3 -m compileall -q spk migrations

ENV SPK_DATA_DIR=/data SPK_BIND=0.0.0.0:8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python3", "-c", "\
from http.client import HTTPConnection; \
server = HTTPConnection('127.0.0.1', 8000, timeout=4); \
server.request('GET', '/readyz'); \
raise SystemExit(server.getresponse().status != 200)"]
CMD ["spk", "serve"]
