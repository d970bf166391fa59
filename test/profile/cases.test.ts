import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { profileReportSchema } from '../../src/contract/profile-report.ts'
import { PromptsError } from '../../src/errors.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import { findPython, has, lacks, needing } from '../support/needs.ts'
import type { ProfileCase } from '../support/profile-cases.ts'
import {
  bucketOf,
  caseFolder,
  compressed,
  filesBelow,
  missesOf,
  profileCases,
  repliesCannot,
  runFolderOf,
  savedReplies,
} from '../support/profile-cases.ts'

const cases = has('shared') ? profileCases() : []
const direct = cases.filter((each) => each.path !== undefined)
const spaces = direct.filter((each) => !each.id.startsWith('replies-'))
const logdirs = cases.filter((each) => each.kind === 'logdir')
const folder = mkdtempSync(join(tmpdir(), 'prompts-cases-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (each: ProfileCase): string => join(caseFolder, each.path as string)

describe.skipIf(lacks('shared'))(needing('profiles as people have them', 'shared'), () => {
  it.each(direct)('$id by its folder', async (each) => {
    const report = await readProfile(at(each))
    expect(profileReportSchema.parse(report)).toEqual(report)
    expect(missesOf(each, report)).toEqual([])
    expect(report.categories.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 6)
  })

  it.each(spaces)('$id by its file or compressed', async (each) => {
    const whole = await readProfile(at(each))
    const packed = await readProfile(compressed(at(each), join(folder, 'packed', each.id)))
    const { source: _, notes: __, ...rest } = whole
    expect(packed).toMatchObject(rest)
    const [only, other] = filesBelow(at(each))
    if (only === undefined || other !== undefined) return
    expect((await readProfile(only)).bottleneck).toEqual(whole.bottleneck)
  })

  it.skipIf(lacks('python')).each(logdirs)('$id', async (each) => {
    const shape = each.id.replace('logdir-', '')
    execFileSync(findPython('python') ?? 'python3', [join(caseFolder, 'make_logdirs.py'), join(folder, 'logdirs'), shape])
    const path = (each.give as string).replace('TARGET', join(folder, 'logdirs'))
    if (each.expected.result?.startsWith('reads')) {
      const report = await readProfile(path)
      expect(missesOf(each, report)).toEqual([])
      expect(report.notes.join(' ')).not.toContain('left out')
      if (shape === 'two-runs-mtimes-inverted') expect(report.notes.join(' ')).toMatch(/2026_06_01_00_00_00, was read.*2025_06_01/)
    } else {
      const error = await readProfile(path).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(PromptsError)
      const said = `${(error as PromptsError).message} ${(error as PromptsError).hint}`
      expect(said).toMatch(shape === 'tar-gz' ? /tar archive.*[Uu]npack/ : /xplane\.pb is needed/)
    }
  })
})

describe.skipIf(lacks('shared', 'fake-gcs-server'))(needing('the same profiles in a bucket', 'shared', 'fake-gcs-server'), () => {
  let bucket: Awaited<ReturnType<typeof bucketOf>>
  beforeAll(async () => {
    bucket = await bucketOf(spaces, join(folder, 'bucket'))
  })
  afterAll(() => bucket?.stop())

  it.each(spaces)('$id', async (each) => {
    const [file, fetched] = [await readProfile(at(each)), await readProfile(await bucket.open(each.id))]
    const { source: _, notes: __, ...rest } = file
    expect(fetched).toMatchObject(rest)
  })
})

describe.skipIf(lacks('shared', 'xprof'))(needing('the same profiles as an XProf server replies them', 'shared', 'xprof'), () => {
  const served = spaces.flatMap((each) => {
    const run = runFolderOf(at(each))
    return run === null || each.id === 'same-file-twice' ? [] : [{ ...each, run, out: join(folder, 'replies', each.id) }]
  })
  beforeAll(() => savedReplies(served.map(({ run, out }) => [run, out])), 300_000)

  it.each(served)('$id', async (each) => {
    const [file, replies] = [await readProfile(each.run), await readProfile(each.out)]
    const cannot = repliesCannot[each.id]
    expect(missesOf(each, replies, new Set(cannot?.leaveOut))).toEqual([])
    if (!cannot?.leaveOut.includes('class_must_not_be')) expect(replies.bottleneck.class).toBe(file.bottleneck.class)
    for (const op of replies.top_ops) expect(op.source ?? '').not.toMatch(/[<>]/)
  })
})
