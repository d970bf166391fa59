import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PromptsError } from '../../src/errors.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import { findPython, has, projectRoot } from '../../test/support/needs.ts'
import type { ProfileCase } from '../../test/support/profile-cases.ts'
import {
  bucketOf,
  caseFolder,
  compressed,
  missesOf,
  profileCases,
  repliesCannot,
  runFolderOf,
  savedReplies,
} from '../../test/support/profile-cases.ts'

/** Writes cases.md: every profile of jobs that are not well behaved, on every road; `npm run bench:profile-cases`. */

const folder = mkdtempSync(join(tmpdir(), 'prompts-cases-'))
const cases = profileCases()
const at = (each: ProfileCase): string => join(caseFolder, each.path ?? '')

async function say(each: ProfileCase, path: string | null, leaveOut: readonly string[] = []): Promise<string> {
  if (path === null) return '–'
  try {
    const report = await readProfile(path)
    const misses = missesOf(each, report, new Set(leaveOut))
    const step = report.kpis.step_time_ms
    const words = `${report.bottleneck.class}${step === null ? '' : `, ${Number(step.toPrecision(4))} ms`}`
    return misses.length === 0 ? words : `**${words}: ${misses.join('; ')}**`
  } catch (error) {
    if (!(error instanceof PromptsError)) throw error
    return `refused: ${error.message.replaceAll(folder, '…')}`
  }
}

const spaces = cases.filter((each) => each.path !== undefined && !each.id.startsWith('replies-'))
const served = spaces.flatMap((each) => {
  const run = runFolderOf(at(each))
  return run === null ? [] : [[run, join(folder, 'replies', each.id)] as const]
})
const bucket = has('fake-gcs-server') ? await bucketOf(spaces, join(folder, 'bucket')) : null
const hasXprof = findPython('xprof') !== null
if (hasXprof) savedReplies(served)
const rows: string[] = []
for (const each of spaces) {
  const replies = hasXprof && runFolderOf(at(each)) !== null ? join(folder, 'replies', each.id) : null
  const cannot = repliesCannot[each.id]
  const cells = [
    await say(each, at(each)),
    await say(each, compressed(at(each), join(folder, 'packed', each.id))),
    await say(each, bucket && (await bucket.open(each.id))),
    `${await say(each, replies, cannot?.leaveOut)}${cannot ? ` (${cannot.why})` : ''}`,
  ]
  rows.push(
    `| ${each.id} | ${each.expected.class ?? (each.expected.class_must_not_be ? `not ${each.expected.class_must_not_be}` : '–')} | ${cells.join(' | ')} |`,
  )
}
for (const each of cases.filter((one) => one.id.startsWith('replies-')))
  rows.push(
    `| ${each.id} | ${each.expected.class ?? (each.expected.class_must_not_be ? `not ${each.expected.class_must_not_be}` : '–')} | – | – | – | ${await say(each, at(each))} |`,
  )
await bucket?.stop()
const logdirs: string[] = []
for (const each of cases.filter((one) => one.kind === 'logdir')) {
  execFileSync(findPython('python') ?? 'python3', [
    join(caseFolder, 'make_logdirs.py'),
    join(folder, 'logdirs'),
    each.id.replace('logdir-', ''),
  ])
  const path = (each.give ?? '').replace('TARGET', join(folder, 'logdirs'))
  logdirs.push(`| ${each.id.replace('logdir-', '')} | ${each.expected.result} | ${await say(each, path)} |`)
}
rmSync(folder, { recursive: true, force: true })
writeFileSync(
  join(projectRoot, 'bench/profile/cases.md'),
  `# Profiles of jobs that are not well behaved, on every road

Made by \`npm run bench:profile-cases\`: the class and the step time that come out. **Bold** is what misses something that was expected. The
replies are those of XProf 2.24.2 for the same files; where they cannot know what the file says, the reason stands beside it. The bucket is one
of fake-gcs-server, read by the source that a diagnosis reads it by.

| Case | Expected | Folder or file | Compressed | Bucket | Replies of an XProf server |
|---|---|---|---|---|---|
${rows.join('\n')}

| Log folder | Expected | Read |
|---|---|---|
${logdirs.join('\n')}
`,
)
