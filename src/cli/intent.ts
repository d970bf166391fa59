import { createInterface } from 'node:readline'
import { z } from 'zod'
import { exitCodes, PromptsError } from '../errors.ts'
import { readJsonAs } from '../text/json.ts'
import { read } from '../thread/intent.ts'
import type { Reading } from '../thread/reading.ts'
import type { Run } from './command.ts'

const lineSchema = z.object({ text: z.string().max(100_000), mentioned: z.boolean().default(false) })
const cards = 3

export const run: Run<'intent'> = async ({ show, signal }) => {
  let number = 0
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY, signal })) {
    number++
    if (line.trim() === '') continue
    const { text, mentioned } = parse(line, number)
    const { intent, value, reason } = read(text, { mentioned, cards })
    show({ intent, value, reason }, describe)
  }
  return exitCodes.ok
}

function parse(line: string, number: number): z.infer<typeof lineSchema> {
  const said = readJsonAs(lineSchema, line)
  if (said !== null) return said
  throw new PromptsError('bad_arguments', `Line ${number} of standard input is not a message`, {
    hint: 'Write one JSON object per line: {"text": "why not tp=8?", "mentioned": false}',
  })
}

function describe({ intent, value, reason }: Pick<Reading, 'intent' | 'value' | 'reason'>): string {
  const said = Object.keys(value).length > 0 ? ` ${JSON.stringify(value)}` : ''
  return `${intent}${said}: ${reason}`
}
