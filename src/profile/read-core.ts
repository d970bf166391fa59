import type { CoreCollective, CoreOp, CoreReading, Hardware, ModuleRuns, StepSpan } from './core-reading.ts'
import { DutyTimeline } from './duty-timeline.ts'
import { Intervals } from './intervals.ts'
import type { ProfileLimits } from './limits.ts'
import { opKind, pairName } from './op-kind.ts'
import { SelfTime } from './self-time.ts'
import { fullSteps } from './steps.ts'
import type { EventCursor, StatSlots } from './xspace/event-reader.ts'
import { makeSlots, readEvents } from './xspace/event-reader.ts'
import type { OpFacts } from './xspace/metadata.ts'
import { readOpFacts } from './xspace/metadata.ts'
import type { LineRef, PlaneIndex } from './xspace/space-index.ts'
import type { Window } from './xspace/window.ts'
import { Wire } from './xspace/wire.ts'

const slotNames = ['device_offset_ps', 'device_duration_ps', 'group_id'] as const
const unknownFacts: OpFacts = {
  name: 'unknown',
  expression: '',
  category: 'unknown',
  programId: null,
  symbolId: null,
  flops: null,
  modelFlops: null,
  bytes: null,
  memory: null,
  source: null,
  frameworkOp: null,
}

interface Span {
  start: number
  end: number
  deviceStart: number
  deviceEnd: number
}

/**
 * Reads one TPU core's plane. Everything is folded in while the events stream by; what is kept does not grow with them,
 * but for joined intervals, which `limits.intervals` bounds.
 * @param baseNs what line timestamps are counted from, the same for all cores of a host
 */
export async function readCore(
  window: Window,
  plane: PlaneIndex,
  options: { host: string; baseNs: bigint; limits: ProfileLimits },
): Promise<CoreReading> {
  const reader = new CoreReader(plane, options)
  const facts = await readOpFacts(window, plane)
  reader.setFacts(facts)
  for (const name of ['Steps', 'Sparse Core Steps', 'XLA Modules', 'Sparse Core Modules', 'Async XLA Ops', 'XLA Ops', 'Sparse Core Ops']) {
    for (const line of plane.lines.filter((each) => each.name === name)) await reader.readLine(window, line)
  }
  return reader.finish()
}

class CoreReader {
  private readonly reading: CoreReading
  private readonly slots: StatSlots
  private readonly baseNs: bigint
  private readonly limits: ProfileLimits
  private readonly ops = new Map<number, CoreOp>()
  private readonly opList: CoreOp[] = []
  private readonly facts = new Map<number, OpFacts>()
  private readonly duty: DutyTimeline
  private readonly computing: Intervals
  private readonly flying: Intervals
  private readonly flights = new Map<string, { facts: OpFacts; kind: string; count: number; spans: Intervals }>()
  private readonly started = new Map<string, number[]>()
  private firstPs = Number.POSITIVE_INFINITY
  private lastPs = Number.NEGATIVE_INFINITY
  private readonly span: Span = { start: 0, end: 0, deviceStart: 0, deviceEnd: 0 }
  private lineOffsetPs = 0

  constructor(plane: PlaneIndex, options: { host: string; baseNs: bigint; limits: ProfileLimits }) {
    this.baseNs = options.baseNs
    this.limits = options.limits
    this.slots = makeSlots(slotNames, plane.statNames)
    this.computing = new Intervals(options.limits.intervals)
    this.flying = new Intervals(options.limits.intervals)
    const type = plane.stats.get('device_type_string')
    this.reading = {
      host: options.host,
      plane: plane.name,
      chip: chipOf(plane),
      sparse: /SparseCore/.test(plane.name),
      deviceType: typeof type === 'string' ? type : null,
      hardware: hardwareOf(plane),
      ops: this.opList,
      totalPs: 0,
      duty: new Intervals(options.limits.intervals),
      dutyStartPs: Number.POSITIVE_INFINITY,
      dutyEndPs: Number.NEGATIVE_INFINITY,
      steps: [],
      modules: new Map(),
      collectives: [],
      windowPs: 0,
      occupiedPs: 0,
      exposedPs: 0,
      notes: [],
    }
    this.duty = new DutyTimeline(this.reading.duty)
  }

  setFacts(facts: Map<number, OpFacts>): void {
    for (const [id, each] of facts) this.facts.set(id, each)
  }

