import type { IncomingMessage } from 'node:http'
import { PromptsError } from '../errors.ts'

/** The whole body of a request. @throws PromptsError `too_large` past the limit. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > limit) throw new PromptsError('too_large', `A request is longer than ${limit} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}
