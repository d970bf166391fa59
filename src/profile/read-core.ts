import opKinds from '../../knowledge/op-kinds.json' with { type: 'json' }
import type { CoreOp, CoreReading } from './core-reading.ts'
import { Counters } from './counters.ts'
import { DutyTimeline } from './duty-timeline.ts'
import type { Flight } from './flights.ts'
import { Flights } from './flights.ts'
import { Intervals } from './intervals.ts'
import type { ProfileLimits } from './limits.ts'
import type { OpKind } from './op-kind.ts'
import { opKind } from './op-kind.ts'
import { chipOf, hardwareOf } from './plane-facts.ts'
import type { Execution } from './programs.ts'
import { programsOf } from './programs.ts'
import { SelfTime } from './self-time.ts'
import type { SparseWork } from './sparse-work.ts'
import type { StepMarker } from './steps.ts'
import { spansOf, timedSteps } from './steps.ts'
import { endless, Windows } from './windows.ts'
import type { EventCursor, StatSlots } from './xspace/event-reader.ts'
import { makeSlots, readEvents } from './xspace/event-reader.ts'
import type { OpFacts } from './xspace/metadata.ts'
import { emptyFacts, readOpFacts } from './xspace/metadata.ts'
import type { LineRef, PlaneIndex } from './xspace/space-index.ts'
import type { Window } from './xspace/window.ts'

const slotNames = ['device_offset_ps', 'device_duration_ps', 'group_id', 'flops', 'bytes_accessed'] as const
/** What is read first says what the rest is laid against. */
const lineOrder = [
  'Steps', 'Sparse Core Steps', 'XLA Modules', 'Sparse Core Modules', 'XLA TraceMe', '_counters_', 'Async XLA Ops', 'XLA Ops', 'Sparse Core Ops',
] as const // biome-ignore format: a table
/** More steps, and more executions of programs, than any trace holds. */
const maxSteps = 1 << 17
const nameless = -1
const barrier = new RegExp(opKinds.barriers, 'i')
/** Gaps between ops that no host takes to feed a device: the tracer's, or the dispatch of op after op. */
const shortGapPs = 1e8
/** Two lines' clocks differ by less. */
const clockSlackPs = 1e6

const unknownFacts: OpFacts = { ...emptyFacts(), name: 'unknown', category: 'unknown' }

/** What is at hand for every event of an op. */
interface OpState {
  op: CoreOp
  /** Its place in the list of ops; -1 until it is seen on the core's own line. */
  index: number
  flight: Flight | null
}

interface Span {
  start: number
  end: number
  deviceStart: number
  deviceEnd: number
}

interface CoreOptions {
  host: string
  /** What line timestamps are counted from, the same for all planes of a host. */
  baseNs: bigint
  limits: ProfileLimits
  /** Work of the SparseCores of the same chip. */
  sparse?: readonly SparseWork[]
}

/**
 * Reads one TPU core's plane. Everything is folded in while the events stream by; what is kept does not grow with them,
 * but for joined intervals, which `limits.intervals` bounds.
 */
export async function readCore(window: Window, plane: PlaneIndex, options: CoreOptions): Promise<CoreReading> {
  const reader = new CoreReader(plane, options)
  reader.learn(await readOpFacts(window, plane))
  for (const name of lineOrder) {
    if (name === 'Async XLA Ops') reader.markSteps()
    for (const line of plane.lines.filter((each) => each.name === name)) await reader.readLine(window, line)
  }
  return reader.finish()
}

