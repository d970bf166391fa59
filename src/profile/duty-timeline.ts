import type { Intervals } from './intervals.ts'

/**
 * When a core is on duty: at every moment its innermost op decides, so an infeed inside a loop is off duty though the loop is on,
 * and of a megacore fusion only what its inner ops leave is off (as XProf counts since 2.24). Ops arrive by start.
 */
export class DutyTimeline {
  readonly #ends: number[] = []
  readonly #on: boolean[] = []
  #depth = 0
  #told = Number.NEGATIVE_INFINITY
  readonly #active: Intervals

  constructor(active: Intervals) {
    this.#active = active
  }

  push({ start, end }: { start: number; end: number }, onDuty: boolean): void {
    while (this.#depth > 0 && (this.#ends[this.#depth - 1] as number) < end) this.#pop()
    if (this.#depth > 0) this.#tell(this.#on[this.#depth - 1] as boolean, Math.min(start, this.#ends[this.#depth - 1] as number))
    else if (start > this.#told) this.#told = start
    this.#ends[this.#depth] = end
    this.#on[this.#depth] = onDuty
    this.#depth++
  }

  flush(): void {
    while (this.#depth > 0) this.#pop()
    this.#told = Number.NEGATIVE_INFINITY
  }

  #pop(): void {
    this.#depth--
    this.#tell(this.#on[this.#depth] as boolean, this.#ends[this.#depth] as number)
  }

  #tell(onDuty: boolean, until: number): void {
    if (until <= this.#told) return
    if (onDuty) this.#active.add(this.#told, until)
    this.#told = until
  }
}
