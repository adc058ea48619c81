# A wheel is made in one stage and installed in another, both with what requirements.lock says.
# No engine has run this; its commands for pip were run one by one, on Python 3.13.
FROM python:3.13-slim AS locked
WORKDIR /opt/spk
COPY requirements.lock ./
RUN python3 -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

FROM locked AS built
COPY . .
RUN python3 -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist .

FROM locked
RUN groupadd --gid 10001 spk && useradd --uid 10001 --gid spk --no-create-home --home-dir /data spk \
    && install -d -o spk -g spk -m 700 /data
COPY --from=built /opt/spk/dist ./
RUN python3 -m pip install --no-cache-dir --no-deps spk-*.whl

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
