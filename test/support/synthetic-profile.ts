import { randomNumbers } from '../../src/numbers/random-numbers.ts'
import type { EventKind, LineWriter, Stat } from './xspace-writer.ts'
import { PlaneWriter, spacePieces } from './xspace-writer.ts'

/** One HLO op: how long it runs, and what XLA's cost model says it does. Bytes are HBM's but for `vmemBytes`. */
export interface OpSpec {
  name: string
  category: string
  us: number
  flops?: number
  bytes?: number
  vmemBytes?: number
  expression?: string
  tfOp?: string
  source?: string
  /** Leaves all stats out, as a custom kernel without a cost model. */
  opaque?: boolean
}

/** What a step does, in order. An async collective starts, flies `us`, and is waited for where `done` stands. */
export type Item =
  | { op: OpSpec }
  | { loop: string; times: number; body: Item[]; category?: string }
  | { start: string; collective: string; us: number; bytes: number; expression?: string }
  | { done: string }
  | { idleUs: number }

export interface ChipSpec {
  type: string
  tflops: number
  hbmGbps: number
  vmemGbps?: number
  megacore?: boolean
}

export interface ProfileSpec {
  hostname: string
  chip: ChipSpec
  cores: number
  coresPerChip?: number
  steps: number
  step: Item[]
  /** Time between steps in which the device does nothing. */
  gapUs?: number
  program?: string
  programId?: bigint
  /** Relative spread of op times, and of a whole step. */
  jitter?: number
  stepJitter?: number
  seed?: number
  slow?: { core: number; factor: number }
  /** What runs before the first step, and how long nothing does then: set-up and compilation, with no marker. */
  before?: { items: Item[]; idleUs: number }
  /** One step in which the device does nothing for so long, as in a checkpoint. */
  slowStep?: { step: number; idleUs: number }
  /** The trace opens and closes inside a step. */
  partial?: boolean
  stepsLine?: boolean
  modulesLine?: boolean
  deviceTimes?: boolean
  memoryGib?: { reserved: number; allocated: number; available: number }
  mxuPercent?: number
  sparseCores?: number
  hostEvents?: { name: string; us: number; everyUs: number; count: number }[]
  hlo?: { name: string; bytes: Uint8Array }[]
  note?: string
  /** Op times are rounded to this many picoseconds, so that small files compress. */
  quantumPs?: number
  /** Asked for every event of the named line; false leaves it out. */
  filter?: (line: string, step: number) => boolean
  /** Asked for every stat of an op's metadata; false leaves it out. */
  keepStat?: (op: string, stat: string) => boolean
}

interface Emitted {
  kind: number
  start: number
  duration: number
}

/** The bytes of an XSpace that XProf accepts, made from `spec`. */
export function syntheticProfile(spec: ProfileSpec): Uint8Array {
  return Buffer.concat(syntheticPieces(spec))
}

export function syntheticPieces(spec: ProfileSpec): Uint8Array[] {
  const planes: PlaneWriter[] = []
  let end = 0
  for (let core = 0; core < spec.cores; core++) {
    const plane = new CorePlane(spec, core)
    planes.push(plane.build())
    end = Math.max(end, plane.now)
  }
  for (let sparse = 0; sparse < (spec.sparseCores ?? 0); sparse++) planes.push(sparsePlane(spec, sparse, end))
  planes.push(metadataPlane(spec), hostPlane(spec, end))
  return spacePieces(planes, spec.hostname)
}

class CorePlane {
  now = 0
  private step = 0
  private readonly plane: PlaneWriter
  private readonly ops: LineWriter
  private readonly async: LineWriter
  private readonly random: () => number
  private readonly spec: ProfileSpec
  private readonly core: number
  private readonly flights = new Map<
    string,
    { end: number; start: number; kind: number; bytes: number; collective: string; expression: string }
  >()
  private readonly symbols = new Map<string, number>()

