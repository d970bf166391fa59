import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const exchangeSchema = z.strictObject({ key: z.string(), path: z.string(), status: z.number(), type: z.string(), body: z.string() })
type Exchange = z.infer<typeof exchangeSchema>

/**
 * A server between the product and Gemini. With `upstream` it passes every request on and appends question and answer to `file`;
 * without, it answers from the file alone, and 404 for what was never asked. Neither the key nor any header is kept; a request is
 * known by its path and body.
 */
export async function startRecordedGemini(options: {
  file: string
  upstream: string | null
}): Promise<{ url: string; stop(): Promise<void> }> {
  const { file, upstream } = options
  const known = new Map<string, Exchange[]>()
  if (existsSync(file)) {
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const exchange = exchangeSchema.parse(JSON.parse(line))
      known.set(exchange.key, [...(known.get(exchange.key) ?? []), exchange])
    }
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const asked = Buffer.concat(chunks).toString('utf8')
    const path = (request.url ?? '').replace(/([?&])key=[^&]*/, '$1')
    const key = createHash('sha256').update(`${path}\n${asked}`).digest('hex').slice(0, 32)
    let exchange = upstream === null ? (known.get(key)?.shift() ?? null) : null
    if (upstream !== null) {
      const headers = { 'content-type': 'application/json', 'x-goog-api-key': String(request.headers['x-goog-api-key'] ?? '') }
      const got = await fetch(`${upstream}${request.url}`, { method: 'POST', headers, body: asked })
      exchange = { key, path, status: got.status, type: got.headers.get('content-type') ?? 'application/json', body: await got.text() }
      appendFileSync(file, `${JSON.stringify(exchange)}\n`)
    }
    if (exchange === null) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"code":404,"message":"this was not recorded"}}')
      return
    }
    response.writeHead(exchange.status, { 'content-type': exchange.type }).end(exchange.body)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(502).end(JSON.stringify({ error: { message: error.message } })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
