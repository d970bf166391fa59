import type { EventCursor, StatSlots } from './xspace/event-reader.ts'
import { makeSlots } from './xspace/event-reader.ts'
import type { PlaneIndex } from './xspace/space-index.ts'

const valueStat = /value|counter|percent|util/i
const maxStats = 24
const maxCounters = 256

interface Counter {
  value: number
  atPs: number
  weighted: number
  weightPs: number
  plain: number
  samples: number
}

/** Hardware counters that a plane samples: each value holds until the counter's next one. */
export class Counters {
  readonly slots: StatSlots
  readonly #byName = new Map<string, Counter>()

  constructor(plane: PlaneIndex) {
    this.slots = makeSlots(
      [...new Set(plane.statNames.values())].filter((name) => valueStat.test(name)).slice(0, maxStats),
      plane.statNames,
    )
  }

  add(event: EventCursor, name: string): void {
    const slot = this.slots.values.findIndex((_, index) => (event.present & (1 << index)) !== 0)
    const value = slot < 0 ? Number.NaN : (this.slots.values[slot] as number)
    if (!Number.isFinite(value) || name === '') return
    const known = this.#byName.get(name)
    if (known === undefined) {
      if (this.#byName.size >= maxCounters) return
      const weightPs = Math.max(0, event.durationPs)
      this.#byName.set(name, { value, atPs: event.offsetPs, weighted: value * weightPs, weightPs, plain: value, samples: 1 })
      return
    }
    const holds = Math.max(0, event.durationPs > 0 ? event.durationPs : event.offsetPs - known.atPs)
    known.weighted += (event.durationPs > 0 ? value : known.value) * holds
    known.weightPs += holds
    known.plain += value
    known.samples++
    known.value = value
    known.atPs = event.offsetPs
  }

  /** Time-weighted means by name; plain ones where no time passes between samples. */
  means(): Map<string, number> {
    return new Map(
      [...this.#byName].map(([name, each]) => [name, each.weightPs > 0 ? each.weighted / each.weightPs : each.plain / each.samples]),
    )
  }
}
