import { z } from 'zod'
import json from '../../../../knowledge/models.json' with { type: 'json' }
import { modelSchema } from '../../../contract/model.ts'
import { type ResolvedModel, resolveLayers, sizeOf } from '../../../planner/model/resolved-model.ts'
import type { SettingReader } from './setting-reader.ts'

const entries: Readonly<Record<string, unknown>> = json.models
const entrySchema = z.object({ dims: modelSchema })

/** A model of the library that MaxText has under this name; null for any other name. */
export function libraryModel(name: string): ResolvedModel | null {
  const entry = entrySchema.safeParse(entries[name])
  return entry.success ? resolveLayers({ ...entry.data.dims, name }) : null
}

/** Whether the dims that a log prints are those of the model whose name it prints; MaxText counts the layer pairs of Gemma 2 as one. */
export function hasPrintedDims(model: ResolvedModel, read: SettingReader): boolean {
  const same = (name: string, sizes: readonly (number | undefined)[]) => {
    const printed = read.optionalInt(name)
    return printed === null || sizes.includes(printed)
  }
  return (
    same('emb_dim', [model.embed]) &&
    same('vocab_size', [model.vocab]) &&
    same('num_decoder_layers', [model.layers, model.layers / 2]) &&
    same('num_query_heads', model.kinds.map(sizeOf.heads)) &&
    same('num_experts', [...model.kinds.map(sizeOf.experts), model.moeLayers === 0 ? 1 : undefined])
  )
}
