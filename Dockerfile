# One image for the three programs and the `sightglass` command:
#   docker run IMAGE                       everything on one machine, with the embedded ClickHouse
#   docker run IMAGE collector             one program by itself; or server, runtime
#   docker run IMAGE migrate               any verb of the command; --help lists them
# compose.yaml runs the programs apart, on a ClickHouse and a Redis of their own.

# Node's own image, not the binary that npm installs: it brings the libraries Node needs and Debian's security updates, and
# Node lies in the image once. Debian, because the embedded ClickHouse needs glibc. The version is that of package-lock.json.
FROM node:26.10-trixie-slim AS build
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm install --omit=dev
COPY tsconfig.json ./
COPY server/contract server/contract
COPY ui ui
RUN npm run build
# What only the UI is built of, and a second Node, stay behind.
RUN npm pkg delete \
        dependencies.@fontsource-variable/inter \
        dependencies.@fontsource-variable/jetbrains-mono \
        dependencies.@lucide/svelte \
        dependencies.@sveltejs/vite-plugin-svelte \
        dependencies.bits-ui \
        dependencies.d3 \
        dependencies.dompurify \
        "dependencies[highlight.js]" \
        dependencies.marked \
        dependencies.node \
        dependencies.svelte \
        dependencies.vite \
    && npm prune --omit=dev

FROM node:26.10-trixie-slim
LABEL org.opencontainers.image.title="Sightglass" \
      org.opencontainers.image.description="Operates AI agents in production: OpenTelemetry in, ClickHouse below" \
      org.opencontainers.image.licenses="Apache-2.0"
# Outside of the container's own loopback there are only users with keys. The compiled programs may go to a tmpfs.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/tmp/sightglass-compile-cache \
    SIGHTGLASS_HOST=0.0.0.0 \
    SIGHTGLASS_AUTH=on \
    SIGHTGLASS_DATA_DIR=/data
WORKDIR /app
RUN ln -s /app/server/standalone/sightglass.mjs /usr/local/bin/sightglass \
    && install --directory --owner=node --group=node --mode=700 /data
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/ui/dist ui/dist
COPY LICENSE package.json ./
COPY migrations migrations
COPY collector collector
COPY runtime runtime
COPY server server
USER 1000:1000
VOLUME ["/data"]
EXPOSE 4000 4100 4317 4318
STOPSIGNAL SIGTERM
# Whatever of the programs listens must be alive, and one must listen.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --start-interval=1s --retries=4 \
    CMD ["/app/server/standalone/container/entrypoint.sh", "healthcheck"]
ENTRYPOINT ["/app/server/standalone/container/entrypoint.sh"]
CMD ["start"]
