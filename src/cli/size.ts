import type { Size } from '../contract/size.ts'
import { exitCodes } from '../errors.ts'
import { readSizeLine } from '../experiment/one-line/read-size-line.ts'
import { sizeJob } from '../planner/size-job.ts'
import type { Run } from './command.ts'
import { formatSize } from './format/format-size.ts'
import { lineVocabulary } from './open-line.ts'

export const run: Run<'size'> = async ({ positionals, config, show }) => {
  const job = positionals.join(' ')
  const { assumptions, budget, ladders } = readSizeLine(job, lineVocabulary(config))
  const size: Size = { job, assumptions, options: sizeJob({ ladders, budget }) }
  show(size, formatSize)
  return size.options.some(({ meets }) => meets) ? exitCodes.ok : exitCodes.no
}