class CoreReader {
  readonly #reading: CoreReading
  readonly #slots: StatSlots
  readonly #options: CoreOptions
  readonly #states = new Map<number, OpState>()
  readonly #opList: CoreOp[] = []
  readonly #known = new Map<number, { facts: OpFacts; kind: OpKind }>()
  readonly #work = new Map<number, SparseWork>()
  readonly #duty: DutyTimeline
  readonly #computing: Intervals
  readonly #barriers: Intervals
  readonly #flights: Flights
  readonly #counters: Counters
  readonly #markers: StepMarker[] = []
  readonly #executions: Execution[] = []
  #windows = endless
  #outOfOrder = 0
  #lastStartPs = Number.NEGATIVE_INFINITY
  #lastEndPs = Number.NEGATIVE_INFINITY
  #firstPs = Number.POSITIVE_INFINITY
  #lastPs = Number.NEGATIVE_INFINITY
  readonly #span: Span = { start: 0, end: 0, deviceStart: 0, deviceEnd: 0 }
  #lineOffsetPs = 0

  constructor(plane: PlaneIndex, options: CoreOptions) {
    const { intervals } = options.limits
    this.#options = options
    this.#slots = makeSlots(slotNames, plane.statNames)
    this.#computing = new Intervals(intervals)
    this.#barriers = new Intervals(intervals >> 2)
    this.#flights = new Flights(intervals)
    this.#counters = new Counters(plane)
    const type = plane.stats.get('device_type_string')
    this.#reading = {
      host: options.host,
      plane: plane.name,
      chip: chipOf(plane),
      sparse: /SparseCore/.test(plane.name),
      deviceType: typeof type === 'string' ? type : null,
      hardware: hardwareOf(plane),
      ops: this.#opList,
      totalPs: 0,
      duty: new Intervals(intervals),
      dutyStartPs: Number.POSITIVE_INFINITY,
      dutyEndPs: Number.NEGATIVE_INFINITY,
      steps: [],
      programs: [],
      windows: endless,
      windowPs: 0,
      collectives: [],
      occupiedPs: 0,
      exposedPs: 0,
      dcnOccupiedPs: 0,
      dcnExposedPs: 0,
      barrierPs: 0,
      shortGaps: { count: 0, totalPs: 0 },
      counters: new Map(),
      work: [],
      notes: [],
    }
    this.#duty = new DutyTimeline(this.#reading.duty)
  }

  /** What each event is. HLO text is long and only those that need theirs further on keep it. */
  learn(facts: ReadonlyMap<number, OpFacts>): void {
    for (const [id, each] of facts) {
      const kind = opKind(each)
      if (kind.collective === null && !kind.asyncCall && kind.role !== 'host-transfer' && each.category !== 'custom-call')
        each.expression = ''
      this.#known.set(id, { facts: each, kind })
    }
  }

  async readLine(window: Window, line: LineRef): Promise<void> {
    this.#lineOffsetPs = Number(line.timestampNs - this.#options.baseNs) * 1000
    const read = (visit: (event: EventCursor) => void): Promise<void> => readEvents(window, line, { slots: this.#slots, visit })
    switch (line.name) {
      case 'Steps':
        return await read((event) => this.#addStep(event, true))
      case 'Sparse Core Steps':
        return await read((event) => this.#addStep(event, false))
      case 'XLA Modules':
      case 'Sparse Core Modules':
        return await read((event) => this.#addModule(event))
      case 'XLA TraceMe':
        return await read((event) => this.#addBarrier(event))
      case '_counters_':
        return await readEvents(window, line, {
          slots: this.#counters.slots,
          visit: (event) => this.#counters.add(event, this.#known.get(event.metadataId)?.facts.name ?? ''),
        })
      case 'Async XLA Ops':
        return await read((event) => this.#addAsync(event))
      case 'XLA Ops':
        return await this.#readOps(window, line)
      default:
        return await read((event) => this.#addSparse(event))
    }
  }

  async #readOps(window: Window, line: LineRef): Promise<void> {
    const nest = new SelfTime((key, duration, self, inside) => {
      const op = this.#opList[key] as CoreOp
      op.whole.timePs += duration
      op.whole.selfPs += self
      if (!inside) return
      op.timePs += duration
      op.selfPs += self
    })
    await readEvents(window, line, { slots: this.#slots, visit: (event) => this.#addOp(event, nest) })
    nest.flush()
    for (const [key, parent] of nest.parents) (this.#opList[key] as CoreOp).parent = parent
    this.#duty.flush()
  }

  /**
   * With all markers and programs read: what of the ops to come counts. Steps come first; without them, the programs' own
   * executions.
   */
  markSteps(): void {
    const reading = this.#reading
    const ran = programsOf(this.#executions)
    reading.programs = ran.programs
    reading.steps = timedSteps(this.#markers)
    if (reading.sparse) return
    const ends = [...this.#markers.map((marker) => marker.endPs), ...this.#executions.map((each) => each.to)]
    const spans = reading.steps.length > 0 ? spansOf(reading.steps, largest(ends)) : ran.spans
    if (spans.length > 0) this.#windows = new Windows(spans)
  }

  finish(): CoreReading {
    const reading = this.#reading
    reading.totalPs = this.#lastPs > this.#firstPs ? this.#lastPs - this.#firstPs : 0
    this.#coverOps()
    reading.windows = this.#windows
    reading.windowPs = this.#windows.totalPs
    reading.barrierPs = this.#windows.covered(this.#barriers) - this.#windows.overlap(this.#barriers, reading.duty)
    const executions = this.#opList.reduce((sum, op) => sum + op.whole.count, 0)
    if (this.#outOfOrder > executions / 100) reading.notes.push('Ops are not in the order of time: self times may be off.')
    this.#flights.resolve(this.#options.sparse ?? [])
    Object.assign(reading, this.#flights.within(this.#windows, this.#computing))
    reading.counters = this.#counters.means()
    reading.work = [...this.#work.values()]
    return reading
  }

  /** Where nothing is marked, or the markers hold no op, all of the time counts. */
  #coverOps(): void {
    const reading = this.#reading
    const marked = this.#windows !== endless
    const unseen = marked && this.#opList.every((op) => op.selfPs === 0) && this.#opList.some((op) => op.whole.selfPs > 0)
    if (unseen) {
      for (const op of this.#opList) Object.assign(op, op.whole)
      reading.notes.push('The step markers hold no op: shares are of all that was traced.')
    }
    if (unseen || !marked) this.#windows = new Windows([{ from: reading.dutyStartPs, to: reading.dutyEndPs }])
  }

  /** Sets `span` from the event: on the host-aligned clock, and on the device's own where the event has it. */
  #place(event: EventCursor): void {
    const span = this.#span
    span.start = this.#lineOffsetPs + event.offsetPs
    span.end = span.start + Math.max(0, event.durationPs)
    if ((event.present & 3) === 3) {
      span.deviceStart = this.#slots.values[0] as number
      span.deviceEnd = span.deviceStart + (this.#slots.values[1] as number)
    } else {
      span.deviceStart = span.start
      span.deviceEnd = span.end
    }
  }

  #stretch(): void {
    if (this.#span.deviceStart < this.#firstPs) this.#firstPs = this.#span.deviceStart
    if (this.#span.deviceEnd > this.#lastPs) this.#lastPs = this.#span.deviceEnd
  }

  #stretchDuty(): void {
    if (this.#span.start < this.#reading.dutyStartPs) this.#reading.dutyStartPs = this.#span.start
    if (this.#span.end > this.#reading.dutyEndPs) this.#reading.dutyEndPs = this.#span.end
  }

  #addStep(event: EventCursor, main: boolean): void {
    this.#place(event)
    this.#stretch()
    const markers = this.#markers
    if (!main || markers.length >= maxSteps) return
    const id =
      (event.present & 4) !== 0
        ? (this.#slots.values[2] as number)
        : Number.parseInt(this.#known.get(event.metadataId)?.facts.name ?? '', 10)
    const span = this.#span
    markers.push({
      id: Number.isFinite(id) ? id : markers.length,
      durationPs: span.deviceEnd - span.deviceStart,
      startPs: span.start,
      endPs: span.end,
    })
  }

  #addModule(event: EventCursor): void {
    this.#place(event)
    this.#stretchDuty()
    if (this.#executions.length >= maxSteps) return
    this.#executions.push({
      program: this.#known.get(event.metadataId)?.facts.name ?? 'unknown',
      from: this.#span.start,
      to: this.#span.end,
    })
  }

  #addBarrier(event: EventCursor): void {
    if (!barrier.test(this.#known.get(event.metadataId)?.facts.name ?? '')) return
    this.#place(event)
    this.#barriers.add(this.#span.start, this.#span.end)
  }

  #stateOf(metadataId: number): OpState {
    const seen = this.#states.get(metadataId)
    if (seen !== undefined) return seen
    const known = this.#known.get(metadataId)
    // Events without a name are one op together: a damaged file may number each of them differently.
    if (known === undefined && metadataId !== nameless) return this.#stateOf(nameless)
    const { facts, kind } = known ?? { facts: unknownFacts, kind: opKind(unknownFacts) }
    const op: CoreOp = {
      facts,
      kind,
      count: 0,
      timePs: 0,
      selfPs: 0,
      whole: { count: 0, timePs: 0, selfPs: 0 },
      eventFlops: 0,
      eventBytes: 0,
      parent: -1,
    }
    const state: OpState = { op, index: -1, flight: kind.collective === null && !kind.asyncCall ? null : this.#flights.of(op) }
    this.#states.set(metadataId, state)
    return state
  }

  #addOp(event: EventCursor, nest: SelfTime): void {
    const state = this.#stateOf(event.metadataId)
    const { op } = state
    if (state.index < 0) state.index = this.#opList.push(op) - 1
    this.#place(event)
    this.#stretch()
    this.#stretchDuty()
    const span = this.#span
    const inside = this.#windows.holds(span.start) || this.#windows.holds(span.start + clockSlackPs)
    const times = Math.max(1, event.occurrences)
    op.whole.count += times
    if (inside) {
      op.count += times
      if ((event.present & 8) !== 0) op.eventFlops += this.#slots.values[3] as number
      if ((event.present & 16) !== 0) op.eventBytes += this.#slots.values[4] as number
    }
    if (span.deviceStart < this.#lastStartPs - clockSlackPs) this.#outOfOrder++
    this.#lastStartPs = span.deviceStart
    this.#duty.push(span, !op.kind.offDuty)
    nest.push(state.index, span, inside)
    if (inside) this.#addGap(span)
    if (span.end > this.#lastEndPs) this.#lastEndPs = span.end
    if (op.kind.role === 'compute' && !op.kind.asyncCall) this.#computing.add(span.start, span.end)
    if (state.flight !== null) this.#flights.add(state.flight, op.kind.phase, span.start, span.end)
  }

  #addGap(span: Span): void {
    const gap = span.start - this.#lastEndPs
    if (!(gap > 0 && gap < shortGapPs)) return
    this.#reading.shortGaps.count++
    this.#reading.shortGaps.totalPs += gap
  }

  /** The line of asynchronous ops shows how long each was in flight; those that are collectives count. */
  #addAsync(event: EventCursor): void {
    const { flight } = this.#stateOf(event.metadataId)
    if (flight === null) return
    this.#place(event)
    this.#flights.addSpan(flight, this.#span.start, this.#span.end)
  }

  #addSparse(event: EventCursor): void {
    this.#place(event)
    this.#stretch()
    this.#stretchDuty()
    this.#reading.duty.add(this.#span.start, this.#span.end)
    const known = this.#known.get(event.metadataId)
    if (known === undefined) return
    let work = this.#work.get(event.metadataId)
    if (work === undefined) {
      work = { facts: known.facts, collective: known.kind.collective, count: 0, spans: new Intervals(this.#options.limits.intervals >> 4) }
      this.#work.set(event.metadataId, work)
    }
    work.count++
    work.spans.add(this.#span.start, this.#span.end)
  }
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
}
