import json from '../../../knowledge/maxtext.json' with { type: 'json' }
import type { Dtype } from '../../contract/experiment.ts'
import { findModel } from '../../knowledge/data/models.ts'
import { flatForm } from '../../planner/model/flat-model.ts'
import { type ResolvedModel, sameModel } from '../../planner/model/resolved-model.ts'
import { rematTensorSettings } from '../../planner/remat-policy.ts'
import type { ResolvedRun, Workload } from '../../planner/workload.ts'
import { bare } from '../../text/bare.ts'
import { meshSettings, runSettings } from './maxtext.ts'
import type { SnippetInput } from './snippet-input.ts'

const needs: Readonly<Record<string, readonly string[]>> = bare(json.needs)
const maxtextModels: ReadonlySet<string> = new Set(json.models)

/**
 * A proposal and the whole of its experiment, word by word, for an operator's own MaxText `train_compile`: the slice, the model,
 * the run and the mesh, so that the verdict holds for this experiment whatever the operator's command says of another one. null
 * where MaxText has no words for it: another phase than training, a slice without a product name, a model of a kind that its
 * settings do not describe, an optimizer or dtype that it lacks.
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

/** Types in which MaxText keeps no state. */
const narrow: ReadonlySet<Dtype> = new Set(['int8', 'int4', 'fp4'])

/** What a policy may be called, so that no other setting rides along with it. */
function isMaxTextRun(run: ResolvedRun): boolean {
  return (
    /^\w+$/.test(run.remat) &&
    (run.optimizer === 'adamw' || run.optimizer === 'sgd') &&
    [run.activation_dtype, run.weight_dtype, run.gradient_dtype, run.optimizer_dtype].every((dtype) => !narrow.has(dtype))
  )
}

/** MaxText's name of the model, or the dims of a plain decoder; null for what neither describes. */
function modelSettings(model: ResolvedModel): string[] | null {
  if (model.name !== null && maxtextModels.has(model.name) && isKnown(model))
    return [`model_name=${model.name}`, ...(needs[model.name] ?? [])]
  const flat = flatForm(model)
  if (flat === null || flat.shared_experts > 0 || flat.dense_layers > 0 || flat.extra_parameters > 0 || flat.attention_window !== null)
    return null
  const experts =
    flat.experts > 1
      ? [
          'decoder_block=mixtral',
          `num_experts=${flat.experts}`,
          `num_experts_per_tok=${flat.experts_per_token}`,
          `base_moe_mlp_dim=${flat.mlp}`,
        ]
      : []
  return [
    // the dims are said whole: a file of the user's may scale them
    'global_parameter_scale=1',
    `base_num_decoder_layers=${flat.layers}`,
    `base_emb_dim=${flat.embed}`,
    `base_mlp_dim=${flat.mlp}`,
    `base_num_query_heads=${flat.heads}`,
    `base_num_kv_heads=${flat.kv_heads}`,
    `head_dim=${flat.head_dim}`,
    `vocab_size=${flat.vocab}`,
    `mlp_activations=${flat.gated_mlp ? '[silu,linear]' : '[gelu]'}`,
    `logits_via_embedding=${flat.tied_embeddings}`,
    ...experts,
  ]
}

/** Whether a model that has a known name is that model. */
function isKnown(model: ResolvedModel): boolean {
  const known = findModel(model.name ?? '')?.model
  return known !== undefined && sameModel(known, model)
}

/** The tensors that a custom policy keeps; of what else stands in `run.flags` nothing is passed on. */
function tensorSettings({ remat, flags }: ResolvedRun): string[] {
  if (remat !== 'custom') return []
  return rematTensorSettings.flatMap((name) => {
    const value = flags[name]
    return value === 'device' || value === 'offload' || value === 'remat' ? [`${name}=${value}`] : []
  })
}
