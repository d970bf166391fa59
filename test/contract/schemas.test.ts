import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { published, referenceText, schemaText, settingsText } from '../../scripts/make-schemas.ts'
import { projectRoot } from '../support/needs.ts'

describe('published schemas', () => {
  it.each(Object.keys(published))('docs/schemas/%s.json is what the zod schema says (npm run schemas)', (name) => {
    expect(readFileSync(join(projectRoot, 'docs/schemas', `${name}.json`), 'utf8')).toBe(schemaText(name))
  })

  it('docs/settings.md is what src/config.ts says', () => {
    expect(readFileSync(join(projectRoot, 'docs/settings.md'), 'utf8')).toBe(settingsText())
  })

  it('docs/reference.md is what the zod schemas say', () => {
    expect(readFileSync(join(projectRoot, 'docs/reference.md'), 'utf8')).toBe(referenceText())
  })
})
