# One image for every part: `docker run IMAGE web`, `worker`, `manage …`; without a word it is `up`, all in one.

FROM python:3.13-slim AS build

# The package index is the builder's choice (--build-arg PIP_INDEX_URL=…): the lock has hashes and no addresses.
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# Wheels carry their native code (libvips, libmagic, libpq), so there is no compiler, here or later.
RUN python -m venv --without-pip /opt/picasso
COPY requirements/build.txt requirements/run.txt /build/
RUN pip --python /opt/picasso install --quiet --require-hashes -r /build/build.txt \
    && pip --python /opt/picasso install --quiet --require-hashes --no-build-isolation -r /build/run.txt

COPY LICENSE README.md pyproject.toml /build/
COPY src /build/src
# What only building needed goes again.
RUN pip --python /opt/picasso install --quiet --no-deps --no-index --no-build-isolation /build \
    && pip --python /opt/picasso uninstall --quiet --yes hatchling editables pathspec pluggy setuptools pkgconfig trove-classifiers


FROM python:3.13-slim

# For text whose font a drawing or a document does not bring along; the base image has no font at all.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends fontconfig-config fonts-dejavu-core >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

# Fixed numbers, so that the owner of a volume's files stays the same from image to image.
RUN groupadd --gid 10001 picasso \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin picasso \
    && install --directory --owner 10001 --group 10001 /data \
    && install --directory --owner 10001 --group 10001 --mode 0700 /secrets \
    && install --directory /etc/picasso
COPY --from=build /opt/picasso /opt/picasso
COPY deploy/picasso deploy/make-secrets /usr/local/bin/

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PICASSO_HOST=0.0.0.0 PICASSO_PORT=8000 PICASSO_DATA_DIR=/data
USER 10001:10001
# Where a picasso.toml is looked for.
WORKDIR /etc/picasso
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["picasso", "ready", "web"]
ENTRYPOINT ["picasso"]
CMD ["up"]
