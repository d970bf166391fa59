import type { ProfileReport } from '../contract/profile-report.ts'
import type { CoreReading } from './core-reading.ts'
import { publishedChip } from './published-chip.ts'
import type { SpaceReading } from './read-space.ts'

/** Where a chip's two cores are one JAX device (megacore), a chip is a device; elsewhere a core is. */
export function deviceCount(main: readonly CoreReading[]): number {
  const published = publishedChip(typeOf(main) ?? '')
  const joined =
    main.some((core) => core.hardware.megacore || core.ops.some((op) => op.facts.category === 'megacore fusion')) ||
    (published !== null && published.cores_per_chip > published.devices_per_chip)
  return joined ? new Set(main.map((core) => `${core.host}#${core.chip ?? core.plane}`)).size : main.length
}

/** What the profile is from. Processes of one machine are one host. */
export function deviceOf(spaces: readonly SpaceReading[], main: readonly CoreReading[]): ProfileReport['device'] {
  const hosts = machineCount(spaces)
  if (main.length > 0) return { type: typeOf(main) ?? 'TPU', devices: deviceCount(main), hosts }
  const other = spaces.flatMap((space) => space.otherDevices)
  const [first] = other
  const named = spaces.flatMap((space) => space.chipsNamed ?? [])[0]
  return { type: first?.type ?? named ?? 'CPU', devices: other.reduce((sum, each) => sum + each.count, 0), hosts }
}

function typeOf(main: readonly CoreReading[]): string | null {
  return main.find((core) => core.deviceType !== null)?.deviceType ?? null
}

/** Names that every machine has say nothing. */
const nobody = /^(localhost|127\.|0\.0\.0\.0|::1|$)/

/**
 * How many machines the files are from. Processes of one machine share its name, or a file name but for a number at its end (a
 * port, a process, a rank), and none of them has another's devices.
 */
export function machineCount(spaces: readonly SpaceReading[]): number {
  return [...Map.groupBy(spaces, machineOf).values()].reduce((sum, group) => sum + (shareDevices(group) ? group.length : 1), 0)
}

/** The machine that a file is from, as far as its names tell. */
function machineOf({ machine, host }: SpaceReading): string {
  return nobody.test(machine) ? host.replace(/(?:[._-]\d{4,}|[._-]?(?:pid|rank|proc|process)[._-]?\d+)$/i, '') : machine
}

function shareDevices(group: readonly SpaceReading[]): boolean {
  if (group.length < 2) return false
  const seen = new Set<string>()
  for (const space of group) {
    const own = space.cores.filter((core) => !core.sparse)
    // A host without devices cannot be told from its neighbours by them.
    if (own.length === 0) return true
    for (const core of own) {
      const device = `${core.plane}#${core.chip ?? ''}`
      if (seen.has(device)) return true
      seen.add(device)
    }
  }
  return false
}