  async readLine(window: Window, line: LineRef): Promise<void> {
    this.lineOffsetPs = Number(line.timestampNs - this.baseNs) * 1000
    if (line.name === 'Steps' || line.name === 'Sparse Core Steps') {
      const main = line.name === 'Steps'
      await readEvents(window, line, this.slots, (event) => this.addStep(event, main))
    } else if (line.name === 'XLA Modules' || line.name === 'Sparse Core Modules')
      await readEvents(window, line, this.slots, (event) => this.addModule(event))
    else if (line.name === 'Async XLA Ops') await readEvents(window, line, this.slots, (event) => this.addAsync(event))
    else if (line.name === 'XLA Ops') {
      const nest = new SelfTime((key, duration, self) => {
        const op = this.opList[key] as CoreOp
        op.timePs += duration
        op.selfPs += self
      })
      await readEvents(window, line, this.slots, (event) => this.addOp(event, nest))
      nest.flush()
      this.duty.flush()
    } else await readEvents(window, line, this.slots, (event) => this.addSparse(event))
  }

  finish(): CoreReading {
    const { reading } = this
    reading.totalPs = this.lastPs > this.firstPs ? this.lastPs - this.firstPs : 0
    const full = fullSteps(reading.steps)
    const from = full.length > 0 ? Math.min(...full.map((step) => step.startPs)) : reading.dutyStartPs
    const to = full.length > 0 ? Math.max(...full.map((step) => step.endPs)) : reading.dutyEndPs
    reading.windowPs = to > from ? to - from : 0
    reading.occupiedPs = this.flying.total(from, to)
    reading.exposedPs = reading.occupiedPs - this.flying.overlap(this.computing, from, to)
    for (const flight of this.flights.values()) {
      const occupiedPs = flight.spans.total(from, to)
      const exposedPs = occupiedPs - flight.spans.overlap(this.computing, from, to)
      if (occupiedPs > 0)
        reading.collectives.push({
          facts: flight.facts,
          kind: flight.kind,
          count: flight.count,
          occupiedPs,
          exposedPs,
        } satisfies CoreCollective)
    }
    return reading
  }

  /** Sets `span` from the event: on the host-aligned clock, and on the device's own where the event has it. */
  private place(event: EventCursor): void {
    const { span } = this
    span.start = this.lineOffsetPs + event.offsetPs
    span.end = span.start + Math.max(0, event.durationPs)
    if ((event.present & 3) === 3) {
      span.deviceStart = this.slots.values[0] as number
      span.deviceEnd = span.deviceStart + (this.slots.values[1] as number)
    } else {
      span.deviceStart = span.start
      span.deviceEnd = span.end
    }
  }

  private stretch(): void {
    if (this.span.deviceStart < this.firstPs) this.firstPs = this.span.deviceStart
    if (this.span.deviceEnd > this.lastPs) this.lastPs = this.span.deviceEnd
  }

  private stretchDuty(): void {
    if (this.span.start < this.reading.dutyStartPs) this.reading.dutyStartPs = this.span.start
    if (this.span.end > this.reading.dutyEndPs) this.reading.dutyEndPs = this.span.end
  }

  private addStep(event: EventCursor, main: boolean): void {
    this.place(event)
    this.stretch()
    if (!main) return
    const { steps } = this.reading
    const id =
      (event.present & 4) !== 0 ? (this.slots.values[2] as number) : Number.parseInt(this.facts.get(event.metadataId)?.name ?? '', 10)
    const { span } = this
    steps.push({
      id: Number.isFinite(id) ? id : steps.length,
      durationPs: span.deviceEnd - span.deviceStart,
      startPs: span.start,
      endPs: span.end,
    } satisfies StepSpan)
  }

  private addModule(event: EventCursor): void {
    this.place(event)
    this.stretchDuty()
    const name = this.facts.get(event.metadataId)?.name ?? 'unknown'
    const { start, end } = this.span
    const runs = this.reading.modules.get(name)
    if (runs) {
      runs.count++
      runs.totalPs += end - start
      runs.longestPs = Math.max(runs.longestPs, end - start)
      runs.lastStartPs = start
    } else
      this.reading.modules.set(name, {
        count: 1,
        totalPs: end - start,
        longestPs: end - start,
        firstStartPs: start,
        lastStartPs: start,
      } satisfies ModuleRuns)
  }

