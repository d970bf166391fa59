import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { projectRoot } from './support/needs.ts'

const planted: string[] = []
afterEach(() => {
  for (const folder of planted.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Plants a file in a layer and returns what the check says of it. */
function lint(layer: string, source: string): { failed: boolean; output: string } {
  const folder = mkdtempSync(join(projectRoot, 'src', layer, 'planted-'))
  planted.push(folder)
  const file = join(folder, 'planted.ts')
  writeFileSync(file, source)
  const run = spawnSync(join(projectRoot, 'node_modules/.bin/biome'), ['lint', '--only=style/noRestrictedImports', file], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  return { failed: run.status !== 0, output: `${run.stdout}${run.stderr}` }
}

describe('dependency rules', () => {
  it.each([
    ['planner', "import { readFileSync } from 'node:fs'", 'no I/O'],
    ['planner', "import { x } from '../../knowledge/library.ts'", 'planner imports'],
    ['hlo', "import { x } from '../../profile/read-profile.ts'", 'hlo imports'],
    ['contract', "import { x } from '../../planner/plan.ts'", 'contract knows nothing'],
    ['profile', "import { x } from '../../agents/coordinator.ts'", 'profile imports'],
    ['agents', "import { x } from '../../slack/app.ts'", 'agents know neither'],
    ['slack', "import { x } from '../../cli/main.ts'", 'slack does not know'],
    ['jobs', "import { x } from '../../agents/coordinator.ts'", 'jobs knows nothing'],
  ])('refuse a planted import in %s: %s', (layer, source, message) => {
    const { failed, output } = lint(layer, `${source}\n`)
    expect(failed).toBe(true)
    expect(output).toContain(message)
  })

  it('let an allowed import pass', () => {
    expect(lint('planner', "import { axes } from '../../contract/mesh.ts'\n").failed).toBe(false)
  })
})
