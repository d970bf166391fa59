import { type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { modelFacts } from '../../planner/model/model-facts.ts'
import { resolveLayers } from '../../planner/model/resolved-model.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import { cleanId } from './clean-id.ts'
import { type ConfigModel, modelOfConfig } from './hf/model-of-config.ts'
import { unwrapHfConfig } from './hf/read-config.ts'

export interface HfImportOptions {
  id?: string
  /** The slice; null for the facts alone. */
  hardware: { chip: string; topology: string } | null
  phase?: string
  globalBatch?: number
  seqLen?: number
}

/** What a config.json says: an experiment on a slice where one is named, and the model's counts in any case. */
export interface HfImport {
  experiment: Experiment | null
  facts: {
    parameters: number
    active_parameters: number
    /** Bytes that every further token adds to a two-byte cache. */
    kv_bytes_per_token: number
    window_layers: { count: number; window: number } | null
    linear_layers: number
    /** What the config asks for and a model cannot say. */
    unsupported: string[]
  }
  notes: string[]
}

/**
 * Makes an experiment from a Hugging Face `config.json` and the slice it is to run on. What the file does not hold (batch,
 * sequence) is assumed and noted.
 * @throws PromptsError `bad_log` naming the architecture that is no decoder, or the key that is missing.
 */
export function importHf(data: unknown, what: string, options: HfImportOptions): HfImport {
  const read = modelOfConfig(unwrapHfConfig(data, what), data, what)
  const facts = modelFacts(resolveLayers(read.model))
  const window = facts.windowLayers
  const notes = [...read.unsupported.map((one) => `not modelled: ${one}`), ...read.notes]
  return {
    experiment: options.hardware === null ? null : experimentOf(read, options, notes, what),
    facts: {
      parameters: facts.parameters,
      active_parameters: facts.activeParameters,
      kv_bytes_per_token: facts.kvBytesPerToken,
      window_layers: window && { count: window.count, window: window.window },
      linear_layers: facts.linearLayers,
      unsupported: read.unsupported,
    },
    notes,
  }
}

function experimentOf({ model, types }: ConfigModel, options: HfImportOptions, notes: string[], what: string): Experiment {
  const globalBatch = options.globalBatch ?? 64
  const seqLen = options.seqLen ?? 4096
  const phase = options.phase ?? 'train'
  if (options.globalBatch === undefined) notes.push(`global_batch ${globalBatch} is assumed: set --global-batch`)
  if (options.seqLen === undefined) notes.push(`seq_len ${seqLen} is assumed: set --seq-len`)
  const stored = types.weight !== null && phase !== 'train' ? { weight_dtype: types.weight } : {}
  if (phase === 'train' && types.weight !== null && types.weight !== 'f32')
    notes.push(`the weights are published in ${types.weight}; training is planned with f32 ones unless run.weight_dtype says otherwise`)
  const experiment: unknown = {
    id: options.id ?? cleanId(`${model.name}-${options.hardware?.topology}`),
    hardware: options.hardware,
    phase,
    model,
    run: {
      global_batch: globalBatch,
      seq_len: seqLen,
      ...stored,
      ...(types.kv !== null && phase !== 'train' ? { kv_dtype: types.kv } : {}),
    },
  }
  return parseWithSchema<Experiment>(experimentSchema, experiment, what, 'bad_log')
}
