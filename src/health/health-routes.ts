import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'

export interface HealthRoute {
  path: string
  method: 'GET'
  handler: (request: IncomingMessage, response: ServerResponse) => void
}

/**
 * `/live`: the event loop turns, restart it where it does not. `/ready` (and `/health`): it can do its work, with what cannot;
 * 503 where it cannot, which a restart does not mend. `/metrics` for Prometheus. None of them holds anything of a workspace.
 */
export function healthRoutes(options: { readiness: () => Promise<Readiness & Record<string, unknown>>; metrics: Metrics }): HealthRoute[] {
  const json = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const ready = (_request: IncomingMessage, response: ServerResponse) => {
    options.readiness().then(
      (state) => json(response, state.ok ? 200 : 503, state),
      () => json(response, 503, { ok: false }),
    )
  }
  return [
    { path: '/live', method: 'GET', handler: (_request, response) => json(response, 200, { ok: true }) },
    { path: '/ready', method: 'GET', handler: ready },
    { path: '/health', method: 'GET', handler: ready },
    {
      path: '/metrics',
      method: 'GET',
      handler: (_request, response) => {
        options.metrics.text().then(
          (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
          () => response.writeHead(500).end(),
        )
      },
    },
  ]
}
