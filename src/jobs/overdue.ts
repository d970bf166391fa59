/**
 * Which of what is seen again and again has been there too long, by this process's own steady clock: the moment that another host
 * set for it, by its own clock, need not mean anything here.
 */
export class Overdue {
  readonly #longestMs: number
  readonly #now: () => number
  #since = new Map<string, number>()

  constructor(longestMs: number, now: () => number = () => performance.now()) {
    this.#longestMs = longestMs
    this.#now = now
  }

  /** @param ids All that are there now. @returns Those that have been there longer than anything should. */
  look(ids: readonly string[]): string[] {
    const now = this.#now()
    this.#since = new Map(ids.map((id) => [id, this.#since.get(id) ?? now]))
    return ids.filter((id) => now - (this.#since.get(id) ?? now) >= this.#longestMs)
  }
}
