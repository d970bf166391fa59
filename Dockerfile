# Embedded by default; set REDIS_URL, QDRANT_URL, GEMINI_API_KEY and the Slack tokens for production. docs/deploy.md tells how.
FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:26-bookworm-slim
ENV NODE_ENV=production PROMPTS_HOME=/data
# Python only for the TPU compiler: docker build --build-arg WITH_COMPILER=1
ARG WITH_COMPILER=0
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
RUN mkdir /data && chown node:node /data \
  && if [ "$WITH_COMPILER" = 1 ]; then \
       apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/* \
       && PROMPTS_HOME=/opt/prompts npm run setup:compiler ; fi
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/healthz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
