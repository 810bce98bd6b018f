# docker build -t hubbub . && docker run -p 8080:8080 hubbub
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc libc6-dev make cmake pkg-config \
        libwebsockets-dev libuv1-dev libjansson-dev libsqlite3-dev libutf8proc-dev libinih-dev \
        uthash-dev libdeflate-dev
WORKDIR /hubbub
COPY . .
RUN cmake -B build -DCMAKE_BUILD_TYPE=Release -DHUBBUB_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
    && cmake --build build -j "$(nproc)" \
    && DESTDIR=/image cmake --install build

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libwebsockets19t64 libwebsockets-evlib-uv libuv1t64 libjansson4 libsqlite3-0 libutf8proc3 \
        libinih1 libdeflate0 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 990 hubbub \
    && useradd --system --uid 990 --gid hubbub --home-dir /var/lib/hubbub --shell /usr/sbin/nologin hubbub \
    && install -d -o hubbub -g hubbub -m 0700 /var/lib/hubbub
COPY --from=build /image/usr/bin/hubbub /usr/bin/hubbub
COPY --from=build /image/usr/share/hubbub /usr/share/hubbub
COPY --from=build /image/etc/hubbub /etc/hubbub
USER 990:990
WORKDIR /var/lib/hubbub
ENV HUBBUB_STATE_DIR=/var/lib/hubbub
VOLUME /var/lib/hubbub
EXPOSE 8080
STOPSIGNAL SIGTERM
# Options: docker run -e HUBBUB_PORT=9000 ..., or on the command line, but then the check below looks at 8080.
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${HUBBUB_PORT:-8080} && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["hubbub"]