  constructor(spec: ProfileSpec, core: number) {
    this.spec = spec
    this.core = core
    this.random = randomNumbers((spec.seed ?? 1) * 7919 + core)
    const { chip } = spec
    const plane = new PlaneWriter(core, `/device:TPU:${core}`)
    this.plane = plane
    plane
      .stat('core_details', { bytes: coreDetails(core, Math.floor(core / (spec.coresPerChip ?? 1))) })
      .stat('device_type_string', { text: chip.type })
      .stat('peak_teraflops_per_second', { double: chip.tflops })
      .stat('peak_hbm_bw_gigabytes_per_second', { double: chip.hbmGbps })
      .stat('peak_vmem_rd_bw_gigabytes_per_second', { double: chip.vmemGbps ?? 0 })
      .stat('peak_vmem_wr_bw_gigabytes_per_second', { double: chip.vmemGbps ?? 0 })
      .stat('has_megacore', { int: chip.megacore ? 1 : 0 })
      .stat('has_merged_vmem', { int: chip.vmemGbps ? 1 : 0 })
    if (spec.note !== undefined) plane.stat('note', { text: spec.note })
    this.ops = plane.line(3, 'XLA Ops')
    this.async = plane.line(4, 'Async XLA Ops')
  }

  build(): PlaneWriter {
    const { spec, plane } = this
    const modules = spec.modulesLine === false ? undefined : plane.line(2, 'XLA Modules')
    const steps = spec.stepsLine === false ? undefined : plane.line(1, 'Steps')
    const moduleKind = plane.kind('module', { name: `${spec.program ?? 'jit_train_step'}(${spec.programId ?? 4242n})` })
    if (spec.before) {
      const events: Emitted[] = []
      this.emit(spec.before.items, events, 1)
      for (const event of events) this.write(event, -1, null)
      this.now += this.whole(spec.before.idleUs * 1e6)
    }
    for (let step = 0; step < spec.steps; step++) {
      const begin = this.now
      this.step = step
      const factor = (1 + (spec.stepJitter ?? 0) * (this.random() * 2 - 1)) * (spec.slow?.core === this.core ? spec.slow.factor : 1)
      const events: Emitted[] = []
      this.emit(spec.step, events, factor)
      if (spec.slowStep?.step === step) this.now += this.whole(spec.slowStep.idleUs * 1e6)
      const cut = this.cutOf(step, begin)
      if (this.flights.size > 0) throw new Error('an async collective was never waited for')
      for (const event of events) this.write(event, step, cut)
      const [from, to] = cut ?? [begin, this.now]
      if (spec.filter?.('XLA Modules', step) ?? true) modules?.add(moduleKind, from, to - from, { run_id: step + 1 })
      this.now += this.whole((spec.gapUs ?? 0) * 1e6)
      const stepEnd = step === spec.steps - 1 && cut ? to : this.now
      if (spec.filter?.('Steps', step) ?? true)
        steps?.add(plane.kind(`step ${step}`, { name: String(step) }), from, stepEnd - from, this.times(from, stepEnd - from, step))
    }
    return plane
  }

  /** With `partial`, of the first step only the last fifth is seen, of the last the first quarter. */
  private cutOf(step: number, begin: number): [number, number] | null {
    if (this.spec.partial !== true) return null
    const length = this.now - begin
    if (step === 0) return [begin + this.whole(length * 0.8), this.now]
    if (step === this.spec.steps - 1) return [begin, begin + this.whole(length * 0.25)]
    return null
  }

  private times(start: number, duration: number, step: number): Record<string, number> {
    if (this.spec.deviceTimes === false) return { group_id: step }
    return { device_offset_ps: start, device_duration_ps: duration, group_id: step }
  }

  private write(event: Emitted, step: number, cut: [number, number] | null): void {
    let { start, duration } = event
    if (cut) {
      const end = Math.min(start + duration, cut[1])
      start = Math.max(start, cut[0])
      duration = end - start
      if (duration <= 0) return
    }
    if (this.spec.filter && !this.spec.filter('XLA Ops', step)) return
    this.ops.add(event.kind, start, duration, this.times(start, duration, step))
  }

  private emit(items: readonly Item[], events: Emitted[], factor: number): void {
    for (const item of items) {
      if ('op' in item) this.emitOp(item.op, events, factor)
      else if ('idleUs' in item) this.now += this.whole(item.idleUs * 1e6)
      else if ('loop' in item) {
        const kind = this.kindOf({
          name: item.loop,
          category: item.category ?? 'while',
          us: 0,
          expression: `%${item.loop} = (s32[]) while((s32[]) %tuple), condition=%cond, body=%body`,
        })
        const loop: Emitted = { kind, start: this.now, duration: 0 }
        events.push(loop)
        for (let time = 0; time < item.times; time++) this.emit(item.body, events, factor)
        this.now += this.whole(1000)
        loop.duration = this.now - loop.start
      } else if ('start' in item) this.emitStart(item, events, factor)
      else this.emitDone(item.done, events)
    }
  }

