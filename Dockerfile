# One image for all parts: `docker run IMAGE web`, `worker`, `manage …`; without arguments `up`, all in one.

FROM python:3.13-slim AS build

# You choose the package index (--build-arg PIP_INDEX_URL=…): the locks have hashes and no addresses.
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# The wheels contain their native code (libvips, libmagic, libpq), so no compiler is needed.
RUN python -m venv --without-pip /opt/picasso
COPY requirements/build.txt requirements/run.txt /build/
RUN pip --python /opt/picasso install --quiet --require-hashes -r /build/build.txt \
    && pip --python /opt/picasso install --quiet --require-hashes --no-build-isolation -r /build/run.txt

COPY LICENSE NOTICE README.md pyproject.toml /build/
COPY src /build/src
COPY clients/python /build/clients/python
# Packages that only the build needs are removed.
RUN pip --python /opt/picasso install --quiet --no-deps --no-index --no-build-isolation /build/clients/python /build \
    && pip --python /opt/picasso uninstall --quiet --yes hatchling editables pathspec pluggy setuptools pkgconfig trove-classifiers


FROM python:3.13-slim

# For drawings and documents that do not contain their fonts; the base image has no fonts.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends fontconfig-config fonts-dejavu-core >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

# Fixed ids, so that the files in a volume keep their owner when the image changes.
RUN groupadd --gid 10001 picasso \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin picasso \
    && install --directory --owner 10001 --group 10001 --mode 0750 /data \
    && install --directory --owner 10001 --group 10001 --mode 0700 /secrets /for/picasso /for/postgres /for/rabbitmq \
    && install --directory /etc/picasso
COPY --from=build /opt/picasso /opt/picasso
COPY deploy/make-secrets /usr/local/bin/

ENV PATH=/opt/picasso/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PICASSO_HOST=0.0.0.0 PICASSO_PORT=8000 PICASSO_DATA_DIR=/data
USER 10001:10001
# The folder in which Picasso looks for picasso.toml.
WORKDIR /etc/picasso
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["picasso", "ready", "web"]
ENTRYPOINT ["picasso"]
CMD ["up"]
