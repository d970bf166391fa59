import { z } from 'zod'
import chipsFile from '../../../knowledge/chips.json' with { type: 'json' }
import json from '../../../knowledge/topologies.json' with { type: 'json' }
import { chipSchema } from '../../contract/chip-schema.ts'
import { bare } from '../../text/bare.ts'

const slices = bare(z.record(z.string(), z.object({ devices: z.int() })).parse(json.slices))

/**
 * JAX devices of a slice by its name or shape; null for a name that is not in the table. A shape is believed here: its slice is
 * looked up later.
 */
export function devicesOfSlice(chip: string, topology: string): number | null {
  const wanted = topology.trim().toLowerCase()
  const named = slices[wanted]
  if (named) return named.devices
  if (!/^\d+(x\d+)+$/.test(wanted)) return null
  const chips = wanted.split('x').reduce((product, size) => product * Number(size), 1)
  const known = chipSchema.safeParse(chip)
  return known.success ? chips * chipsFile.chips[known.data].devices_per_chip : chips
}
