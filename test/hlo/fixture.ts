import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Interconnect, LinkAxis } from '../../src/hlo/interconnect.ts'
import type { DeviceSpeed } from '../../src/hlo/op-time.ts'
import { readHloModule } from '../../src/hlo/read-module.ts'
import type { HloModule } from '../../src/hlo/types.ts'
import { placementOfParts } from '../../src/interconnect/group-links.ts'

/** What XLA's text form says of an instruction; written by test/fixtures/hlo/make.py. */
export interface TextInstruction {
  name: string
  shape: string
  opcode: string
  groups?: string
  pairs?: string
  thread?: string
  target?: string
  op_name?: string
  cycles?: number
}

export interface TextView {
  module: string
  entry: string
  scheduled: boolean
  computations: Record<string, TextInstruction[]>
}

export const fixtureNames = [
  'fsdp_v6e',
  'tensor_v6e',
  'tensor_v5e',
  'tensor_v5p',
  'fsdp_tpu7x',
  'tensor_tpu7x',
  'slices_v5e',
  'microbatch_v5e',
  'gather_slice_v5e',
  'reduce_slice_v5e',
  'kinds_v5p',
  'loops_v5e',
  'offload_v6e',
  'flash_v6e',
  'matmul_v5e',
] as const
export type FixtureName = (typeof fixtureNames)[number]

function gunzipped(file: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`../fixtures/hlo/${file}`, import.meta.url)))
}

export function fixtureBytes(name: FixtureName): Uint8Array {
  return gunzipped(`${name}.hlo.pb.gz`)
}

const read = new Map<FixtureName, HloModule>()

/** Read once a test file: modules are not changed by what looks at them. */
export function fixture(name: FixtureName): HloModule {
  const module = read.get(name) ?? readHloModule(fixtureBytes(name))
  read.set(name, module)
  return module
}

export function textView(name: FixtureName): TextView {
  return JSON.parse(new TextDecoder().decode(gunzipped(`${name}.json.gz`)))
}

/** A round v5e: 1 cycle is 1 ns, so that expected times can be worked out by hand. */
export const roundDevice: DeviceSpeed = { clockGhz: 1, peakTflops: 100, hbmGbps: 1000, mxuSide: 128, hostGbps: 10 }

/** Axes that each have a physical axis of their own, x first; 100 GB/s a link, no latency. */
export function netOf(given: readonly { name: string; size: number; ring: boolean }[]): Interconnect {
  const axes = given.map(({ name, size, ring }, dim): LinkAxis => {
    return { name, size, placement: placementOfParts([{ dim, size, stride: 1, ring }], 1) }
  })
  return {
    axes,
    over: (names) =>
      placementOfParts(
        axes.filter(({ name }) => names.includes(name)).flatMap(({ placement }) => placement.parts),
        1,
      ),
    rates: { link: 100e9, onChip: 100e9, dcn: 10e9, hop: 0, dcnStart: 0 },
    devicesPerChip: 1,
    torus: null,
  }
}

/** A closed ring of `size` devices on one axis. */
export function ringOf(name: string, size: number): Interconnect {
  return netOf([{ name, size, ring: true }])
}
