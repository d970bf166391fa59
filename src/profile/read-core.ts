import type { CoreOp, CoreReading, ModuleRuns, StepSpan } from './core-reading.ts'
import { DutyTimeline } from './duty-timeline.ts'
import type { Flight } from './flights.ts'
import { Flights } from './flights.ts'
import { Intervals } from './intervals.ts'
import type { ProfileLimits } from './limits.ts'
import type { OpKind } from './op-kind.ts'
import { opKind } from './op-kind.ts'
import { chipOf, hardwareOf } from './plane-facts.ts'
import { SelfTime } from './self-time.ts'
import { fullSteps } from './steps.ts'
import type { EventCursor, StatSlots } from './xspace/event-reader.ts'
import { makeSlots, readEvents } from './xspace/event-reader.ts'
import type { OpFacts } from './xspace/metadata.ts'
import { readOpFacts } from './xspace/metadata.ts'
import type { LineRef, PlaneIndex } from './xspace/space-index.ts'
import type { Window } from './xspace/window.ts'

const slotNames = ['device_offset_ps', 'device_duration_ps', 'group_id'] as const
/** More steps than any trace holds. */
const maxSteps = 1 << 17
const nameless = -1

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
  reader.learn(await readOpFacts(window, plane))
  for (const name of ['Steps', 'Sparse Core Steps', 'XLA Modules', 'Sparse Core Modules', 'Async XLA Ops', 'XLA Ops', 'Sparse Core Ops']) {
    for (const line of plane.lines.filter((each) => each.name === name)) await reader.readLine(window, line)
  }
  return reader.finish()
}

class CoreReader {
  private readonly reading: CoreReading
  private readonly slots: StatSlots
  private readonly baseNs: bigint
  private readonly states = new Map<number, OpState>()
  private readonly opList: CoreOp[] = []
  private readonly known = new Map<number, { facts: OpFacts; kind: OpKind }>()
  private readonly duty: DutyTimeline
  private readonly computing: Intervals
  private readonly flights: Flights
  private outOfOrder = 0
  private lastStartPs = Number.NEGATIVE_INFINITY
  private firstPs = Number.POSITIVE_INFINITY
  private lastPs = Number.NEGATIVE_INFINITY
  private readonly span: Span = { start: 0, end: 0, deviceStart: 0, deviceEnd: 0 }
  private lineOffsetPs = 0

  constructor(plane: PlaneIndex, options: { host: string; baseNs: bigint; limits: ProfileLimits }) {
    this.baseNs = options.baseNs
    this.slots = makeSlots(slotNames, plane.statNames)
    this.computing = new Intervals(options.limits.intervals)
    this.flights = new Flights(options.limits.intervals)
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

  /** What each event is. HLO text is long and only collectives need theirs further on: the rest is let go. */
  learn(facts: ReadonlyMap<number, OpFacts>): void {
    for (const [id, each] of facts) {
      const kind = opKind(each)
      if (kind.collective === null) each.expression = ''
      this.known.set(id, { facts: each, kind })
    }
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
    const [from, to] = this.windowOfSteps()
    reading.windowPs = to > from ? to - from : 0
    const executions = this.opList.reduce((sum, op) => sum + op.count, 0)
    if (this.outOfOrder > executions / 100) reading.notes.push('Ops are not in the order of time: self times may be off.')
    Object.assign(reading, this.flights.within(from, to, this.computing))
    return reading
  }

  /** From the first full step's start to the last one's end; without steps, the whole of what ran. */
  private windowOfSteps(): [from: number, to: number] {
    const full = fullSteps(this.reading.steps)
    if (full.length === 0) return [this.reading.dutyStartPs, this.reading.dutyEndPs]
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const step of full) {
      from = Math.min(from, step.startPs)
      to = Math.max(to, step.endPs)
    }
    return [from, to]
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
    const { steps } = this.reading
    if (!main || steps.length >= maxSteps) return
    const id =
      (event.present & 4) !== 0 ? (this.slots.values[2] as number) : Number.parseInt(this.known.get(event.metadataId)?.facts.name ?? '', 10)
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
    const name = this.known.get(event.metadataId)?.facts.name ?? 'unknown'
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
    const seen = this.states.get(metadataId)
    if (seen !== undefined) return seen
    const known = this.known.get(metadataId)
    // Events without a name are one op together: a damaged file may number each of them differently.
    if (known === undefined && metadataId !== nameless) return this.stateOf(nameless)
    const { facts, kind } = known ?? { facts: unknownFacts, kind: opKind(unknownFacts) }
    const op: CoreOp = { facts, kind, count: 0, timePs: 0, selfPs: 0, parent: -1 }
    const state: OpState = { op, index: -1, flight: kind.collective === null ? null : this.flights.of(facts, kind) }
    this.states.set(metadataId, state)
    return state
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
    if (span.deviceStart < this.lastStartPs) this.outOfOrder++
    this.lastStartPs = span.deviceStart
    this.duty.push(span.start, span.end, !op.kind.offDuty)
    nest.push(state.index, span.deviceStart, span.deviceEnd)
    if (op.kind.role === 'compute') this.computing.add(span.start, span.end)
    if (state.flight !== null) this.flights.add(state.flight, op.kind.phase, span.start, span.end)
  }

  /** The line of asynchronous ops shows how long each was in flight; those that are collectives count. */
  private addAsync(event: EventCursor): void {
    const { flight } = this.stateOf(event.metadataId)
    if (flight === null) return
    this.place(event)
    this.flights.addSpan(flight, this.span.start, this.span.end)
  }

  private addSparse(event: EventCursor): void {
    this.place(event)
    this.stretch()
    this.stretchDuty()
    this.reading.duty.add(this.span.start, this.span.end)
  }
}
