import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { engineSnippets } from '../support/engine-snippets.ts'
import { projectRoot } from '../support/needs.ts'

const argument = z.strictObject({ value: z.boolean(), choices: z.array(z.string()).nullable() })
const documented = argument.extend({ source: z.string() })
const engine = z.strictObject({
  ...{ package: z.string(), version: z.string() },
  documented: z.record(z.string(), documented),
  arguments: z.record(z.string(), argument),
})
const recorded = z
  .strictObject({ about: z.string(), vllm: engine, sglang: engine })
  .parse(JSON.parse(readFileSync(join(projectRoot, 'bench/recorded/engine-arguments.json'), 'utf8')))

describe.each(['vllm', 'sglang'] as const)('arguments of %s', (name) => {
  it('are all known to its recorded parser, with values that it takes', () => {
    const known = { ...recorded[name].arguments, ...recorded[name].documented }
    for (const words of engineSnippets(name)) {
      for (const [at, word] of words.entries()) {
        if (!word.startsWith('--')) continue
        expect(known, word).toHaveProperty([word])
        const next = words[at + 1]
        const value = next === undefined || next.startsWith('--') ? null : next
        expect(value !== null, word).toBe(known[word]?.value)
        if (known[word]?.choices && value !== null) expect(known[word].choices).toContain(value)
      }
    }
  })
})