  private opOf(metadataId: number): CoreOp {
    const known = this.ops.get(metadataId)
    if (known) return known
    const facts = this.facts.get(metadataId) ?? unknownFacts
    const op: CoreOp = { facts, kind: opKind(facts), count: 0, timePs: 0, selfPs: 0 }
    this.ops.set(metadataId, op)
    return op
  }

  private readonly indexOf = new Map<number, number>()

  private addOp(event: EventCursor, nest: SelfTime): void {
    const op = this.opOf(event.metadataId)
    let index = this.indexOf.get(event.metadataId)
    if (index === undefined) {
      index = this.opList.push(op) - 1
      this.indexOf.set(event.metadataId, index)
    }
    op.count += Math.max(1, event.occurrences)
    this.place(event)
    this.stretch()
    this.stretchDuty()
    const { span } = this
    this.duty.push(span.start, span.end, !op.kind.offDuty)
    nest.push(index, span.deviceStart, span.deviceEnd)
    const { role } = op.kind
    if (role === 'compute') this.computing.add(span.start, span.end)
    if (op.kind.collective !== null) this.addFlight(op, span)
  }

  /** A collective on the core's own line: whole, or the start or the end of one that goes on beside other ops. */
  private addFlight(op: CoreOp, span: Span): void {
    const name = op.facts.name.replace(/^%/, '')
    if (op.kind.phase === 'start') {
      const starts = this.started.get(name)
      if (starts === undefined) this.started.set(name, [span.start])
      else if (starts.length < 1024) starts.push(span.start)
      this.record(op, pairName(name), span.start, span.end, false)
    } else if (op.kind.phase === 'done') {
      const from = /(%[\w.-]*-start[\w.-]*)\)?/.exec(op.facts.expression.slice(op.facts.expression.indexOf(' = ') + 1))?.[1]?.slice(1)
      const starts = this.started.get(from ?? '') ?? this.started.get(name.replace('-done', '-start'))
      this.record(op, pairName(name), starts?.shift() ?? span.start, span.end, true)
    } else this.record(op, name, span.start, span.end, true)
  }

  private record(op: CoreOp, name: string, start: number, end: number, counts: boolean): void {
    this.flying.add(start, end)
    let flight = this.flights.get(name)
    if (flight === undefined) {
      flight = { facts: op.facts, kind: op.kind.collective ?? 'collective', count: 0, spans: new Intervals(this.limits.intervals >> 4) }
      this.flights.set(name, flight)
    }
    if (op.kind.phase === 'start') flight.facts = op.facts
    if (counts) flight.count++
    flight.spans.add(start, end)
  }

  /** The line of asynchronous ops shows how long each was in flight; those that are collectives count. */
  private addAsync(event: EventCursor): void {
    const op = this.opOf(event.metadataId)
    if (op.kind.collective === null) return
    this.place(event)
    const hlo = /^%?([\w.-]+) = /.exec(op.facts.expression)?.[1] ?? op.facts.name.replace(/^%/, '')
    this.record(op, pairName(hlo), this.span.start, this.span.end, false)
  }

  private addSparse(event: EventCursor): void {
    this.place(event)
    this.stretch()
    this.stretchDuty()
    this.reading.duty.add(this.span.start, this.span.end)
  }
}

function chipOf(plane: PlaneIndex): number | null {
  const details = plane.stats.get('core_details')
  if (!(details instanceof Uint8Array)) return null
  // CoreDetails.local_chip_id is field 4; a proto3 zero is not written.
  const wire = new Wire(details, 0, details.length, 0)
  let chip = 0
  try {
    while (wire.pos < wire.end) {
      const tag = wire.varint()
      if (tag === 0x20) chip = wire.varint()
      else wire.skip(tag)
    }
  } catch {
    return null
  }
  return chip
}

function hardwareOf(plane: PlaneIndex): Hardware {
  const positive = (name: string): number | null => {
    const value = plane.stats.get(name)
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : null
  }
  return {
    peakTflops: positive('peak_teraflops_per_second'),
    peakHbmGbps: positive('peak_hbm_bw_gigabytes_per_second'),
    peakVmemReadGbps: positive('peak_vmem_rd_bw_gigabytes_per_second'),
    peakVmemWriteGbps: positive('peak_vmem_wr_bw_gigabytes_per_second'),
    peakCmemReadGbps: positive('peak_cmem_rd_bw_gigabytes_per_second'),
    peakCmemWriteGbps: positive('peak_cmem_wr_bw_gigabytes_per_second'),
    megacore: plane.stats.get('has_megacore') === 1,
  }
}
