import { type Experiment, experimentSchema, hardwareSchema, runSchema } from '../../../contract/experiment.ts'
import { axes } from '../../../contract/mesh.ts'

type Pair = { key: string; value: string }

/** A flat model's keys; layer groups do not fit into params. */
const modelKeys = new Set(
  'name embed vocab tied_embeddings extra_parameters layers mlp heads kv_heads head_dim gated_mlp experts experts_per_token shared_experts'
    .split(' ')
    .concat('dense_layers', 'attention_window'),
)
const tops = new Set(['framework', 'phase', 'model', 'objective'])
const levels: Record<string, ReadonlySet<string>> = {
  hardware: new Set(Object.keys(hardwareSchema.shape)),
  model: modelKeys,
  run: new Set(Object.keys(runSchema.shape)),
  mesh: new Set(axes),
  dcn: new Set(axes),
  measured: new Set(['step_time_ms', 'ttft_ms', 'tpot_ms']),
  slo: new Set(['ttft_ms', 'tpot_ms']),
}

/**
 * An experiment of params in the experiment file's own words, dots between levels (`hardware.chip`, `run.global_batch`,
 * `run.flags.NAME`); null when the chip, the slice or the batch is not among them. Everything else that is logged is somebody
 * else's, and passed over.
 */
export function experimentOfParams(params: readonly Pair[], id: string): { experiment: Experiment } | { problem: string } | null {
  const data: Record<string, unknown> = { id }
  const levelOf = (name: string): Record<string, unknown> => {
    const there = data[name]
    if (typeof there === 'object' && there !== null) return there as Record<string, unknown>
    const made: Record<string, unknown> = Object.create(null)
    data[name] = made
    return made
  }
  for (const { key, value } of params) {
    const [top = '', inner, ...rest] = key.split('.')
    if (inner === undefined) {
      if (tops.has(top) && !(top in data)) data[top] = scalar(value)
    } else if (top === 'run' && inner === 'flags' && rest.length > 0) {
      const run = levelOf('run')
      run['flags'] = { ...(run['flags'] as object | undefined), [rest.join('.')]: value }
    } else if (rest.length === 0 && Object.hasOwn(levels, top) && levels[top]!.has(inner)) {
      levelOf(top)[inner] = scalar(value)
    }
  }
  const { hardware, run } = data as { hardware?: Record<string, unknown>; run?: Record<string, unknown> }
  if (hardware?.['chip'] === undefined || hardware['topology'] === undefined || run?.['global_batch'] === undefined) return null
  const parsed = experimentSchema.safeParse(JSON.parse(JSON.stringify(data)))
  if (parsed.success) return { experiment: parsed.data }
  const issue = parsed.error.issues[0]
  return { problem: `${issue?.path.join('.') || 'params'}: ${issue?.message ?? 'not an experiment'}` }
}

/** The slice that someone logged by one of its usual names; null where nobody did. */
export function sliceOfPairs(pairs: readonly Pair[], isSlice: (text: string) => boolean): { slice: string; key: string } | null {
  const known = /(^|[._/-])(accelerator_type|accelerator|tpu_type|tpu_slice|tpu|slice|instance_type)$/i
  const found = pairs.find(({ key, value }) => known.test(key) && isSlice(value.trim()))
  return found ? { slice: found.value.trim(), key: found.key } : null
}

function scalar(text: string): unknown {
  if (text === 'True' || text === 'true') return true
  if (text === 'False' || text === 'false') return false
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text
}
