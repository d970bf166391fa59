import type { HfImport } from '../../experiment/import/import-hf.ts'

/** What a model's config amounts to, a line each. */
export function formatFacts({
  parameters,
  active_parameters: active,
  kv_bytes_per_token: kv,
  window_layers: window,
  linear_layers: linear,
}: HfImport['facts']): string[] {
  const lines = [
    active < parameters ? `${billions(parameters)} parameters, ${billions(active)} active per token` : `${billions(parameters)} parameters`,
    `KV cache: ${kv.toLocaleString('en')} bytes per token in bf16${window ? `, beside ${window.count} layers that hold ${window.window} tokens` : ''}`,
  ]
  if (linear > 0) lines.push(`${linear} layers keep a state instead of a cache`)
  return lines
}

function billions(count: number): string {
  return `${(count / 1e9).toPrecision(4)} B`
}
