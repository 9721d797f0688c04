# Two stages: dependencies are installed by hash in the first, only the environment is copied to the second.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
ARG PIP_INDEX_URL
ARG PIP_CERT
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python3 -m venv /opt/mocksmtp
COPY requirements.txt .
RUN /opt/mocksmtp/bin/pip install --quiet --require-hashes -r requirements.txt
COPY mocksmtp ./mocksmtp
# The package is plain Python: copied beside its dependencies, compiled once, and started by name.
RUN site=$(/opt/mocksmtp/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
 && cp -r mocksmtp "$site/" \
 && /opt/mocksmtp/bin/python -m compileall -q "$site" \
 && printf '#!/opt/mocksmtp/bin/python\nfrom mocksmtp.cli import main\nmain(prog_name="mocksmtp")\n' > /opt/mocksmtp/bin/mocksmtp \
 && chmod 755 /opt/mocksmtp/bin/mocksmtp \
 && mkdir /data

FROM ${BASE}
COPY --from=build /opt/mocksmtp /opt/mocksmtp
COPY --from=build --chown=10001:10001 /data /data
COPY config /etc/mocksmtp
ENV PATH=/opt/mocksmtp/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOCKSMTP_DATA=/data \
    MOCKSMTP_HTTP__INTERFACE=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 25 465 587 8025
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --retries=3 CMD ["/opt/mocksmtp/bin/python", "-m", "mocksmtp.client.health"]
ENTRYPOINT ["mocksmtp"]
CMD ["serve", "--config", "/etc/mocksmtp"]
