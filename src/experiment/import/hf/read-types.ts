import type { Dtype } from '../../../contract/experiment.ts'
import { type ConfigReader, hfArchitectures } from './config-reader.ts'

/** The type of the published weights and of a quantized cache; null where the config says none. */
export interface PublishedTypes {
  weight: Dtype | null
  kv: Dtype | null
  notes: string[]
}

const plain: Readonly<Record<string, Dtype>> = { bfloat16: 'bf16', float16: 'bf16', float32: 'f32', float8_e4m3fn: 'fp8', int8: 'int8' }

export function readTypes(config: ConfigReader): PublishedTypes {
  const said = hfArchitectures.keys.dtype!.map((key) => config.text(key)).find((name) => name !== null) ?? null
  const quantization = config.record('quantization_config') ?? config.record('compression_config')
  const types: PublishedTypes = { weight: said === null ? null : (plain[said.replace('torch.', '')] ?? null), kv: null, notes: [] }
  if (said?.endsWith('float16') && !said.endsWith('bfloat16'))
    types.notes.push('float16 weights are planned as bf16, which holds as many bytes')
  if (quantization === null) return types
  const method = String(quantization.quant_method ?? quantization.quant_algo ?? 'unknown')
  const weight = quantizedType(method.toLowerCase(), quantization)
  if (weight === null)
    types.notes.push(`quantization_config ${method} is not read: weights are planned in ${types.weight ?? 'their default type'}`)
  else types.weight = weight
  const cache = quantization.kv_cache_scheme ?? quantization.kv_cache_quant_algo
  if (cache !== null && cache !== undefined) types.kv = 'fp8'
  return types
}

function quantizedType(method: string, config: Readonly<Record<string, unknown>>): Dtype | null {
  if (/fp4/.test(method)) return 'fp4'
  if (/fp8|float8/.test(method)) return 'fp8'
  if (/int4|w4a/.test(method)) return 'int4'
  if (/int8|w8a/.test(method)) return 'int8'
  if (config.load_in_4bit === true) return 'int4'
  if (config.load_in_8bit === true) return 'int8'
  const algorithm = String(config.quant_algo ?? '').toLowerCase()
  if (/fp4/.test(algorithm)) return 'fp4'
  if (/fp8/.test(algorithm)) return 'fp8'
  const weights = groupWeights(config.config_groups)
  const bits = Number(weights?.num_bits ?? config.bits ?? config.w_bit ?? Number.NaN)
  const float = weights?.type === 'float'
  if (bits === 8) return float ? 'fp8' : 'int8'
  if (bits === 4) return float ? 'fp4' : 'int4'
  return null
}

/** compressed-tensors: the weights' scheme of the first group. */
function groupWeights(groups: unknown): Record<string, unknown> | null {
  if (typeof groups !== 'object' || groups === null) return null
  const first = Object.values(groups)[0]
  const weights = typeof first === 'object' && first !== null ? (first as Record<string, unknown>).weights : null
  return typeof weights === 'object' && weights !== null ? (weights as Record<string, unknown>) : null
}
