import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { findCircles } from '../../scripts/imports/find-circles.ts'
import { findViolations } from '../../scripts/imports/find-violations.ts'
import { readImports } from '../../scripts/imports/read-imports.ts'
import { rules } from '../../scripts/imports/rules.ts'
import { projectRoot } from '../support/needs.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A tree of its own with these files, away from the live one. */
function plant(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'prompts-imports-'))
  folders.push(root)
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), source)
  }
  return root
}

const violations = (files: Record<string, string>) => findViolations(readImports(plant(files)), rules)

describe('the table of imports', () => {
  it('holds for src, without a circle', () => {
    const modules = readImports(join(projectRoot, 'src'))
    expect(modules.length).toBeGreaterThan(300)
    expect(findViolations(modules, rules)).toEqual([])
    expect(findCircles(modules)).toEqual([])
  })

  it('is drawn in CONTRIBUTING.md: every folder on one line, and every arrow points down', () => {
    const page = readFileSync(join(projectRoot, 'CONTRIBUTING.md'), 'utf8')
    const drawn = page.slice(page.indexOf('## Where things are')).match(/```\n([\s\S]+?)```/)?.[1] ?? ''
    const lines = drawn
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {4,}/)[0]!.split(/ {2,}/)) // folders, then words
    const floor = new Map(lines.flatMap((names, at) => names.map((name) => [name, at] as const)))
    const folders = readdirSync(join(projectRoot, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect([...floor.keys()].toSorted()).toEqual(folders.map(({ name }) => name).toSorted())
    for (const [from, { imports }] of Object.entries(rules))
      for (const to of imports)
        if (floor.has(from) && floor.has(to)) expect(floor.get(to), `${from} imports ${to}`).toBeGreaterThan(floor.get(from)!)
  })

  it('names only what is there', () => {
    for (const path of Object.keys(rules)) expect(existsSync(join(projectRoot, 'src', path)), path).toBe(true)
  })

  it.each([
    ['planner/a/x.ts', "import { readFileSync } from 'node:fs'", 'planner is pure'],
    ['planner/x.ts', "import type { Library } from '../knowledge/library.ts'", 'planner may not'],
    ['planner/x.ts', "export { replay } from '../hlo/replay.ts'", 'planner may not'],
    ['hlo/x.ts', "import { x } from '../profile/read-profile.ts'", 'hlo may not'],
    ['hlo/x.ts', "import { x } from '../planner/plan.ts'", 'hlo may not'],
    ['interconnect/x.ts', "import { x } from '../planner/plan.ts'", 'interconnect may not'],
    ['contract/x.ts', "import { x } from '../planner/plan.ts'", 'contract may not'],
    ['profile/x.ts', "import { x } from '../agents/analyzer.ts'", 'profile may not'],
    ['jobs/x.ts', "import '../runs/coordinator.ts'", 'jobs may not'],
    ['agents/x.ts', "const { x } = await import('../slack/app.ts')", 'agents may not'],
    ['agents/x.ts', "import { x } from '../runs/coordinator.ts'", 'agents may not'],
    ['runs/x.ts', "import {\n  a,\n  b,\n} from '../thread/intent.ts'", 'runs may not'],
    ['runs/memory/x.ts', "type X = import('../../slack/app.ts').X", 'runs may not'],
    ['thread/x.ts', "import { x } from '../slack/app.ts'", 'thread may not'],
    ['slack/x.ts', "new Worker(new URL('../cli/main.ts', import.meta.url))", 'slack may not'],
    ['slack/x.ts', "import { x } from '../../test/support/needs.ts'", 'outside src'],
    ['brand-new/x.ts', '', 'add a line'],
  ])('refuses in %s: %s', (file, source, message) => {
    expect(violations({ [file]: `${source}\n` })).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['planner/x.ts', "import { axes } from '../contract/mesh.ts'\nimport chips from '../../knowledge/chips.json' with { type: 'json' }"],
    ['planner/x.ts', "import { z } from 'zod'\nimport { y } from './a/y.ts'"],
    ['contract/x.ts', "// import { x } from '../planner/plan.ts'\n/* import { x } from '../planner/plan.ts' */"],
    ['slack/x.ts', "import { App } from '@slack/bolt'\nimport { intent } from '../thread/intent.ts'"],
  ])('lets pass in %s: %s', (file, source) => {
    expect(violations({ [file]: `${source}\n` })).toEqual([])
  })
})

describe('findCircles', () => {
  it('names the files of each circle, also through types, and no others', () => {
    const root = plant({
      'a.ts': "import type { B } from './b.ts'",
      'b.ts': "import { c } from './in/c.ts'",
      'in/c.ts': "export { a } from '../a.ts'",
      'd.ts': "import './a.ts'\nimport './e.ts'",
      'e.ts': '',
      'self.ts': "import './self.ts'",
      'x.ts': "import './y.ts'",
      'y.ts': "const x = () => import('./x.ts')",
    })
    expect(findCircles(readImports(root))).toEqual([['a.ts', 'b.ts', 'in/c.ts'], ['self.ts'], ['x.ts', 'y.ts']])
  })
})
