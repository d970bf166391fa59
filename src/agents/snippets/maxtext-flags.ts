import json from '../../../knowledge/maxtext.json' with { type: 'json' }
import { findModel } from '../../knowledge/data/models.ts'
import { rematTensorSettings } from '../../planner/remat-policy.ts'
import type { ResolvedModel, ResolvedRun, Workload } from '../../planner/workload.ts'
import { meshSettings, runSettings } from './maxtext.ts'
import type { SnippetInput } from './snippet-input.ts'

const needs: Readonly<Record<string, readonly string[]>> = json.needs
const maxtextModels: ReadonlySet<string> = new Set(json.models)

/**
 * A proposal and the whole of its experiment, word by word, for an operator's own MaxText `train_compile`: the slice, the model, the run and the mesh, so that
 * the verdict holds for this experiment whatever the operator's command says of another one. null where MaxText has no words for it: another phase than training, a slice without a
 * product name, a model of a kind that its settings do not describe, an optimizer or dtype that it lacks.
 */
export function maxtextFlags({ phase, slice, slices }: Workload, input: SnippetInput): string[] | null {
  const model = modelSettings(input.model)
  if (phase !== 'train' || slice.name === null || model === null || !isMaxTextRun(input.run)) return null
  return [
    `compile_topology=${slice.name}`,
    `compile_topology_num_slices=${slices}`,
    'override_model_config=true',
    ...model,
    ...runSettings(input, () => true).map((setting) => setting.replace(/=''$/, '=')),
    ...tensorSettings(input.run),
    ...meshSettings(input).flat(),
  ]
}

/** What a policy may be called, so that no other setting rides along with it. */
function isMaxTextRun(run: ResolvedRun): boolean {
  return (
    /^\w+$/.test(run.remat) &&
    (run.optimizer === 'adamw' || run.optimizer === 'sgd') &&
    run.activation_dtype !== 'int8' &&
    run.weight_dtype !== 'int8' &&
    run.gradient_dtype !== 'int8' &&
    run.optimizer_dtype !== 'int8'
  )
}

/** MaxText's name of the model, or the dims of a plain decoder; null for what neither describes. */
function modelSettings(model: ResolvedModel): string[] | null {
  if (model.name !== null && maxtextModels.has(model.name) && sameDims(model, findModel(model.name)?.model))
    return [`model_name=${model.name}`, ...(needs[model.name] ?? [])]
  if (model.shared_experts > 0 || model.dense_layers > 0 || model.extra_parameters > 0 || model.attention_window !== null) return null
  const experts =
    model.experts > 1
      ? [
          'decoder_block=mixtral',
          `num_experts=${model.experts}`,
          `num_experts_per_tok=${model.experts_per_token}`,
          `base_moe_mlp_dim=${model.mlp}`,
        ]
      : []
  return [
    `base_num_decoder_layers=${model.layers}`,
    `base_emb_dim=${model.embed}`,
    `base_mlp_dim=${model.mlp}`,
    `base_num_query_heads=${model.heads}`,
    `base_num_kv_heads=${model.kv_heads}`,
    `head_dim=${model.head_dim}`,
    `vocab_size=${model.vocab}`,
    `mlp_activations=${model.gated_mlp ? '[silu,linear]' : '[gelu]'}`,
    `logits_via_embedding=${model.tied_embeddings}`,
    ...experts,
  ]
}

function sameDims(a: ResolvedModel, b: ResolvedModel | undefined): boolean {
  return b !== undefined && (Object.keys(b) as (keyof ResolvedModel)[]).every((name) => a[name] === b[name])
}

/** The tensors that a custom policy keeps; of what else stands in `run.flags` nothing is passed on. */
function tensorSettings({ remat, flags }: ResolvedRun): string[] {
  if (remat !== 'custom') return []
  return rematTensorSettings.flatMap((name) => {
    const value = flags[name]
    return value === 'device' || value === 'offload' || value === 'remat' ? [`${name}=${value}`] : []
  })
}
