import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseHfConfig } from '../../src/experiment/import/hf/read-config.ts'
import { importHf } from '../../src/experiment/import/import-hf.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'

const rowSchema = z.object({
  model: z.string(),
  config: z.record(z.string(), z.unknown()),
  expected: z.union([
    z.object({ supported: z.literal('refuse'), reason: z.string() }),
    z.object({
      supported: z.literal(true),
      parameters_b: z.number(),
      active_b: z.number(),
      kv_bytes_per_token_bf16: z.number(),
      window_layers: z.object({ count: z.number(), window: z.number() }).nullable(),
      linear_state_layers: z.number(),
    }),
  ]),
})

const rows = lacks('shared')
  ? []
  : z.object({ models: z.array(rowSchema) }).parse(JSON.parse(readFileSync(join(sharedData, 'hf_models.json'), 'utf8'))).models

describe.skipIf(lacks('shared'))(needing('import hf on public configs', 'shared'), () => {
  it.each(rows.map((row) => [row.model, row] as const))('%s', (_, { config, expected }) => {
    // the published files have the bare token, the table a string
    const text = JSON.stringify(config).replaceAll('"Infinity"', 'Infinity')
    const read = () => importHf(parseHfConfig(text, 'config.json'), 'config.json', { hardware: null })
    if (expected.supported === 'refuse') {
      expect(read).toThrow(expect.objectContaining({ code: 'bad_log', message: expect.stringContaining('cannot be imported') }))
      return
    }
    const { facts } = read()
    expect(Math.abs(facts.parameters / 1e9 / expected.parameters_b - 1)).toBeLessThan(0.015)
    expect(Math.abs(facts.active_parameters / 1e9 / expected.active_b - 1)).toBeLessThan(0.015)
    expect(facts.kv_bytes_per_token).toBe(expected.kv_bytes_per_token_bf16)
    expect(facts.window_layers).toEqual(expected.window_layers)
    expect(facts.linear_layers).toBe(expected.linear_state_layers)
  })
})
