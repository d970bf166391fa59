import { describe, expect, it } from 'vitest'
import type { Size } from '../../src/contract/size.ts'
import { runCli } from '../support/run-cli.ts'

describe('prompts size', () => {
  it('ranks slices for a served job, over every chip', async () => {
    const { code, json } = await runCli(['size', 'serve llama3.3-70b fp8, 4k in 1k out, 200 requests in flight, tpot 40 ms', '--json'])
    const size = json as Size
    expect(code).toBe(0)
    expect(size.options[0]?.meets).toBe(true)
    expect(new Set(size.options.map(({ slice }) => slice.split('-')[0])).size).toBe(5)
    expect(size.assumptions.join(' ')).toMatch(/weight_dtype/)
  })

  it('prints a table, and exits 3 where nothing meets it', async () => {
    const { code, stdout } = await runCli(['size', 'train qwen3-32b on v5e-16, 1T tokens, 30 days'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/^assumed:[\s\S]*No slice that was looked at meets[\s\S]*v5e-16/)
  })
})
