import { PromptsError } from '../../errors.ts'

const requestDeadlineMs = 30_000

/**
 * A GET or POST to an address of the operator's. The deadline covers the wait for the reply's head; the body is read under the caller's signal.
 * @throws PromptsError `unavailable` when there is no answer, or an answer of 5xx.
 */
export async function request(url: URL, source: string, signal: AbortSignal, init: RequestInit = {}): Promise<Response> {
  const deadline = AbortSignal.timeout(requestDeadlineMs)
  let response: Response
  try {
    response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.any([signal, deadline]) })
  } catch (cause) {
    signal.throwIfAborted()
    const why = deadline.aborted
      ? `no answer in ${requestDeadlineMs / 1000} s`
      : ((cause as Error).cause as Error | undefined)?.message || (cause as Error).message
    throw new PromptsError('unavailable', `${source} cannot be reached: ${why}`, {
      hint: 'Is it running, and is the address in PROMPTS_EXPERIMENTS right?',
      cause,
    })
  }
  if (response.status >= 500) throw new PromptsError('unavailable', `${source} answered ${response.status}`, { hint: 'See its log.' })
  return response
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

export async function readText(response: Response, source: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of bodyOf(response)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new PromptsError('too_large', `${source} answered with more than ${maxBytes} bytes`, { hint: '' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export function bodyOf(response: Response): AsyncIterable<Uint8Array> {
  return (response.body ?? new ReadableStream<Uint8Array>()) as unknown as AsyncIterable<Uint8Array>
}
