import { type ChipName, chips } from '../../contract/chip.ts'
import type { Budget } from '../../planner/size-job.ts'
import type { Workload } from '../../planner/workload.ts'
import { resolveWorkload } from '../resolve-workload.ts'
import { fillDraft } from './fill-draft.ts'
import { refuseUnread } from './read-names.ts'
import { draftOfLines } from './read-one-line.ts'
import { refuse } from './refuse.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A job without a slice: what it comes to on every slice that it may take, a list for each chip, the smallest slice first. */
export interface SizeLine {
  assumptions: string[]
  budget: Budget
  ladders: Workload[][]
}

/** A usual global batch of pretraining, in tokens: the same on every slice, so that they can be compared. */
const trainBatchTokens = 4_194_304
/** How many of a chip's largest slice are joined at most. */
const joinedSlices = [2, 4, 8]

/**
 * Reads `train qwen3-32b, 1T tokens, 30 days` as the same job on slices of every chip, or of the chip or slice that it names. Pure.
 * @throws PromptsError as `readOneLine` does.
 */
export function readSizeLine(line: string, vocabulary: Vocabulary, changes: readonly string[] = []): SizeLine {
  const draft = draftOfLines([line, ...changes], vocabulary)
  refuseUnread(changes.at(-1) ?? line, draft, vocabulary, false)
  if (Object.keys(draft.mesh).length > 0) refuse('names a mesh', 'The mesh is what is looked for: leave it out, or use prompts plan.')
  const { budget } = draft
  if (draft.phase === null && (budget.tokens !== null || budget.days !== null)) draft.phase = 'train'
  if (budget.days !== null && budget.tokens === null) refuse('says how long, and not how much', 'Add the tokens: "1T tokens, 30 days".')
  const training = draft.phase === null || /^(train|pretrain|finetune|sft)/.test(draft.phase)
  if (training && draft.run.global_batch === undefined && draft.run.per_device_batch_size === undefined)
    draft.batchTokens ??= trainBatchTokens
  const said: string[][] = []
  const ladders = chips
    .filter((chip) => draft.chip === null || draft.chip === chip)
    .map((chip) =>
      rungs(chip, vocabulary, draft.topology, draft.slices).map(({ topology, devices, slices }) => {
        const filled = fillDraft({ ...draft, slices }, { chip, topology, devices }, vocabulary.catalog)
        said.push(filled.assumptions)
        return resolveWorkload(filled.experiment, vocabulary.catalog)
      }),
    )
  // what is the same on every slice; a batch that grows with the devices is not
  const assumptions = (said[0] ?? []).filter((text) => text !== 'one slice' && said.every((texts) => texts.includes(text)))
  if (draft.run.per_device_batch_size !== undefined) assumptions.push('the batch grows with the devices: per_device_batch_size is kept')
  assumptions.push('slices whose number of chips is a power of two, at list prices on demand or at those that are set')
  return { assumptions, budget, ladders }
}

function rungs(chip: ChipName, { catalog, sliceNames }: Vocabulary, topology: string | null, slices: number | null) {
  const names = topology === null ? sliceNames.filter((name) => name.startsWith(`${chip}-`)) : [topology]
  const single = names
    .map((name) => ({ topology: name, slices, ...catalog.findSlice(chip, name) }))
    .filter((slice) => topology !== null || Number.isInteger(Math.log2(slice.chips)))
    .sort((a, b) => a.devices - b.devices)
  const largest = single.at(-1)
  if (largest === undefined || topology !== null || slices !== null) return single
  return [...single, ...joinedSlices.map((joined) => ({ ...largest, slices: joined }))]
}
