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
  stated: false,
}

/** When one collective was in flight, of one core. */
interface Flight {
  facts: OpFacts
  kind: string
  count: number
  spans: Intervals
}

/** What is at hand for every event of an op. */
interface OpState {
  op: CoreOp
  /** Its place in the list of ops; -1 until it is seen on the core's own line. */
  index: number
  flight: Flight | null
  starts: number[]
}

const noStarts: number[] = []
const maxOpenStarts = 1024

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
  private readonly states = new Map<number, OpState>()
  private readonly opList: CoreOp[] = []
  private readonly facts = new Map<number, OpFacts>()
  private readonly duty: DutyTimeline
  private readonly computing: Intervals
  private readonly flying: Intervals
  private readonly flights = new Map<string, Flight>()
  /** Begins of asynchronous collectives not yet done, by the name of their start. */
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
      for (const [key, parent] of nest.parents) (this.opList[key] as CoreOp).parent = parent
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

  private stateOf(metadataId: number): OpState {
    const known = this.states.get(metadataId)
    if (known !== undefined) return known
    const facts = this.facts.get(metadataId) ?? unknownFacts
    const op: CoreOp = { facts, kind: opKind(facts), count: 0, timePs: 0, selfPs: 0, parent: -1 }
    const state: OpState = { op, index: -1, flight: null, starts: noStarts }
    if (op.kind.collective !== null) this.prepareFlight(state)
    this.states.set(metadataId, state)
    return state
  }

  /** Both ends of an asynchronous collective, and its event on the line of such ops, share one flight. */
  private prepareFlight(state: OpState): void {
    const { facts, kind } = state.op
    const name = facts.name.replace(/^%/, '')
    const hlo = /^%?([\w.-]+) = /.exec(facts.expression)?.[1] ?? name
    const key = kind.phase === 'whole' ? name : pairName(hlo)
    const flight = this.flights.get(key) ?? {
      facts,
      kind: kind.collective ?? 'collective',
      count: 0,
      spans: new Intervals(this.limits.intervals >> 4),
    }
    if (kind.phase === 'start') flight.facts = facts
    this.flights.set(key, flight)
    state.flight = flight
    if (kind.phase === 'whole') return
    const operand = /(%[\w.-]*-start[\w.-]*)\)?/.exec(facts.expression.slice(facts.expression.indexOf(' = ') + 1))?.[1]?.slice(1)
    const from = kind.phase === 'start' ? hlo : (operand ?? hlo.replace('-done', '-start'))
    state.starts = this.started.get(from) ?? []
    this.started.set(from, state.starts)
  }

  private addOp(event: EventCursor, nest: SelfTime): void {
    const state = this.stateOf(event.metadataId)
    const { op } = state
    if (state.index < 0) state.index = this.opList.push(op) - 1
    op.count += Math.max(1, event.occurrences)
    this.place(event)
    this.stretch()
    this.stretchDuty()
    const { span } = this
    this.duty.push(span.start, span.end, !op.kind.offDuty)
    nest.push(state.index, span.deviceStart, span.deviceEnd)
    if (op.kind.role === 'compute') this.computing.add(span.start, span.end)
    if (state.flight !== null) this.addFlight(state, state.flight, span)
  }

  /** A collective on the core's own line: whole, or the start or the end of one that goes on beside other ops. */
  private addFlight(state: OpState, flight: Flight, span: Span): void {
    const { phase } = state.op.kind
    if (phase === 'start') {
      // Starts whose end the trace does not hold must not pile up.
      if (state.starts.length < maxOpenStarts) state.starts.push(span.start)
    } else flight.count++
    const start = phase === 'done' ? (state.starts.shift() ?? span.start) : span.start
    this.flying.add(start, span.end)
    flight.spans.add(start, span.end)
  }

  /** The line of asynchronous ops shows how long each was in flight; those that are collectives count. */
  private addAsync(event: EventCursor): void {
    const { flight } = this.stateOf(event.metadataId)
    if (flight === null) return
    this.place(event)
    this.flying.add(this.span.start, this.span.end)
    flight.spans.add(this.span.start, this.span.end)
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
