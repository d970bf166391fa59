import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { inferJob } from '../../src/hlo/infer/infer-job.ts'
import { readHloModule } from '../../src/hlo/read-module.ts'
import { unnamedTokens } from './unnamed-tokens.ts'

/** How often the likely answers to one question hold the true one, and how often it is the first. */
export interface LikelyScore {
  name: 'global_batch' | 'seq_len'
  asked: number
  among: number
  first: number
}

/**
 * Takes the names of the tokens out of every module of a folder, and holds the likely answers against what was read with them.
 * `wrongButSure` has each mesh axis that was then read otherwise and called sure.
 */
export function scoreLikely(folder: string): { scores: LikelyScore[]; wrongButSure: string[] } {
  const scores: LikelyScore[] = [
    { name: 'global_batch', asked: 0, among: 0, first: 0 },
    { name: 'seq_len', asked: 0, among: 0, first: 0 },
  ]
  const wrongButSure: string[] = []
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.pb.gz'))) {
    const bytes = gunzipSync(readFileSync(join(folder, file)))
    const truth = inferJob(readHloModule(bytes))
    const job = inferJob(readHloModule(unnamedTokens(bytes)))
    for (const score of scores) {
      const open = job.open.find(({ name }) => name === score.name)
      const is = (score.name === 'seq_len' ? truth.seqLen : truth.globalBatch)?.value
      if (open === undefined || is === undefined) continue
      score.asked++
      if (open.choices.includes(is)) score.among++
      if (open.choices[0] === is) score.first++
    }
    for (const [axis, { value, certainty }] of Object.entries(job.mesh ?? {}))
      if (certainty === 'sure' && value !== truth.mesh?.[axis as 'data'].value) wrongButSure.push(`${file}: ${axis}`)
  }
  return { scores, wrongButSure }
}
