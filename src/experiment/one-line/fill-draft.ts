import { type Experiment, experimentSchema, isEngine } from '../../contract/experiment.ts'
import { cleanId } from '../import/clean-id.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import { type Catalog, resolveWorkload } from '../resolve-workload.ts'
import { devicesOfSlice } from '../words/devices-of-slice.ts'
import { type Data, experimentWords } from '../words/experiment-words.ts'
import { translateWords } from '../words/translate-words.ts'
import type { LineDraft } from './line-draft.ts'

/** What a line says and does not say, as an experiment in which every assumed value is written out. */
export interface FilledLine {
  experiment: Experiment
  assumptions: string[]
}

const trainSeqLen = 4096
const servedLen = 1024
const servedRequests = 64
const servedTpotMs = 50

/**
 * Fills in what a line leaves out, each with an assumption that says so. @throws PromptsError `bad_experiment`,
 * `unknown_topology`.
 */
export function fillDraft(draft: LineDraft, slice: { chip: string; topology: string; devices: number }, catalog: Catalog): FilledLine {
  const assumptions = [...draft.notes]
  const assume = (text: string) => assumptions.push(text)
  const phase = phaseOf(draft, assume)
  const run: Data = { ...draft.run, ...(Object.keys(draft.flags).length === 0 ? {} : { flags: draft.flags }) }
  const slo = { ...draft.slo }
  fillDtype(draft, phase, run, assume)
  if (phase === 'decode') fillLoad(draft, run, slo, assume)
  fillShape(draft, { phase, run, devices: slice.devices * (draft.slices ?? 1), assume })
  const across = (draft.slices ?? 1) > 1 && Object.keys(draft.mesh).length > 0
  if (across) assume(`dcn replica=${draft.slices}: the line gives a mesh inside a slice alone`)
  const data: Data = {
    id: idOf(draft, slice),
    hardware: { chip: slice.chip, topology: slice.topology, ...(draft.slices === null ? {} : { slices: draft.slices }) },
    ...{ phase, model: draft.model, run },
    ...(draft.framework === null ? {} : { framework: draft.framework }),
    ...(draft.objective === null ? {} : { objective: draft.objective }),
    ...(Object.keys(draft.mesh).length === 0 ? {} : { mesh: draft.mesh }),
    ...(across ? { dcn: { replica: draft.slices } } : {}),
    ...(Object.keys(slo).length === 0 ? {} : { slo }),
  }
  const { data: translated, notes } = translateWords(data, devicesOfSlice)
  const said = parseWithSchema(experimentSchema, translated, 'the line')
  return { experiment: writeOut(said, catalog, assume), assumptions: [...assumptions, ...notes] }
}

function phaseOf(draft: LineDraft, assume: (text: string) => void): string {
  if (draft.phase !== null) return experimentWords.values.phase[draft.phase] ?? draft.phase
  const served = isEngine(draft.framework)
  const { load } = draft
  const loaded = load.requests !== null || load.tokens !== null
  const serving =
    served ||
    loaded ||
    Object.keys(draft.slo).length > 0 ||
    ['input_len', 'output_len', 'concurrency', 'kv_dtype'].some((name) => name in draft.run)
  assume(serving ? 'phase decode: the line speaks of serving' : 'phase train; say "serve" or "prefill" for another')
  return serving ? 'decode' : 'train'
}

function fillDtype({ dtype }: LineDraft, phase: string, run: Data, assume: (text: string) => void): void {
  if (dtype === null) return
  const training = phase === 'train'
  const name = training ? (dtype === 'bf16' || dtype === 'f32' ? 'activation_dtype' : 'matmul_dtype') : 'weight_dtype'
  if (run[name] !== undefined) return
  run[name] = dtype
  assume(`${dtype} is taken as ${name}; say "${dtype} weights" or "kv ${dtype}" for another`)
}

