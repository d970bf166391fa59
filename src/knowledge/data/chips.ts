import { z } from 'zod'
import { type ChipName, chips as chipNames } from '../../contract/chip.ts'
import { chipSchema } from '../../contract/chip-schema.ts'
import { PromptsError } from '../../errors.ts'
import type { Chip } from '../../planner/workload.ts'
import { nearest } from '../../text/nearest.ts'
import { lazyKnowledge, sourceSchema } from './read-data.ts'

const positiveOrNull = z.number().positive().nullable()

const chipFactsSchema = z.strictObject({
  bf16_tflops: z.number().positive(),
  int8_tflops: positiveOrNull,
  fp8_tflops: positiveOrNull,
  hbm_gbps: z.number().positive(),
  hbm_available_gib_per_device: z.number().positive(),
  torus_dims: z.literal([2, 3]),
  /** `multiple_of_4`: every axis wraps when all are multiples of 4. `length_16`: an axis wraps when it is 16 long. */
  wrap_rule: z.enum(['multiple_of_4', 'length_16']),
  /** The longest shape of one slice, where the chip has a fixed one. */
  max_dims: z.array(z.int().positive()).nullable(),
  ici_one_way_gbps_per_link: z.number().positive(),
  /** Between the two devices of one chip, GB/s one way. */
  intra_chip_gbps: positiveOrNull,
  devices_per_chip: z.literal([1, 2]),
  /** What the number in a slice's name counts (v5p-128: 128 TensorCores, 64 chips). */
  name_counts: z.enum(['cores', 'chips']),
  cores_per_chip: z.literal([1, 2]),
  /** How `get_topology_desc` names the chip, and the chip_config_name it needs. */
  compiler_platform: z.string().min(1),
  compiler_chip_config: z.enum(['megacore', 'default']),
  /** Side of one systolic array: a matmul dimension that is not a multiple of it is padded. */
  mxu_side: z.int().positive(),
  vmem_mib_per_core: positiveOrNull,
  /** The memory of a host's VM over its chips, which bounds what is offloaded. */
  host_memory_gib_per_chip: positiveOrNull,
  /** Gbit/s a chip across slices. */
  dcn_gbps_per_chip: positiveOrNull,
  /** The compiler gathers weights beside compute without being told (the SparseCore offload). */
  async_gathers: z.boolean(),
  usd_per_chip_hour: z.number().nonnegative(),
  clock_ghz: positiveOrNull,
  /** What people and programs call the chip beside its own name, lower case. */
  names: z.array(z.string().regex(/^[a-z0-9 -]+$/)),
  /** GKE's `cloud.google.com/gke-tpu-accelerator`. */
  gke_accelerators: z.array(z.string().regex(/^[a-z0-9-]+$/)),
  /** Google Cloud machine types, with the chips of one machine. */
  machines: z.record(z.string(), z.string().regex(/^\d+(x\d+){1,2}$/)),
  /** How JAX lays the devices of its smallest slices by hand (src/interconnect/hand-laid-ring.ts); null: it does not. */
  small_slice_ring: z.enum(['flat', 'trays']).nullable(),
  /** The compiler lays a layer of the key-value cache out anew when decoding cuts it out. */
  lays_cache_anew: z.boolean(),
  /** What XProf and JAX call the chip, compared without regard to case. */
  xprof_device_types: z.array(z.string().min(1)).min(1),
  notes: z.array(z.string()),
  sources: z.array(sourceSchema).min(1),
})

/**
 * All that `knowledge/chips.json` holds of a chip: the planner's figures, and how its slices are named, wrapped and compiled for.
 */
export type ChipFacts = Chip & z.infer<typeof chipFactsSchema>

/**
 * What an operator pays and loses: dollars a chip-hour that replace the shipped snapshot, and the share of the time in which jobs
 * make progress.
 */
export interface ChipCosts {
  prices?: Partial<Record<ChipName, number>>
  goodput?: number
}

const chipsFileSchema = z.strictObject({ about: z.string(), prices_as_of: z.iso.date(), chips: z.record(chipSchema, chipFactsSchema) })

const chipsFile = lazyKnowledge('chips.json', chipsFileSchema)

/**
 * The facts of one chip, with the operator's price and goodput where there are. Throws `bad_experiment` naming the nearest chip.
 */
export function findChip(name: string, costs: ChipCosts = {}): ChipFacts {
  const chip = chipSchema.safeParse(name)
  if (!chip.success) {
    const [closest] = nearest(name, chipNames, 1)
    throw new PromptsError('bad_experiment', `There is no chip "${name}".`, {
      hint: closest ? `Did you mean ${closest}? Chips: ${chipNames.join(', ')}.` : `Chips: ${chipNames.join(', ')}.`,
    })
  }
  const { chips, prices_as_of: listed } = chipsFile()
  const price = costs.prices?.[chip.data]
  const paid = price === undefined ? { price_as_of: listed } : { price_as_of: null, usd_per_chip_hour: price }
  return { ...chips[chip.data], ...paid, goodput: costs.goodput ?? 1 }
}
