import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { asPromptsError, PromptsError } from '../errors.ts'
import { readBody } from './read-body.ts'

/** What the page's server is given; it knows nothing of Slack. */
export interface PageHandlers {
  /** What this person sees now. */
  snapshot(user: string | null): Promise<unknown>
  act(action: unknown): Promise<void>
  /** A file that the bot uploaded. */
  file(id: string): Promise<{ type: string; body: Buffer } | null>
}

export interface PageServer {
  url: string
  /** Tells every open page to look again. */
  changed(): void
  close(): Promise<void>
}

const assets: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'style.css': 'text/css; charset=utf-8',
  'main.mjs': 'text/javascript; charset=utf-8',
  'blocks.mjs': 'text/javascript; charset=utf-8',
  'chart.mjs': 'text/javascript; charset=utf-8',
  'rich-text.mjs': 'text/javascript; charset=utf-8',
  'mrkdwn.mjs': 'text/javascript; charset=utf-8',
  'dom.mjs': 'text/javascript; charset=utf-8',
  'messages.mjs': 'text/javascript; charset=utf-8',
  'modal.mjs': 'text/javascript; charset=utf-8',
  'emoji-picker.mjs': 'text/javascript; charset=utf-8',
  'composer.mjs': 'text/javascript; charset=utf-8',
}

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** An uploaded page has an origin of its own and runs no script. */
const pagePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

/** Room for files of an experiment and more, so that a too large one is seen to be refused. */
const bodyLimit = 1024 * 1024
const coalesceMs = 120

/**
 * Serves the page on loopback: its assets by name, what a person sees, what they do, and a stream that says when to look again.
 */
export async function startPageServer(options: { port: number; handlers: PageHandlers }): Promise<PageServer> {
  const { handlers } = options
  const streams = new Set<ServerResponse>()
  let timer: NodeJS.Timeout | null = null
  let hosts: string[] = []

  const answer = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    // a page of another site that a name was rebound for, or a form of one, gets nothing
    if (!hosts.includes(request.headers.host ?? '')) return end(reply, 403, 'text/plain', 'not for this host')
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sandbox')
    if (request.method === 'POST') {
      if (pathname !== '/api/act') return end(reply, 404, 'text/plain', 'not found')
      if (request.headers['x-prompts-sandbox'] !== 'page') return end(reply, 403, 'text/plain', 'only from the page')
      await handlers.act(readAction(await readBody(request, bodyLimit)))
      return end(reply, 200, 'application/json', '{"ok":true}')
    }
    if (request.method !== 'GET') return end(reply, 405, 'text/plain', 'not that')
    if (pathname === '/api/state')
      return end(reply, 200, 'application/json', JSON.stringify(await handlers.snapshot(searchParams.get('as'))))
    if (pathname === '/api/changes') return openStream(streams, request, reply)
    if (pathname === '/emoji.json') return end(reply, 200, 'application/json', await emojiJson())
    const file = /^\/files\/(F[A-Z0-9]{4,20})$/.exec(pathname)?.[1]
    if (file !== undefined) {
      const found = await handlers.file(file)
      if (found === null) return end(reply, 404, 'text/plain', 'not found')
      if (found.type.startsWith('text/html')) reply.setHeader('content-security-policy', pagePolicy)
      return end(reply, 200, found.type, found.body)
    }
    const name = pathname === '/' ? 'index.html' : pathname.slice(1)
    const type = Object.hasOwn(assets, name) ? assets[name] : undefined
    if (type === undefined) return end(reply, 404, 'text/plain', 'not found')
    end(reply, 200, type, await readFile(new URL(`page/${name}`, import.meta.url)))
  }

  const server = createServer((request, reply) => {
    answer(request, reply).catch((thrown: unknown) => {
      const error = asPromptsError(thrown)
      const status = error.code === 'internal' ? 500 : 400
      end(reply, status, 'application/json', JSON.stringify({ error: { message: error.message, id: error.id } }))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new PromptsError('unavailable', `Port ${options.port} is taken`, {
              hint: 'Name another with --port, or 0 for any that is free.',
            })
          : error,
      ),
    )
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  return {
    url: `http://127.0.0.1:${port}`,
    changed() {
      timer ??= setTimeout(() => {
        timer = null
        for (const stream of streams) stream.write('data: changed\n\n')
      }, coalesceMs)
    },
    async close() {
      if (timer !== null) clearTimeout(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function end(reply: ServerResponse, status: number, type: string, body: string | Buffer): void {
  if (reply.headersSent) reply.destroy()
  else reply.writeHead(status, { ...headers, ...reply.getHeaders(), 'content-type': type } as OutgoingHttpHeaders).end(body)
}

function openStream(streams: Set<ServerResponse>, request: IncomingMessage, reply: ServerResponse): void {
  if (streams.size >= 50) {
    end(reply, 503, 'text/plain', 'too many pages are open')
    return
  }
  reply.writeHead(200, { ...headers, 'content-type': 'text/event-stream' }).write('retry: 1000\n\n')
  streams.add(reply)
  request.once('close', () => streams.delete(reply))
}

function readAction(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw new PromptsError('bad_arguments', 'The page sent something that is not JSON')
  }
}

let emoji: Promise<string> | null = null

/** Every emoji by its short name, as Slack's names are. */
function emojiJson(): Promise<string> {
  emoji ??= import('gemoji').then(({ nameToEmoji }) => JSON.stringify(nameToEmoji))
  return emoji
}
