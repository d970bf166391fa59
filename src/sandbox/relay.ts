import { createServer, type IncomingMessage } from 'node:http'
import { readBody } from './read-body.ts'

/** A call that the bot made of Slack's Web API, and what Slack answered. */
export interface ApiCall {
  method: string
  body: Record<string, unknown>
  answer: Record<string, unknown>
}

export interface Relay {
  /** `slackApiUrl` for the bot. */
  apiUrl: string
  /** Where the bot answers a command; see Slack's `response_url`. */
  responseUrl(channel: string, user: string): string
  close(): Promise<void>
}

const forwardMs = 20_000
const bodyLimit = 4 * 1024 * 1024

/**
 * Stands between the bot and the emulated Slack: passes each call on as it is and tells of it, since what only one person sees
 * (ephemeral messages, modals, App Home) can not be asked of the Web API afterwards.
 */
export async function startRelay(input: {
  target: string
  onCall: (call: ApiCall) => void
  onResponse: (channel: string, user: string, body: Record<string, unknown>) => void
}): Promise<Relay> {
  const answer = async (request: IncomingMessage) => {
    const path = new URL(request.url ?? '/', 'http://relay').pathname
    const raw = await readBody(request, bodyLimit)
    const response = /^\/response\/(\w+)\/(\w+)$/.exec(path)
    if (response !== null) {
      input.onResponse(response[1]!, response[2]!, JSON.parse(raw.toString()) as Record<string, unknown>)
      return { status: 200, type: 'text/plain', body: 'ok' }
    }
    if (request.method === 'GET' && path.startsWith('/files-pri/')) return file(path, request.headers.authorization ?? '')
    const method = /^\/api\/([A-Za-z0-9.]+)$/.exec(path)?.[1]
    if (method === undefined) return { status: 404, type: 'text/plain', body: 'not found' }
    const type = request.headers['content-type'] ?? 'application/x-www-form-urlencoded'
    const forwarded = await fetch(new URL(method, input.target), {
      method: 'POST',
      headers: { authorization: request.headers.authorization ?? '', 'content-type': type },
      body: raw,
      signal: AbortSignal.timeout(forwardMs),
    })
    const text = await forwarded.text()
    const known = forwarded.status === 200 ? readJson(text) : null
    if (known?.ok === true) input.onCall({ method, body: readCall(raw.toString(), type), answer: known })
    return { status: forwarded.status, type: 'application/json', body: text }
  }
  /** A file that someone shared, to whoever has the right to it. */
  const file = async (path: string, authorization: string) => {
    const answered = await fetch(new URL(path, input.target), { headers: { authorization }, signal: AbortSignal.timeout(forwardMs) })
    return { status: answered.status, type: 'text/plain', body: await answered.text() }
  }
  const server = createServer((request, reply) => {
    answer(request)
      .catch(() => ({ status: 502, type: 'text/plain', body: 'the emulated Slack did not answer' }))
      .then(({ status, type, body }) => reply.writeHead(status, { 'content-type': type }).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const url = `http://127.0.0.1:${port}`
  return {
    apiUrl: `${url}/api/`,
    responseUrl: (channel, user) => `${url}/response/${channel}/${user}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The call's arguments; those that are JSON in a form are read. */
function readCall(raw: string, type: string): Record<string, unknown> {
  if (type.startsWith('application/json')) return readJson(raw) ?? {}
  const body: Record<string, unknown> = Object.fromEntries(new URLSearchParams(raw))
  for (const key of ['blocks', 'view']) {
    const value = body[key]
    if (typeof value === 'string') body[key] = JSON.parse(value)
  }
  return body
}

function readJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