  private emitOp(op: OpSpec, events: Emitted[], factor: number): void {
    const jitter = 1 + (this.spec.jitter ?? 0) * (this.random() * 2 - 1)
    const isWork = !/all-|collective|reduce-scatter|infeed/.test(op.category)
    const duration = this.whole(op.us * 1e6 * jitter * (isWork ? factor : 1))
    events.push({ kind: this.kindOf(op), start: this.now, duration })
    this.now += duration
  }

  private emitStart(
    item: { start: string; collective: string; us: number; bytes: number; expression?: string },
    events: Emitted[],
    factor: number,
  ): void {
    const name = `${item.collective}-start.${item.start}`
    const expression =
      item.expression ??
      `%${name} = (bf16[${item.bytes / 2}]) ${item.collective}-start(bf16[${item.bytes / 2}] %p), channel_id=1, replica_groups=[4,4]<=[16]`
    const kind = this.kindOf({ name, category: `${item.collective}-start`, us: 1, bytes: 0, expression })
    const duration = this.whole(1_000_000)
    events.push({ kind, start: this.now, duration })
    this.flights.set(item.start, {
      start: this.now,
      end: this.now + this.whole(item.us * 1e6 * factor),
      kind,
      bytes: item.bytes,
      collective: item.collective,
      expression,
    })
    this.now += duration
  }

  private emitDone(key: string, events: Emitted[]): void {
    const flight = this.flights.get(key)
    if (!flight) throw new Error(`${key} was not started`)
    this.flights.delete(key)
    const name = `${flight.collective}-done.${key}`
    const expression = `%${name} = bf16[${flight.bytes / 2}] ${flight.collective}-done((bf16[${flight.bytes / 2}]) %${flight.collective}-start.${key})`
    const kind = this.kindOf({ name, category: `${flight.collective}-done`, us: 1, bytes: flight.bytes, expression })
    const duration = Math.max(this.whole(100_000), flight.end - this.now)
    events.push({ kind, start: this.now, duration })
    this.now += duration
    if (this.spec.filter?.('Async XLA Ops', this.step) ?? true) this.async.add(flight.kind, flight.start, this.now - flight.start)
  }

  /** A duration in whole quanta, at least one unless it is nothing. */
  private whole(ps: number): number {
    const quantum = this.spec.quantumPs ?? 1
    return ps === 0 ? 0 : Math.max(quantum, Math.round(ps / quantum) * quantum)
  }

  private kindOf(op: OpSpec): number {
    return this.plane.kind(op.name, this.eventKind(op))
  }

  private eventKind(op: OpSpec): EventKind {
    let symbol = this.symbols.get(op.name)
    if (symbol === undefined) {
      symbol = this.symbols.size + 1
      this.symbols.set(op.name, symbol)
    }
    const stats: Record<string, Stat> = {
      hlo_category: { text: op.category },
      program_id: { uint: this.spec.programId ?? 4242n },
      symbol_id: { uint: symbol },
    }
    if (op.opaque !== true) {
      const bytes = (op.bytes ?? 0) + (op.vmemBytes ?? 0)
      stats.flops = { int: Math.round(op.flops ?? 0) }
      stats.model_flops = { int: Math.round(op.flops ?? 0) }
      stats.bytes_accessed = { int: Math.round(bytes) }
      stats.memory_access_breakdown = { bytes: breakdown(Math.round(op.bytes ?? 0), Math.round(op.vmemBytes ?? 0)) }
    }
    if (op.tfOp !== undefined) stats.tf_op = { text: op.tfOp }
    if (op.source !== undefined) stats.source = { text: op.source }
    const { keepStat } = this.spec
    if (keepStat) for (const stat of Object.keys(stats)) if (!keepStat(op.name, stat)) delete stats[stat]
    return { name: op.expression ?? `%${op.name} = bf16[8] ${op.category.replace(/ .*/, '')}(bf16[8] %p)`, displayName: op.name, stats }
  }
}

