/**
 * A set of spans of time, kept joined where they touch. Spans that arrive in order (as a profile's lines hold them) cost nothing;
 * others are put in order once. Beyond `capacity` spans, neighbours with the smallest gaps are joined, so memory stays bounded
 * at the price of counting those gaps in.
 */
export class Intervals {
  private starts: Float64Array
  private ends: Float64Array
  private count = 0
  private ordered = true
  private joinGap = 0
  private readonly capacity: number

  constructor(capacity = 1 << 20) {
    this.capacity = Math.max(16, capacity)
    this.starts = new Float64Array(256)
    this.ends = new Float64Array(256)
  }

  add(start: number, end: number): void {
    if (!(end > start)) return
    const last = this.count - 1
    if (last >= 0) {
      const lastStart = this.starts[last] as number
      if (start < lastStart) this.ordered = false
      else if (start <= (this.ends[last] as number) + this.joinGap) {
        if (end > (this.ends[last] as number)) this.ends[last] = end
        return
      }
    }
    if (this.count === this.starts.length) this.grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.count++
  }

  addAll(other: Intervals): void {
    other.settle()
    for (let index = 0; index < other.count; index++) this.add(other.starts[index] as number, other.ends[index] as number)
  }

  get size(): number {
    this.settle()
    return this.count
  }

  /** Time covered within [from, to]. */
  total(from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): number {
    this.settle()
    let sum = 0
    for (let index = this.firstEndingAfter(from); index < this.count; index++) {
      const start = this.starts[index] as number
      if (start >= to) break
      sum += Math.min(this.ends[index] as number, to) - Math.max(start, from)
    }
    return sum
  }

  /** Time covered by both within [from, to]. */
  overlap(other: Intervals, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): number {
    this.settle()
    other.settle()
    let sum = 0
    let mine = this.firstEndingAfter(from)
    let theirs = other.firstEndingAfter(from)
    while (mine < this.count && theirs < other.count) {
      const start = Math.max(this.starts[mine] as number, other.starts[theirs] as number, from)
      const myEnd = this.ends[mine] as number
      const theirEnd = other.ends[theirs] as number
      const end = Math.min(myEnd, theirEnd, to)
      if (start >= to) break
      if (end > start) sum += end - start
      if (myEnd <= theirEnd) mine++
      else theirs++
    }
    return sum
  }

  private firstEndingAfter(time: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.ends[middle] as number) <= time) low = middle + 1
      else high = middle
    }
    return low
  }

  private grow(): void {
    if (this.count >= this.capacity) {
      this.settle()
      while (this.count > this.capacity / 2) {
        this.joinGap = this.joinGap === 0 ? 1000 : this.joinGap * 2
        this.compact()
      }
      if (this.count < this.starts.length) return
    }
    const size = Math.min(this.starts.length * 2, Math.max(this.capacity, this.starts.length + 1))
    const starts = new Float64Array(size)
    const ends = new Float64Array(size)
    starts.set(this.starts)
    ends.set(this.ends)
    this.starts = starts
    this.ends = ends
  }

  private settle(): void {
    if (this.ordered) return
    const order = Array.from({ length: this.count }, (_, index) => index).sort(
      (a, b) => (this.starts[a] as number) - (this.starts[b] as number),
    )
    this.starts = Float64Array.from(order, (index) => this.starts[index] as number)
    this.ends = Float64Array.from(order, (index) => this.ends[index] as number)
    this.ordered = true
    this.compact()
  }

  private compact(): void {
    let kept = 0
    for (let index = 0; index < this.count; index++) {
      const start = this.starts[index] as number
      const end = this.ends[index] as number
      if (kept > 0 && start <= (this.ends[kept - 1] as number) + this.joinGap) {
        if (end > (this.ends[kept - 1] as number)) this.ends[kept - 1] = end
      } else {
        this.starts[kept] = start
        this.ends[kept] = end
        kept++
      }
    }
    this.count = kept
  }
}
