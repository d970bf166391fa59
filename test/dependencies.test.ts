import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from './support/needs.ts'

describe('docs/dependencies.md', () => {
  const page = readFileSync(join(projectRoot, 'docs/dependencies.md'), 'utf8')
  const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies' | 'optionalDependencies',
    Record<string, string>
  >
  const names = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap(Object.keys)

  it.each(names)('gives the reason for %s', (name) => {
    expect(page).toContain(`\`${name}\``)
  })

  it('names no package that is not there', () => {
    for (const row of page.slice(0, page.indexOf('## Written here instead')).matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)) {
      for (const [, name] of row[1]!.matchAll(/`([^`]+)`/g)) expect(names).toContain(name)
    }
  })
})
