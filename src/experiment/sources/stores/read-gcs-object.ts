import { setTimeout as sleep } from 'node:timers/promises'
import type { Bucket } from '@google-cloud/storage'

const tries = 3
const pauseMs = 500

/**
 * The bytes of an object, by the storage API's media download: the client's own stream puts more listeners on itself than Node
 * likes, and does not stop when it is told to. `head` bounds how many bytes from the start.
 * @throws Error with the reply's status as `code`; what fetch throws; the signal's reason
 */
export async function readGcsObject(
  { name: bucket, storage }: Bucket,
  object: string,
  { signal, head }: { signal: AbortSignal; head?: number | undefined },
): Promise<AsyncIterable<Uint8Array>> {
  const url = `${storage.apiEndpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(object)}?alt=media`
  // as the client itself: another endpoint gets no credentials of Google's
  const headers = storage.customEndpoint ? new Headers() : new Headers(await storage.authClient.getRequestHeaders(url))
  if (head !== undefined) headers.set('range', `bytes=0-${head - 1}`)
  for (let tried = 1; ; tried += 1) {
    const response = await fetch(url, { headers, signal, redirect: 'error' })
    // nothing of an empty object is in any range
    if (response.status === 416) return nothing()
    if (response.ok) return response.body ?? nothing()
    await response.body?.cancel()
    const again = response.status === 429 || response.status >= 500
    if (!again || tried === tries)
      throw Object.assign(new Error(`the answer for ${object} was ${response.status}`), { code: response.status })
    await sleep(pauseMs * 2 ** (tried - 1), undefined, { signal })
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
