import { z } from 'zod'
import json from '../../knowledge/cost-model.json' with { type: 'json' }
import { type ChipName, chips } from '../contract/chip.ts'

const constant = z.strictObject({ value: z.number().finite().nonnegative(), source: z.string().min(1) }).transform((entry) => entry.value)

/** A value for the matmul efficiency of every chip. */
export function efficiencies<Value>(of: (key: `matmul_efficiency_${ChipName}`) => Value): Record<`matmul_efficiency_${ChipName}`, Value> {
  const keys = chips.map((chip) => `matmul_efficiency_${chip}` as const)
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<(typeof keys)[number], Value>
}

/** `knowledge/cost-model.json`: every fitted or chosen constant, each with its source there. */
const costModelSchema = z.strictObject({
  about: z.string(),
  memory: z.strictObject({
    layer_embed_tensors: constant,
    layer_query_tensors: constant,
    layer_mlp_tensors: constant,
    alone_mlp_tensors: constant,
    gathered_embed_tensors: constant,
    gathered_layers: constant,
    cast_copies: constant,
    offloaded_states: constant,
    ring_most: constant,
    dispatch_mask_bytes: constant,
    moe_hidden_tensors: constant,
    moe_embed_tensors: constant,
    dropping_embed_tensors: constant,
    serving_embed_tensors: constant,
    cache_layers: constant,
    weight_layout_copies: constant,
    cache_layout_copies: constant,
    fixed_gib: constant,
    saving_from: constant,
    saving_most: constant,
  }),
  time: z
    .strictObject({
      /** Of a chip that nothing was measured on. */
      matmul_efficiency: constant,
      ...efficiencies(() => constant.optional()),
      quantized_efficiency: constant,
      expert_efficiency_dropping: constant,
      expert_efficiency_dropless: constant,
      expert_width_half: constant,
      quantized_experts: constant,
      attention_efficiency: constant,
      attention_backward: constant,
      hbm_efficiency: constant,
      elementwise_passes: constant,
      gathered_passes: constant,
      partial_sums: constant,
      windowed_gather_share: constant,
      windowed_fewest_shards: constant,
      windowed_most_shards: constant,
      windowed_shards_an_iteration: constant,
      ici_efficiency: constant,
      activation_links: constant,
      logits_passes: constant,
      dcn_efficiency: constant,
      dcn_default_gbps_per_chip: constant,
      hop_us: constant,
      dcn_start_us: constant,
      slice_wait: constant,
      overlap_weights: constant,
      overlap_async: constant,
      overlap_expert_weights: constant,
      overlap_activations: constant,
      overlap_keys: constant,
      overlap_experts: constant,
      overlap_gradients: constant,
      overlap_dcn: constant,
      layer_overhead_us: constant,
      step_overhead_ms: constant,
      host_gbps_per_chip: constant,
      overlap_host: constant,
      decode_overhead_us: constant,
      cache_passes: constant,
    })
    .transform((time) => ({ ...time, ...efficiencies((key) => time[key] ?? time.matmul_efficiency) })),
  range: z.strictObject({
    calibrated_low: constant,
    calibrated_high: constant,
  }),
  pair: z.strictObject({
    floor: constant,
    busy: constant,
    sums: constant,
    weights: constant,
    activations: constant,
    keys: constant,
    experts: constant,
    gradients: constant,
    dcn: constant,
    host: constant,
  }),
})

type Parsed = z.infer<typeof costModelSchema>

/** The constants as numbers. */
export interface CostModel {
  memory: Parsed['memory']
  time: Parsed['time']
  range: Parsed['range']
  /** Spreads of the errors of a step's parts (of their logarithms), for the comparison of two meshes. */
  pair: Parsed['pair']
}

export const costModel: CostModel = costModelSchema.parse(json)

/** The share of a chip's peak that a large matmul reaches. */
export function matmulEfficiency(model: CostModel, chip: ChipName): number {
  return model.time[`matmul_efficiency_${chip}`]
}
