import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Clock } from '../../../src/clock.ts'
import { checkLimits } from './check-limits.ts'

export interface Call {
  method: string
  at: number
  body: Record<string, string>
  /** What the gate did with it. */
  outcome: 'passed' | 'rate_limited' | 'refused' | 'dropped' | 'answer_lost'
  /** When its answer left, or was lost. */
  answeredAt: number | null
  /** ts of the message that a post made. */
  ts: string | null
}

/**
 * What to do with a call: let it through, or a fault. `lose_answer` does it and then breaks the connection; `lose_request` does
 * not do it.
 */
export type Fault =
  | null
  | { kind: 'rate_limit'; seconds: number }
  | { kind: 'lose_answer' }
  | { kind: 'lose_request' }
  | { kind: 'error'; error: string }

/** Calls a minute that Slack allows a workspace, and the time between two posts in a channel. */
const perMinute: Record<string, number> = {
  'chat.update': 50,
  'reactions.add': 50,
  'reactions.remove': 50,
  'chat.postEphemeral': 100,
  'views.publish': 100,
}
const postGapMs = 1000

/**
 * Stands between the bot and the emulated Slack, which knows no limits: counts calls, refuses blocks as Slack would, answers 429
 * where a limit is exceeded (and remembers that as a violation), and injects faults.
 */
export class Gate {
  readonly calls: Call[] = []
  readonly violations: string[] = []
  fault: (method: string, body: Record<string, string>, count: number) => Fault = () => null
  delayMs = 0
  /** Answers leave once this is there: what is on its way stays so. */
  held: Promise<void> | null = null
  /** Tokens that stand for one, used in turn. */
  sameAs: ReadonlyMap<string, readonly string[]> = new Map()
  /** Tokens that Slack does not take any more, each with its reason. */
  readonly refusedTokens = new Map<string, string>()
  /** Files that files.info-like downloads serve, by path. */
  readonly files = new Map<string, string>()
  /** Answers for methods that the emulator lacks. */
  readonly answers = new Map<string, (body: Record<string, string>) => unknown>()
  readonly #target: string
  readonly #clock: Clock
  #server: Server | null = null
  #lastPost = new Map<string, number>()
  #recent = new Map<string, number[]>()

  constructor(target: string, clock: Clock) {
    this.#target = target
    this.#clock = clock
  }

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      this.#handle(request)
        .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
        .catch(() => response.destroy())
    })
    this.#server.keepAliveTimeout = 60_000
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  count(method: string): number {
    return this.calls.filter((call) => call.method === method && (call.outcome === 'passed' || call.outcome === 'answer_lost')).length
  }

  async #handle(request: IncomingMessage): Promise<{ status: number; headers: Record<string, string>; body: string }> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const raw = Buffer.concat(chunks).toString()
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const file = this.files.get(path)
    if (file !== undefined) return { status: 200, headers: { 'content-type': 'text/plain' }, body: file }
    const method = path.replace(/^\/api\//, '')
    const body = Object.fromEntries(new URLSearchParams(raw))
    const call: Call = { method, at: this.#clock.now(), body, outcome: 'passed', answeredAt: null, ts: null }
    this.calls.push(call)
    const json = { 'content-type': 'application/json' }
    const limited = (seconds: number) => {
      call.outcome = 'rate_limited'
      return {
        status: 429,
        headers: { ...json, 'retry-after': String(seconds) },
        body: JSON.stringify({ ok: false, error: 'ratelimited' }),
      }
    }
    const refused = (error: string) => {
      call.outcome = 'refused'
      return { status: 200, headers: json, body: JSON.stringify({ ok: false, error }) }
    }

    const noToken = this.refusedTokens.get(tokenOf(request))
    if (noToken !== undefined) return refused(noToken)
    const fault = this.fault(method, body, this.calls.length)
    if (fault?.kind === 'rate_limit') return limited(fault.seconds)
    if (fault?.kind === 'error') return refused(fault.error)
    if (fault?.kind === 'lose_request') {
      call.outcome = 'dropped'
      throw new Error('lost')
    }
    if (this.#exceeds(call)) return limited(1)
    const problems = this.#blockProblems(body)
    if (problems.length > 0) {
      this.violations.push(`${method}: ${problems.join('; ')}`)
      return refused('invalid_blocks')
    }
    const answer = this.answers.get(method)
    if (answer !== undefined) return { status: 200, headers: json, body: JSON.stringify(answer(body)) }
    const forwarded = await fetch(`${this.#target}${request.url ?? ''}`, {
      method: request.method ?? 'POST',
      headers: { authorization: this.#inTurn(request.headers.authorization ?? ''), 'content-type': request.headers['content-type'] ?? '' },
      ...(request.method === 'GET' ? {} : { body: raw }),
    })
    const text = await forwarded.text()
    if (method === 'chat.postMessage') call.ts = (JSON.parse(text) as { ts?: string }).ts ?? null
    if (this.delayMs > 0) await this.#clock.sleep(this.delayMs)
    await this.held
    call.answeredAt = this.#clock.now()
    if (fault?.kind === 'lose_answer') {
      call.outcome = 'answer_lost'
      throw new Error('lost')
    }
    return { status: forwarded.status, headers: json, body: text }
  }

  #inTurn(authorization: string): string {
    const tokens = this.sameAs.get(authorization.replace(/^Bearer /, '')) ?? []
    const next = tokens[this.calls.length % Math.max(1, tokens.length)]
    return next === undefined ? authorization : `Bearer ${next}`
  }

  #exceeds(call: Call): boolean {
    if (call.method === 'chat.postMessage') {
      const channel = call.body.channel ?? ''
      const gap = call.at - (this.#lastPost.get(channel) ?? 0)
      if (gap < postGapMs) {
        this.violations.push(`two posts in ${channel} within ${gap} ms`)
        return true
      }
      this.#lastPost.set(channel, call.at)
      return false
    }
    const allowed = perMinute[call.method]
    if (allowed === undefined) return false
    const recent = (this.#recent.get(call.method) ?? []).filter((at) => at > call.at - 60_000)
    recent.push(call.at)
    this.#recent.set(call.method, recent)
    if (recent.length <= allowed) return false
    this.violations.push(`${call.method}: ${recent.length} in a minute, ${allowed} allowed`)
    return true
  }

  #blockProblems(body: Record<string, string>): string[] {
    if (body.view !== undefined) return checkLimits(JSON.parse(body.view))
    if (body.blocks === undefined) return []
    const metadata = body.metadata === undefined ? {} : { metadata: JSON.parse(body.metadata) }
    return checkLimits({ text: body.text, blocks: JSON.parse(body.blocks), ...metadata })
  }
}

function tokenOf({ headers }: IncomingMessage): string {
  return (headers.authorization ?? '').replace(/^Bearer /, '')
}
