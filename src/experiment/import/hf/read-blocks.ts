import { z } from 'zod'
import type { Layer } from '../../../contract/model.ts'
import type { ConfigReader } from './config-reader.ts'
import { blockMlp } from './read-mlp.ts'
import { refuse } from './refuse-architecture.ts'

const partSchema = z.record(z.string(), z.unknown())
const blockSchema = z.object({ attention: partSchema, ffn: partSchema })

/**
 * The layers of a config that writes out every block, some of them without attention or without an MLP (nemotron-nas); null for
 * any other.
 */
export function readBlocks(config: ConfigReader): Layer[] | null {
  const blocks = config.list('block_configs')
  if (blocks === null) return null
  const embed = config.need('embed')
  const heads = config.need('heads')
  return blocks.map((given, i) => {
    const block = blockSchema.safeParse(given)
    if (!block.success) return refuse(config.what, config.family, `block_configs[${i}] says no attention and ffn`)
    const { attention, ffn } = block.data
    const group = attention.n_heads_in_group
    const mlp = blockMlp(config, ffn, embed)
    if (attention.no_op === true) return { attention: null, mlp }
    if (attention.replace_with_linear === true || typeof group !== 'number' || group < 1)
      return refuse(config.what, config.family, `block_configs[${i}] has an attention that is not described`)
    return {
      attention: { kind: 'full', heads, kv_heads: Math.ceil(heads / group), head_dim: config.count('head_dim') ?? embed / heads },
      mlp,
    }
  })
}
