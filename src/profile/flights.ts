import type { CoreCollective, CoreReading } from './core-reading.ts'
import { Intervals } from './intervals.ts'
import type { OpKind } from './op-kind.ts'
import { pairName } from './op-kind.ts'
import type { OpFacts } from './xspace/metadata.ts'

/** When one collective was in flight on a core. Both ends of an asynchronous one share it. */
export interface Flight {
  facts: OpFacts
  kind: string
  count: number
  spans: Intervals
  /** Begins without an end so far, the first first. */
  open: number[]
}

const maxOpen = 1024

/** The collectives of one core: whole ones, pairs of start and done with other ops between, and the line of asynchronous ops. */
export class Flights {
  private readonly byName = new Map<string, Flight>()
  private readonly all: Intervals
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.all = new Intervals(capacity)
  }

  /** The flight an op belongs to. */
  of(facts: OpFacts, kind: OpKind): Flight {
    const name = facts.name.replace(/^%/, '')
    const key = `${facts.programId ?? ''}:${kind.phase === 'whole' ? name : pairName(startName(facts, kind, name))}`
    const known = this.byName.get(key)
    const flight = known ?? { facts, kind: kind.collective ?? 'collective', count: 0, spans: new Intervals(this.capacity >> 4), open: [] }
    if (kind.phase === 'start') flight.facts = facts
    if (known === undefined) this.byName.set(key, flight)
    return flight
  }

  /** An event on the core's own line. */
  add(flight: Flight, phase: OpKind['phase'], start: number, end: number): void {
    if (phase === 'start') {
      // Starts whose end the trace does not hold must not pile up.
      if (flight.open.length < maxOpen) flight.open.push(start)
    } else flight.count++
    this.addSpan(flight, phase === 'done' ? (flight.open.shift() ?? start) : start, end)
  }

  addSpan(flight: Flight, start: number, end: number): void {
    this.all.add(start, end)
    flight.spans.add(start, end)
  }

  /** Time in flight within a window, and the part of it in which nothing computes. */
  within(from: number, to: number, computing: Intervals): Pick<CoreReading, 'occupiedPs' | 'exposedPs' | 'collectives'> {
    const collectives: CoreCollective[] = []
    for (const { facts, kind, count, spans } of this.byName.values()) {
      const occupiedPs = spans.total(from, to)
      if (occupiedPs > 0) collectives.push({ facts, kind, count, occupiedPs, exposedPs: occupiedPs - spans.overlap(computing, from, to) })
    }
    const occupiedPs = this.all.total(from, to)
    return { occupiedPs, exposedPs: occupiedPs - this.all.overlap(computing, from, to), collectives }
  }
}

/** The name of a pair's start: what the done op's text names as its operand, else its own name with the other end. */
function startName(facts: OpFacts, kind: OpKind, name: string): string {
  const instruction = /^%?([\w.-]+) = /.exec(facts.expression)?.[1] ?? name
  if (kind.phase === 'start') return instruction
  const operand = /%([\w.-]*-start[\w.-]*)/.exec(facts.expression.slice(facts.expression.indexOf(' = ') + 1))?.[1]
  return operand ?? instruction.replace('-done', '-start')
}
