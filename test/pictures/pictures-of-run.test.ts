import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pageOfRun } from '../../src/pictures/page-of-run.ts'
import { picturesOfRun } from '../../src/pictures/pictures-of-run.ts'
import { profilePage } from '../../src/pictures/profile-page/page.ts'
import { readProfileDetails } from '../../src/profile/read-profile.ts'
import { createFileMemory } from '../../src/runs/memory/file-memory.ts'
import type { ShardingMemory } from '../../src/runs/memory/sharding-memory.ts'
import { projectRoot } from '../support/needs.ts'
import { sampleDiagnosis } from '../support/slack/diagnoses.ts'
import { reportOf } from './pictures-fixture.ts'

describe("a run's pictures", () => {
  let folder = ''
  let memory: ShardingMemory
  const run = 'run-sample'

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'prompts-pictures-'))
    memory = createFileMemory({ folder })
    const subject = { kind: 'experiment' as const, id: 'exp-123' }
    await memory.begin({ run, tenant: 'T1', subject, compile: false, by: null, at: '2026-01-01T00:00:00.000Z', thread: null })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('are the roofline of its profile', async () => {
    const points = [{ name: 'fusion.1', flop_per_byte: 900, tflops: 200, share: 0.4 }]
    await memory.saveStage(run, 'profile', { value: reportOf({ points }) })
    await memory.saveDiagnosis(run, sampleDiagnosis())
    const pictures = await picturesOfRun(memory, run, 'T1')
    expect(pictures.map((picture) => picture.name)).toEqual(['roofline.png'])
    expect(pictures[0]!.altText).toContain('fusion.1 40% of the time')
    expect(await picturesOfRun(memory, run, 'T2')).toEqual([])
  })

  it('come with the page of its profile, with the steps that were kept beside the report', async () => {
    expect(await pageOfRun(memory, run, 'T1')).toBeNull()
    const { report, details } = await readProfileDetails(join(projectRoot, 'examples/llama2-70b-v5p/profile'))
    await memory.saveStage(run, 'profile', { value: report })
    expect((await pageOfRun(memory, run, 'T1'))?.html).not.toContain('Busy from left to right')
    await memory.saveStage(run, 'profile_details', details)
    const page = await pageOfRun(memory, run, 'T1')
    expect(page).toEqual({ name: 'run-sample-profile.html', html: profilePage(report, details) })
    expect(page?.html).toContain('Busy from left to right')
    expect(await pageOfRun(memory, run, 'T2')).toBeNull()
  })

  it('are not drawn of what it does not have', async () => {
    expect(await picturesOfRun(memory, run, 'T1')).toEqual([])
    expect(await picturesOfRun(memory, 'run-none', 'T1')).toEqual([])
    await memory.saveStage(run, 'profile', { value: null })
    await memory.saveDiagnosis(run, sampleDiagnosis({ cards: [] }))
    expect(await picturesOfRun(memory, run, 'T1')).toEqual([])
  })
})
