import json from '../../knowledge/chips.json' with { type: 'json' }

/** A chip of `knowledge/chips.json`: its names, and all that is known of it, stand there alone. */
export type ChipName = keyof typeof json.chips

/** The chips, in the file's order. */
export const chips = Object.keys(json.chips) as [ChipName, ...ChipName[]]

const chipOfName = new Map<string, ChipName>(
  chips.flatMap((chip) => {
    const { names, gke_accelerators } = json.chips[chip]
    return [chip, ...names, ...gke_accelerators].map((name): [string, ChipName] => [name, chip])
  }),
)
const machines = new Map<string, { chip: ChipName; topology: string }>(
  chips.flatMap((chip) => Object.entries(json.chips[chip].machines).map(([name, topology]) => [name, { chip, topology }])),
)

/** The chip that a word means (`trillium`, `v5litepod`, GKE's `tpu-v6e-slice`), in any case; null for any other word. */
export function chipOfWord(word: string): ChipName | null {
  return chipOfName.get(word.trim().toLowerCase()) ?? null
}

/** Every word that means a chip. */
export const chipWords: readonly string[] = [...chipOfName.keys()]

/** The slice of one machine of Google Cloud by its type (`ct6e-standard-4t`); null for any other word. */
export function sliceOfMachine(type: string): { chip: ChipName; topology: string } | null {
  return machines.get(type.trim().toLowerCase()) ?? null
}

/** What people call a chip, its own name first. */
export function namesOfChip(chip: ChipName): string[] {
  return [chip, ...json.chips[chip].names]
}

/** A shape that slices of this chip can have. */
export function exampleShape(chip: ChipName): string {
  return json.chips[chip].torus_dims === 3 ? '4x4x4' : '4x4'
}

const written = chips.flatMap(namesOfChip).filter((name) => !name.includes(' '))
const longestFirst = written.sort((a, b) => b.length - a.length)

/** How a slice is written, for a regular expression that does not look at case: `v5p-128`, `v5litepod-16`, `v6e:4x8`. */
export const slicePattern = `(?:${longestFirst.join('|')})(?:-\\d{1,6}|:\\d{1,4}(?:x\\d{1,4}){1,2})`

/** A slice by its chip's own name: `v5litepod-16`, which is GKE's, becomes `v5e-16`. What begins with no chip stays as it is. */
export function canonicalSlice(slice: string): string {
  const [, name = '', rest = ''] = /^([^:]+?)((?:-\d+)?(?::.*)?)$/.exec(slice.trim()) ?? []
  const chip = chipOfWord(name)
  return chip === null ? slice : `${chip}${rest}`
}

const chipOfType = new Map<string, ChipName>(
  chips.flatMap((chip) => json.chips[chip].xprof_device_types.map((type): [string, ChipName] => [type.toLowerCase(), chip])),
)

/**
 * Which chip a profile is from, by the name that XProf or JAX gives the device; null for any other device (a GPU, a CPU, an older
 * TPU).
 */
export function chipOfDeviceType(deviceType: string): ChipName | null {
  return chipOfType.get(deviceType.trim().toLowerCase()) ?? null
}
