import type { z } from 'zod'
import { PromptsError } from '../../errors.ts'

const requestDeadlineMs = 30_000

export interface RequestOptions {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

/**
 * A request to an address of the operator's. The deadline covers the wait for the reply's head; the body is read under the
 * caller's signal. Redirects are not followed: credentials must not travel, and a login page is no answer.
 * @throws PromptsError `unavailable` when there is no answer, one of 5xx, a redirect, or credentials are missing or refused.
 */
export async function request(url: URL, source: string, signal: AbortSignal, options: RequestOptions = {}): Promise<Response> {
  const deadline = AbortSignal.timeout(requestDeadlineMs)
  let response: Response
  try {
    const ask = () => fetch(url, { ...options, redirect: 'manual', signal: AbortSignal.any([signal, deadline]) })
    // a kept connection that the server closed meanwhile is cut at its next use: every request here only reads, so it is asked
    // once more
    response = await ask().catch((cut: unknown) => {
      if (!wasCut(cut) || signal.aborted || deadline.aborted) throw cut
      return ask()
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw unreachable(source, deadline.aborted ? `no answer in ${requestDeadlineMs / 1000} s` : whyOf(cause, url), cause)
  }
  const { status } = response
  if (status >= 300 && status < 400) throw redirected(response, url, source)
  if (status === 401 || status === 403)
    throw new PromptsError(
      'unavailable',
      `${source} ${status === 401 ? 'asks for credentials, or refuses those it got' : 'refuses: it may not be read with these credentials'} (${status})`,
      {
        hint: 'Give them in the address (user:password@), for MLflow in MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME and _PASSWORD, for XProf in PROMPTS_XPROF_HEADER.',
        retryable: false,
      },
    )
  if (status >= 500) throw new PromptsError('unavailable', `${source} answered ${status}`, { hint: 'See its log.' })
  return response
}

function unreachable(source: string, why: string, cause: unknown): PromptsError {
  return new PromptsError('unavailable', `${source} cannot be reached: ${why}`, {
    hint: 'Is it running, and is the address in PROMPTS_EXPERIMENTS right?',
    cause,
  })
}

function redirected(response: Response, url: URL, source: string): PromptsError {
  const to = URL.parse(response.headers.get('location') ?? '', url)
  const elsewhere = to !== null && to.host !== url.host
  const login = elsewhere || /login|signin|oauth|auth|sso/i.test(to?.pathname ?? '')
  return new PromptsError(
    'unavailable',
    `${source} ${login ? 'asks for a login' : 'moved'}${to === null ? '' : ` at ${to.host}${elsewhere ? '' : to.pathname}`}`,
    {
      hint: login
        ? 'A proxy in front of it wants a person. Give the proxy a token: in the address, in MLFLOW_TRACKING_TOKEN, or in PROMPTS_XPROF_HEADER.'
        : 'Write the address that it moved to into PROMPTS_EXPERIMENTS.',
      retryable: false,
    },
  )
}

function wasCut(thrown: unknown): boolean {
  const code = ((thrown as Error).cause as { code?: string } | undefined)?.code
  return code === 'ECONNRESET' || code === 'UND_ERR_SOCKET'
}

/** Why a request failed, in words and without what the address may hold. */
function whyOf(thrown: unknown, url: URL): string {
  const cause = (thrown as Error).cause as (Error & { code?: string }) | undefined
  const text = cause?.message || (thrown as Error).message
  switch (cause?.code) {
    case 'ECONNREFUSED':
      return `nothing listens on ${url.host}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `there is no host ${url.hostname}`
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was cut'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'its certificate is not signed by an authority that this process knows (NODE_EXTRA_CA_CERTS names a file with a private one)'
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired'
  }
  if (/wrong version number|packet length too long|SSL routines/i.test(text) || cause?.code?.startsWith('ERR_SSL'))
    return `${url.host} does not speak TLS: is it http:// there?`
  return text.split('\n')[0]!
}

/** The body as JSON, bounded. @throws PromptsError `unavailable` when it is not JSON. */
export async function readJson(response: Response, source: string, maxBytes = 64 * 2 ** 20): Promise<unknown> {
  const text = await readText(response, source, maxBytes)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PromptsError('unavailable', `${source} did not answer with JSON`, { hint: 'Is it the server that the address says?', cause })
  }
}

/** A server's reply as its schema has it. @throws PromptsError `unavailable` naming what is not as it should be */
export function parseReply<T>(schema: z.ZodType<T>, data: unknown, source: string): T {
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new PromptsError('unavailable', `${source} answered in another form than expected, at ${issue?.path.join('.') || 'the top'}`, {
    hint: 'Is it the server that the address says, and a version that is known?',
  })
}

export async function readText(response: Response, source: string, maxBytes: number): Promise<string> {
  const bytes = await readBytes(response, maxBytes)
  if (bytes === null) throw new PromptsError('too_large', `${source} answered with more than ${maxBytes} bytes`, { hint: '' })
  return bytes.toString('utf8')
}

/** A whole body; null where it is larger. */
export async function readBytes(response: Response, maxBytes: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of bodyOf(response)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body ?? new ReadableStream<Uint8Array>()) as unknown as AsyncIterable<Uint8Array>
}