/** A load becomes the requests that are in flight under it, by Little's law: they arrive as often as they leave. */
function fillLoad({ load }: LineDraft, run: Data, slo: Record<string, number>, assume: (text: string) => void): void {
  if (run.concurrency !== undefined || (load.requests === null && load.tokens === null)) return
  if (slo.tpot_ms === undefined && slo.tpot_p99_ms === undefined) {
    slo.tpot_ms = servedTpotMs
    assume(`tpot ${servedTpotMs} ms: the load says no time per token ("tpot 40 ms")`)
  }
  const outputLen = Number(run.output_len ?? servedLen)
  const tokens = load.tokens ?? load.requests! * outputLen
  const seconds = (slo.tpot_ms ?? slo.tpot_p99_ms!) / 1000
  run.concurrency = sharedRequests(tokens * seconds)
  const said = load.tokens === null ? `${load.requests} requests of ${outputLen} tokens each second` : `${load.tokens} tokens each second`
  assume(`concurrency ${run.concurrency}: ${said}, at ${seconds * 1000} ms per token (Little's law)`)
}

function fillShape(
  draft: LineDraft,
  { phase, run, devices, assume }: { phase: string; run: Data; devices: number; assume: (text: string) => void },
): void {
  const set = (name: string, value: number, why: string) => {
    if (run[name] !== undefined) return
    run[name] = value
    assume(`${name} ${value}: ${why}`)
  }
  if (phase === 'decode') {
    const window = run.seq_len
    if (window === undefined || run.input_len !== undefined || run.output_len !== undefined) {
      set('input_len', servedLen, 'the line gives no length of the prompts ("4k in")')
      set('output_len', servedLen, 'the line gives no length of the answers ("1k out")')
    }
    set('seq_len', Number(run.input_len) + Number(run.output_len), 'input and output together')
    if (run.per_device_batch_size !== undefined) return
    if (run.concurrency !== undefined) set('global_batch', Number(run.concurrency), 'every request in flight is decoded in one step')
    set('global_batch', servedRequests, 'the line gives no requests in flight')
    if (run.concurrency === undefined) run.concurrency = run.global_batch
    return
  }
  if (phase === 'prefill' && run.input_len !== undefined) set('seq_len', Number(run.input_len), 'the length of the prompts')
  set('seq_len', phase === 'train' ? trainSeqLen : servedLen, 'the line gives no sequence length ("seq 8192")')
  if (run.per_device_batch_size !== undefined) return
  if (draft.batchTokens !== null) {
    const exact = Math.max(1, draft.batchTokens / Number(run.seq_len))
    set(
      'global_batch',
      evenBatch(exact, devices),
      `${draft.batchTokens} tokens, ${String(run.seq_len)} per sequence, in whole rounds of the devices`,
    )
  } else if (phase === 'train') set('global_batch', devices, 'the line gives no batch, one sequence per device')
  else set('global_batch', 1, 'the line gives no batch')
}

/** Requests rounded up, by a few percent at most, to what data-parallel replicas can share. */
function sharedRequests(requests: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, requests) / 12)))
  return Math.max(1, Math.ceil(requests / step)) * step
}

/** The whole number of sequences next to it that so many devices, or a power of two of them, can share. */
function evenBatch(sequences: number, devices: number): number {
  let share = devices
  while (share > 1 && sequences < share) share /= share % 2 === 0 ? 2 : share
  return Math.max(1, Math.round(sequences / share)) * share
}

/** The same experiment with the values that the planner would take by itself written into it. */
function writeOut(said: Experiment, catalog: Catalog, assume: (text: string) => void): Experiment {
  const { framework, run, objective } = resolveWorkload(said, catalog)
  const training = said.phase === 'train'
  const names = [
    ...(['weight_dtype', 'activation_dtype', 'matmul_dtype'] as const),
    ...(training ? (['gradient_dtype', 'optimizer_dtype', 'optimizer', 'remat', 'microbatches'] as const) : (['kv_dtype'] as const)),
    'attention' as const,
  ]
  const filled: Data = { ...said.run }
  const taken = names.filter((name) => said.run[name] === undefined)
  for (const name of taken) filled[name] = run[name]
  if (taken.length > 0) assume(taken.map((name) => `${name} ${run[name]}`).join(', '))
  if (said.framework === undefined) assume(`framework ${framework}`)
  if (said.objective === undefined) assume(`objective ${objective}`)
  if (said.hardware.slices === undefined) assume('one slice')
  return parseWithSchema(experimentSchema, { ...said, framework, objective, run: filled }, 'the line')
}

function idOf({ model, phase }: LineDraft, { chip, topology }: { chip: string; topology: string }): string {
  const slice = topology.startsWith(chip) ? topology : `${chip}-${topology}`
  const parts = [model?.split('/').at(-1), phase, slice].filter((part) => part !== null && part !== undefined)
  return cleanId(parts.join('-'))
}
