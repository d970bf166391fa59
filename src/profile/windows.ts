import type { Intervals } from './intervals.ts'

/** One stretch of a core's time, picoseconds. */
export interface Span {
  from: number
  to: number
}

/**
 * The stretches of a core's time that shares are of: its full steps that are not slow. Disjoint, in order, joined where they
 * touch.
 */
export class Windows {
  readonly spans: readonly Span[]

  constructor(spans: readonly Span[]) {
    const joined: Span[] = []
    for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
      if (!(to > from)) continue
      const last = joined.at(-1)
      if (last && from <= last.to) last.to = Math.max(last.to, to)
      else joined.push({ from, to })
    }
    this.spans = joined
  }

  get totalPs(): number {
    return this.spans.reduce((sum, { from, to }) => sum + (to - from), 0)
  }

  /** Whether something that starts at `time` belongs to the steps. */
  holds(time: number): boolean {
    const { spans } = this
    let low = 0
    let high = spans.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((spans[middle] as Span).to <= time) low = middle + 1
      else high = middle
    }
    return low < spans.length && (spans[low] as Span).from <= time
  }

  /** Time that `intervals` cover within the windows. */
  covered(intervals: Intervals): number {
    return this.spans.reduce((sum, { from, to }) => sum + intervals.total(from, to), 0)
  }

  /** Time that both cover within the windows. */
  overlap(one: Intervals, other: Intervals): number {
    return this.spans.reduce((sum, { from, to }) => sum + one.overlap(other, from, to), 0)
  }
}

/** All of a core's time: where neither steps nor programs are marked. */
export const endless = new Windows([{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }])
