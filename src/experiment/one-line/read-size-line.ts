import { type ChipName, chips } from '../../contract/chip.ts'
import { modelTerms } from '../../planner/model/model-terms.ts'
import type { ResolvedModel } from '../../planner/model/resolved-model.ts'
import type { Budget } from '../../planner/size-job.ts'
import type { Workload } from '../../planner/workload.ts'
import { resolveWorkload } from '../resolve-workload.ts'
import { costNotes } from './cost-notes.ts'
import { fillDraft } from './fill-draft.ts'
import type { LineDraft } from './line-draft.ts'
import { lineWords } from './line-words.ts'
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

/** How many of a chip's largest slice are joined at most. */
const joinedSlices = [2, 4, 8]

/**
 * Reads `train qwen3-32b, 1T tokens, 30 days` as the same job on slices of every chip, or of the chip or slice that it names.
 * Pure.
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
    draft.batchTokens ??= trainBatchTokens(vocabulary.catalog.resolveModel(draft.model!))
  const said: string[][] = []
  const ladders = chips
    .filter((chip) => draft.chip === null || draft.chip === chip)
    .map((chip) =>
      rungs(chip, vocabulary, draft).map(({ topology, devices, slices }) => {
        const filled = fillDraft({ ...draft, slices }, { chip, topology, devices }, vocabulary.catalog)
        said.push(filled.assumptions)
        const workload = resolveWorkload(filled.experiment, vocabulary.catalog)
        return draft.goodput === null ? workload : { ...workload, chip: { ...workload.chip, goodput: draft.goodput } }
      }),
    )
  const workloads = ladders.flat()
  if (workloads.length === 0)
    refuse(
      `asks for ${draft.chips} chips, and no slice${draft.chip === null ? '' : ` of ${draft.chip}`} has so many`,
      'Leave them out: all are compared.',
    )
  // what is the same on every slice; a batch that grows with the devices is not
  const assumptions = (said[0] ?? []).filter((text) => text !== 'one slice' && said.every((texts) => texts.includes(text)))
  if (draft.run.per_device_batch_size !== undefined) assumptions.push('the batch grows with the devices: per_device_batch_size is kept')
  else if (training && draft.batchTokens !== null && workloads[0]?.phase === 'train') assumptions.push(batchNote(draft.batchTokens))
  // the notes name the experiment of one slice
  assumptions.push(...(workloads[0]?.notes ?? []).map((note) => note.replace(`${workloads[0]?.id}: `, '')), ...costNotes(workloads))
  return { assumptions, budget, ladders }
}

function trainBatchTokens(model: ResolvedModel): number {
  const { total } = modelTerms(model)
  return lineWords.train_batch_tokens.find(([parameters]) => total <= parameters)?.[1] ?? lineWords.train_batch_tokens.at(-1)![1]
}

function batchNote(tokens: number): string {
  return `a global batch of about ${tokens.toLocaleString('en-US')} tokens, in whole rounds of a slice's devices ("batch 8M tokens" for another); whether training converges at it is not judged`
}

function rungs(chip: ChipName, { catalog, sliceNames }: Vocabulary, { topology, slices, chips: count }: LineDraft) {
  const names = topology === null ? sliceNames.filter((name) => name.startsWith(`${chip}-`)) : [topology]
  const single = names
    .map((name) => ({ topology: name, slices, ...catalog.findSlice(chip, name) }))
    .filter((slice) => topology !== null || count === null || slice.chips === count)
    .sort((a, b) => a.devices - b.devices)
  const largest = single.at(-1)
  if (largest === undefined || topology !== null || slices !== null || count !== null) return single
  return [...single, ...joinedSlices.map((joined) => ({ ...largest, slices: joined }))]
}
