import { createInterface } from 'node:readline'
import { z } from 'zod'
import { exitCodes, PromptsError } from '../errors.ts'
import { read } from '../thread/intent.ts'
import type { Reading } from '../thread/reading.ts'
import type { Command } from './command.ts'

const lineSchema = z.object({ text: z.string().max(100_000), mentioned: z.boolean().default(false) })
const cards = 3

export const command: Command = {
  name: 'intent',
  usage: 'intent [--json] < messages.jsonl',
  summary: 'how the bot reads thread messages: a line {"text", "mentioned"} each',
  options: { json: { type: 'boolean', meaning: 'print {intent, value, reason} for each line, as JSON' } },
  positionals: { min: 0, max: 0 },
  async run({ flags, print, signal }) {
    let number = 0
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY, signal })) {
      number++
      if (line.trim() === '') continue
      const { text, mentioned } = parse(line, number)
      const { intent, value, reason } = read(text, { mentioned, cards })
      print(flags['json'] ? JSON.stringify({ intent, value, reason }) : describe({ intent, value, reason }))
    }
    return exitCodes.ok
  },
}

function parse(line: string, number: number): z.infer<typeof lineSchema> {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    json = null
  }
  const parsed = lineSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new PromptsError('bad_arguments', `Line ${number} of standard input is not a message`, {
    hint: 'Write one JSON object per line: {"text": "why not tp=8?", "mentioned": false}',
  })
}

function describe({ intent, value, reason }: Pick<Reading, 'intent' | 'value' | 'reason'>): string {
  const said = Object.keys(value).length > 0 ? ` ${JSON.stringify(value)}` : ''
  return `${intent}${said}: ${reason}`
}
