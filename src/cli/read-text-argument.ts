import { readFile, stat } from 'node:fs/promises'
import { PromptsError } from '../errors.ts'

const maxBytes = 512 * 1024 * 1024

/** The text of a file that a command names, or of standard input for `-`. Throws `bad_arguments`, `too_large`. */
export async function readTextArgument(path: string, usage: string): Promise<string> {
  if (path === '-') return readInput()
  const info = await stat(path).catch(() => null)
  if (!info?.isFile()) throw new PromptsError('bad_arguments', `${path}: no such file`, { hint: usage })
  if (info.size > maxBytes) throw tooLarge(path)
  return readFile(path, 'utf8')
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    const part = Buffer.from(chunk as Buffer | string)
    bytes += part.length
    if (bytes > maxBytes) throw tooLarge('standard input')
    chunks.push(part)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(what: string): PromptsError {
  return new PromptsError('too_large', `${what} has over ${maxBytes / 1024 / 1024} MiB`, {
    hint: 'Cut it down to the settings and some steps.',
  })
}
