import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { experimentKeys } from '../../scripts/experiment-keys.ts'
import { published, referenceText, schemaText, settingsText } from '../../scripts/make-schemas.ts'
import { experimentSchema, runSchema } from '../../src/contract/experiment.ts'
import { projectRoot } from '../support/needs.ts'

describe('published schemas', () => {
  it.each(Object.keys(published))('docs/schemas/%s.json is what the zod schema says (npm run schemas)', (name) => {
    expect(readFileSync(join(projectRoot, 'docs/schemas', `${name}.json`), 'utf8')).toBe(schemaText(name))
  })

  it('every key of an experiment says what it means', () => {
    const said = new Set(experimentKeys.flatMap(({ key }) => [key, key.split('.')[0]]))
    const keys = Object.keys(experimentSchema.shape)
    const nested = [...Object.keys(runSchema.shape).map((key) => `run.${key}`), 'hardware.chip', 'hardware.topology', 'hardware.slices']
    expect([...keys, ...nested].filter((key) => !said.has(key))).toEqual([])
  })

  it('docs/settings.md is what src/config.ts says', () => {
    expect(readFileSync(join(projectRoot, 'docs/settings.md'), 'utf8')).toBe(settingsText())
  })

  it('docs/reference.md is what the zod schemas say', () => {
    expect(readFileSync(join(projectRoot, 'docs/reference.md'), 'utf8')).toBe(referenceText())
  })
})
