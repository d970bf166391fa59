import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findExperiment } from '../../src/experiment/find/find-experiment.ts'
import { loadSubject } from '../../src/experiment/load-experiment.ts'
import { findOptions, folderOfRuns } from '../support/finding.ts'

const signal = new AbortController().signal
let root = ''

const yaml = (id: string, profile?: string) =>
  `id: ${id}\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 256, seq_len: 4096}\n${profile ? `profile: ${profile}\n` : ''}`

function write(folder: string, id: string, profile?: string): void {
  mkdirSync(join(root, folder, id), { recursive: true })
  writeFileSync(join(root, folder, id, 'experiment.yaml'), yaml(id, profile))
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'prompts-load-'))
  writeFileSync(join(root, 'secret'), 'x')
  write('a', 'exp-1')
  write('a', 'exp-2', 'profile')
  write('a', 'up', '../../secret')
  write('a', 'absolute', join(root, 'secret'))
  write('a', 'link', 'profile')
  write('a', 'gone', 'profile')
  write('b', 'exp-2')
  mkdirSync(join(root, 'a', 'exp-2', 'profile'))
  symlinkSync(join(root, 'secret'), join(root, 'a', 'link', 'profile'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const a = () => folderOfRuns(join(root, 'a'))
const b = () => folderOfRuns(join(root, 'b'))

describe('findExperiment', () => {
  it('finds an experiment and its profile', async () => {
    const found = await findExperiment('exp-2', [a()], signal, findOptions())
    expect(found.experiment?.id).toBe('exp-2')
    expect(await found.profile?.open(signal)).toContain(join('exp-2', 'profile'))
  })

  it('names the nearest ids of an unknown one', async () => {
    await expect(findExperiment('exp-3', [a()], signal, findOptions())).rejects.toMatchObject({
      code: 'unknown_experiment',
      hint: expect.stringContaining('exp-1'),
    })
  })

  it('shows both places of an id that is in two', async () => {
    await expect(findExperiment('exp-2', [a(), b()], signal, findOptions())).rejects.toMatchObject({
      code: 'ambiguous_experiment',
      message: expect.stringContaining(join('b', 'exp-2')),
    })
  })

  it('asks which place is meant, without an address in the choices, and takes the one that someone says', async () => {
    const asked = findExperiment('exp-2', [a(), b()], signal, findOptions())
    await expect(asked).rejects.toHaveProperty('choices', [
      { label: '1: folder', value: 'place=1' },
      { label: '2: folder', value: 'place=2' },
    ])
    const said = (place: string) => findOptions({ context: { ...findOptions().context, said: { place } } })
    const found = await findExperiment('exp-2', [a(), b()], signal, said('2'))
    expect(found.origin).toContain(join('b', 'exp-2'))
    expect(found.notes?.join()).toContain('number 2 was meant')
    expect((await findExperiment('exp-2', [a(), b()], signal, said('1'))).origin).toContain(join('a', 'exp-2'))
    await expect(findExperiment('exp-2', [a(), b()], signal, said('3'))).rejects.toMatchObject({ code: 'ambiguous_experiment' })
  })

  it.each(['up', 'absolute', 'link'])('refuses a profile outside the folder: %s', async (id) => {
    await expect(findExperiment(id, [a()], signal, findOptions())).rejects.toMatchObject({ code: 'outside_folder' })
  })

  it('takes a profile that is not there as none', async () => {
    expect((await findExperiment('gone', [a()], signal, findOptions())).profile).toBeNull()
  })

  it.each(['../a/exp-1', '/etc/passwd', '..', 'exp-1/../exp-2'])('never reads a path: %s', async (id) => {
    await expect(findExperiment(id, [a()], signal, findOptions())).rejects.toMatchObject({ code: 'unknown_experiment' })
  })
})

describe('loadSubject', () => {
  it('takes a file, a folder, a profile and an id', async () => {
    expect((await loadSubject(join(root, 'a/exp-1/experiment.yaml'), [], signal, findOptions())).experiment?.id).toBe('exp-1')
    expect((await loadSubject(join(root, 'a/exp-1'), [], signal, findOptions())).experiment?.id).toBe('exp-1')
    expect((await loadSubject(join(root, 'a/exp-2/profile'), [], signal, findOptions())).experiment).toBeNull()
    expect((await loadSubject('exp-1', [a()], signal, findOptions())).experiment?.id).toBe('exp-1')
  })

  it('says that a path is not there', async () => {
    await expect(loadSubject(join(root, 'nope.yaml'), [a()], signal, findOptions())).rejects.toMatchObject({
      code: 'unknown_experiment',
      message: expect.stringContaining('no such file'),
    })
  })
})