/** CoreDetails: device ordinal 2, core number 3, local chip 4, global chip 5, global core 6. */
function coreDetails(core: number, chip: number): Uint8Array {
  const fields = [
    [2, core],
    [4, chip],
    [5, chip],
    [6, core],
  ] as const
  return Uint8Array.from(fields.flatMap(([field, value]) => (value === 0 ? [] : [field << 3, value])))
}

/** MemoryAccessBreakdown with reads and writes in equal parts. */
function breakdown(hbm: number, vmem: number): Uint8Array {
  const plane: number[] = []
  const entry = (operation: number, space: number, bytes: number): void => {
    if (bytes <= 0) return
    const inner = [0x08, operation, 0x10, space, 0x18, ...varint(bytes)]
    plane.push(0x0a, inner.length, ...inner)
  }
  entry(1, 1, Math.ceil(hbm / 2))
  entry(2, 1, Math.floor(hbm / 2))
  entry(1, 3, Math.ceil(vmem / 2))
  entry(2, 3, Math.floor(vmem / 2))
  return Uint8Array.from(plane)
}

function varint(value: number): number[] {
  const out: number[] = []
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
  return out
}

function sparsePlane(spec: ProfileSpec, index: number, end: number): PlaneWriter {
  const plane = new PlaneWriter(1000 + index, `/device:TPU:${index % spec.cores} SparseCore ${Math.floor(index / spec.cores)}`)
  plane
    .stat('core_details', { bytes: coreDetails(index % spec.cores, Math.floor((index % spec.cores) / (spec.coresPerChip ?? 1))) })
    .stat('device_type_string', { text: spec.chip.type })
  const modules = plane.line(1, 'Sparse Core Modules')
  const ops = plane.line(2, 'Sparse Core Ops')
  const module = plane.kind('module', { name: 'sc_module(77)' })
  const op = plane.kind('op', {
    name: '%sc_op = f32[8] custom-call()',
    displayName: 'sc_op',
    stats: { hlo_category: { text: 'custom-call' } },
  })
  const each = Math.floor(end / 8)
  for (let run = 0; run < 4; run++) {
    modules.add(module, run * 2 * each, each)
    ops.add(op, run * 2 * each, Math.floor(each / 2))
  }
  return plane
}

function metadataPlane(spec: ProfileSpec): PlaneWriter {
  const plane = new PlaneWriter(0, '/host:metadata')
  for (const hlo of spec.hlo ?? []) plane.kind(hlo.name, { name: hlo.name, stats: { 'Hlo Proto': { bytes: hlo.bytes } } })
  return plane
}

function hostPlane(spec: ProfileSpec, endPs: number): PlaneWriter {
  const plane = new PlaneWriter(0, '/host:CPU')
  if (spec.mxuPercent !== undefined) plane.stat('matrix_unit_utilization_percent', { double: spec.mxuPercent })
  const main = plane.line(100, 'main/100')
  for (const each of spec.hostEvents ?? []) {
    for (let index = 0; index < each.count; index++)
      main.add(plane.kind(each.name, { name: each.name }), Math.round(index * each.everyUs * 1e6), Math.round(each.us * 1e6))
  }
  const { memoryGib } = spec
  if (memoryGib) {
    const line = plane.line(200, 'pjrt-tpu-tasks/200')
    const gib = (value: number): number => Math.round(value * 2 ** 30)
    for (const [part, name] of [
      [0.2, 'MemoryAllocation'],
      [1, 'MemoryAllocation'],
      [0.6, 'MemoryDeallocation'],
    ] as const) {
      for (let device = 0; device < Math.ceil(spec.cores / (spec.coresPerChip ?? 1)); device++) {
        line.add(plane.kind(name, { name }), Math.round(endPs * part * 0.5), 0, {
          index_on_host: device,
          bytes_reserved: gib(memoryGib.reserved),
          bytes_allocated: gib(memoryGib.allocated * part),
          bytes_available: gib(memoryGib.available),
          fragmentation: 0,
          peak_bytes_in_use: gib(memoryGib.allocated),
        })
      }
    }
  }
  return plane
}
