import type { CoreCollective, CoreOp, CoreReading } from './core-reading.ts'
import { Intervals } from './intervals.ts'
import type { OpKind } from './op-kind.ts'
import { pairName } from './op-kind.ts'
import type { SparseWork } from './sparse-work.ts'
import type { Windows } from './windows.ts'
import type { OpFacts } from './xspace/metadata.ts'

/** When one collective, or one asynchronous call of unknown content, was in flight on a core. Both ends of a pair share it. */
export interface Flight {
  facts: OpFacts
  /** Null until it is known what the call waits for. */
  kind: string | null
  dcn: boolean
  sparse: boolean
  count: number
  spans: Intervals
  /** When the core waited for its end. */
  waits: Intervals
  /** Begins without an end so far, the first first. */
  open: number[]
  ops: CoreOp[]
}

const maxOpen = 1024

/** The collectives of one core: whole ones, pairs of start and done with other ops between, and the line of asynchronous ops. */
export class Flights {
  readonly #byName = new Map<string, Flight>()
  readonly #all: Intervals
  readonly #slices: Intervals
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#all = new Intervals(capacity)
    this.#slices = new Intervals(capacity >> 4)
  }

  /** The flight an op belongs to. */
  of(op: CoreOp): Flight {
    const { facts, kind } = op
    const name = facts.name.replace(/^%/, '')
    const key = `${facts.programId ?? ''}:${kind.phase === 'whole' ? name : pairName(startName(facts, kind, name))}`
    const known = this.#byName.get(key)
    const flight: Flight = known ?? {
      facts,
      kind: kind.collective,
      dcn: kind.dcn,
      sparse: false,
      count: 0,
      spans: new Intervals(this.#capacity >> 4),
      waits: new Intervals(this.#capacity >> 4),
      open: [],
      ops: [],
    }
    if (kind.phase === 'start') flight.facts = facts
    flight.kind ??= kind.collective
    flight.sparse ||= kind.sparse
    flight.ops.push(op)
    if (known === undefined) this.#byName.set(key, flight)
    return flight
  }

  /** An event on the core's own line. */
  add(flight: Flight, phase: OpKind['phase'], start: number, end: number): void {
    if (phase === 'start') {
      // Starts whose end the trace does not hold must not pile up.
      if (flight.open.length < maxOpen) flight.open.push(start)
    } else {
      flight.count++
      flight.waits.add(start, end)
    }
    this.addSpan(flight, phase === 'done' ? (flight.open.shift() ?? start) : start, end)
  }

  addSpan(flight: Flight, start: number, end: number): void {
    flight.spans.add(start, end)
  }

  /**
   * Calls whose name tells nothing are what the SparseCore line shows while they fly: a collective moved there, or its own work.
   */
  resolve(sparse: readonly SparseWork[]): void {
    for (const flight of this.#byName.values()) {
      if (flight.kind !== null) continue
      let most = 0
      let found: SparseWork | null = null
      for (const work of sparse) {
        const ps = flight.spans.overlap(work.spans)
        if (ps > most) [most, found] = [ps, work]
      }
      if (found?.collective == null) continue
      flight.kind = found.collective
      flight.sparse = true
      flight.facts = { ...flight.facts, expression: found.facts.expression }
      for (const op of flight.ops) {
        op.kind.role = 'collective'
        op.kind.collective = found.collective
      }
    }
  }

  /** Time in flight within the windows, and the part of it in which nothing computes. */
  within(
    windows: Windows,
    computing: Intervals,
  ): Pick<CoreReading, 'occupiedPs' | 'exposedPs' | 'dcnOccupiedPs' | 'dcnExposedPs' | 'collectives'> {
    const collectives: CoreCollective[] = []
    for (const { facts, kind, dcn, sparse, count, spans, waits } of this.#byName.values()) {
      if (kind === null) continue
      // What a SparseCore carries is the core's communication while it waits for it.
      this.#all.addAll(sparse ? waits : spans)
      if (dcn) this.#slices.addAll(spans)
      const occupiedPs = windows.covered(spans)
      if (occupiedPs > 0)
        collectives.push({
          facts,
          kind,
          dcn,
          sparse,
          count,
          flightPs: spans.total(),
          occupiedPs,
          exposedPs: occupiedPs - windows.overlap(spans, computing),
        })
    }
    const occupiedPs = windows.covered(this.#all)
    const dcnOccupiedPs = windows.covered(this.#slices)
    return {
      occupiedPs,
      exposedPs: occupiedPs - windows.overlap(this.#all, computing),
      dcnOccupiedPs,
      dcnExposedPs: dcnOccupiedPs - windows.overlap(this.#slices, computing),
      collectives,
    }
  }
}

/** The name of a pair's start: what the done op's text names as its operand, else its own name with the other end. */
function startName(facts: OpFacts, kind: OpKind, name: string): string {
  const instruction = /^%?([\w.-]+) = /.exec(facts.expression)?.[1] ?? name
  if (kind.phase === 'start') return instruction
  const operands = facts.expression.slice(facts.expression.indexOf(' = ') + 1)
  const operand = /%([\w.-]*-start[\w.-]*|(?:send|recv)(?:\.[\w.-]*)?)(?=[,) ])/.exec(operands)?.[1]
  return operand ?? instruction.replace('-done', '-start')
}
