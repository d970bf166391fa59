/** Whose job it is, so that all come in turn: tenants first, within a tenant its people. */
export interface Turn {
  tenant: string
  person: string
  /**
   * 1 for a person who waits; 4 comes a quarter as often; 0 goes before all that wait (what was accepted before and got lost).
   */
  cost: number
}

/** The last place that BullMQ can order. */
export const lastPlace = 2 ** 21 - 1

/**
 * Places by start-time fair queueing (Goyal, Vin, Cheng 1996): a job's place is its person's last one, or that of the job which
 * was started last, and on by `cost` for each person of its tenant who has jobs waiting. So a tenant with a thousand jobs, or a
 * hundred people, delays another's first by one turn.
 */
export class Turns {
  readonly #last = new Map<string, { tenant: string; place: number }>()
  #now = 0

  /** The place of a new job; smaller ones go first. `isEmpty`: nothing waits, so that places begin anew. */
  take({ tenant, person, cost }: Turn, isEmpty: boolean): number {
    if (isEmpty) {
      this.#last.clear()
      this.#now = 0
    }
    if (cost === 0) return 0
    const own = flowOf(tenant, person)
    let people = 1
    for (const [flow, last] of this.#last) {
      if (last.place <= this.#now) this.#last.delete(flow)
      else if (flow !== own && last.tenant === tenant) people += 1
    }
    const place = Math.min(lastPlace, (this.#last.get(own)?.place ?? this.#now) + people * cost)
    this.#last.set(own, { tenant, place })
    return place
  }

  /** A job with this place was started. */
  started(place: number): void {
    this.#now = Math.max(this.#now, place)
  }
}

/** Names a person of a tenant; the line break is in neither. */
export function flowOf(tenant: string, person: string): string {
  return `${tenant}\n${person}`
}
