import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkNesting } from '../../src/experiment/check-nesting.ts'
import { parseExperiment } from '../../src/experiment/parse-experiment.ts'
import { cpuMs } from '../support/cpu-ms.ts'
import { projectRoot } from '../support/needs.ts'

it.each([
  ['lists', `id: a\nmodel: ${'['.repeat(100_000)}`],
  ['maps', `id: a\nmodel: ${'{a: '.repeat(50_000)}`],
  ['lists over lines', `id: a\nmodel:\n${'[\n'.repeat(100_000)}`],
  ['dashes on a line', `id: a\nmodel:\n  ${'- '.repeat(100_000)}x`],
  ['question marks', `id: a\nmodel:\n  ${'? '.repeat(100_000)}x`],
  ['indentation', Array.from({ length: 400 }, (_, n) => `${' '.repeat(n)}k:`).join('\n')],
])('refuses %s that are nested without end, in a sentence, at once', async (_name, text) => {
  let nested: unknown = null
  const spent = await cpuMs(() => {
    try {
      parseExperiment(text, 'x')
    } catch (error) {
      nested = error
    }
  })
  expect(nested).toMatchObject({ code: 'bad_experiment', message: expect.stringContaining('64 levels deep') })
  expect(spent).toBeLessThan(1000)
})

it('lets every example pass', () => {
  for (const name of readdirSync(join(projectRoot, 'examples')).filter((one) => !one.endsWith('.md'))) {
    const text = readFileSync(join(projectRoot, 'examples', name, 'experiment.yaml'), 'utf8')
    expect(() => checkNesting(text, name)).not.toThrow()
  }
})
