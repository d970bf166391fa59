import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HealthRoute } from './health-routes.ts'

/** Serves the routes alone, for a process that listens to nothing else. */
export async function startHealthServer(routes: readonly HealthRoute[], port: number): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    const route = routes.find((one) => one.path === path && one.method === request.method)
    if (route === undefined) response.writeHead(404).end()
    else route.handler(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => resolve())
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
