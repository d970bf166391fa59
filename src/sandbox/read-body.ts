import type { IncomingMessage } from 'node:http'
import { PromptsError } from '../errors.ts'

/** The whole body of a request. @throws PromptsError `too_large` past the limit. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  const tooLarge = () => new PromptsError('too_large', `A request is longer than ${limit} bytes`)
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    // what is a little too long is read to its end, so that the sender sees the answer
    if (size > limit * 4) throw tooLarge()
    if (size <= limit) chunks.push(chunk as Buffer)
  }
  if (size > limit) throw tooLarge()
  return Buffer.concat(chunks)
}
