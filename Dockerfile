# Embedded by default; set REDIS_URL, QDRANT_URL, GEMINI_API_KEY and the Slack tokens for production: docs/deploy.md.
# docker build .                          the bot
# docker build --target with-compiler .   the bot with the TPU compiler, about 1 GB more
FROM node:24-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# the image has its own Node: the one that npm brings for older machines is not carried
RUN npm ci --omit=dev && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24-trixie-slim AS bot
ENV NODE_ENV=production PROMPTS_HOME=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]

FROM bot AS with-compiler
USER root
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/* && npm run setup:compiler
ENV PROMPTS_COMPILER_PYTHON=/app/.prompts/compiler/bin/python
USER node

FROM bot
