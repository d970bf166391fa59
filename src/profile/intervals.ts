/** Most sets are small, and there is one for every collective of every core. */
const smallest = 16

/**
 * A set of spans of time, kept joined where they touch. Spans that arrive in order (as a profile's lines hold them) cost nothing;
 * others are put in order once. Beyond `capacity` spans, neighbours with the smallest gaps are joined into one that remembers how
 * much of it is covered, so memory stays bounded: totals stay exact, overlaps inside such spans are taken as if evenly spread.
 */
export class Intervals {
  #starts = new Float64Array(smallest)
  #ends = new Float64Array(smallest)
  #covered = new Float64Array(smallest)
  #count = 0
  #ordered = true
  #joinGap = 0
  readonly #capacity: number

  constructor(capacity = 1 << 18) {
    this.#capacity = Math.max(16, capacity)
  }

  add(start: number, end: number): void {
    if (end > start) this.#append(start, end, end - start)
  }

  addAll(other: Intervals): void {
    other.#settle()
    for (let index = 0; index < other.#count; index++) {
      this.#append(other.#starts[index] as number, other.#ends[index] as number, other.#covered[index] as number)
    }
  }

  get size(): number {
    this.#settle()
    return this.#count
  }

  /** Time covered within [from, to]. */
  total(from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): number {
    this.#settle()
    let sum = 0
    for (let index = this.#firstEndingAfter(from); index < this.#count; index++) {
      const start = this.#starts[index] as number
      if (start >= to) break
      const end = this.#ends[index] as number
      if (start >= from && end <= to) sum += this.#covered[index] as number
      else sum += (Math.min(end, to) - Math.max(start, from)) * this.#density(index)
    }
    return sum
  }

  /** Time covered by both within [from, to]. */
  overlap(other: Intervals, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): number {
    this.#settle()
    other.#settle()
    let sum = 0
    let mine = this.#firstEndingAfter(from)
    let theirs = other.#firstEndingAfter(from)
    while (mine < this.#count && theirs < other.#count) {
      const start = Math.max(this.#starts[mine] as number, other.#starts[theirs] as number, from)
      const myEnd = this.#ends[mine] as number
      const theirEnd = other.#ends[theirs] as number
      if (start >= to) break
      const end = Math.min(myEnd, theirEnd, to)
      if (end > start) sum += (end - start) * this.#density(mine) * other.#density(theirs)
      if (myEnd <= theirEnd) mine++
      else theirs++
    }
    return sum
  }

  #append(start: number, end: number, covered: number): void {
    const last = this.#count - 1
    if (last >= 0) {
      if (start < (this.#starts[last] as number)) this.#ordered = false
      else if (start <= (this.#ends[last] as number) + this.#joinGap) {
        this.#join(last, start, end, covered)
        return
      }
    }
    if (this.#count === this.#starts.length) this.#grow()
    this.#starts[this.#count] = start
    this.#ends[this.#count] = end
    this.#covered[this.#count] = covered
    this.#count++
  }

  /** Widens a span by one that starts no earlier: what both cover counts once. */
  #join(index: number, start: number, end: number, covered: number): void {
    const last = this.#ends[index] as number
    const both = Math.max(0, Math.min(last, end) - start)
    const fresh = covered * (1 - both / (end - start))
    if (end > last) this.#ends[index] = end
    const length = (this.#ends[index] as number) - (this.#starts[index] as number)
    this.#covered[index] = Math.min(length, (this.#covered[index] as number) + fresh)
  }

  #density(index: number): number {
    return (this.#covered[index] as number) / ((this.#ends[index] as number) - (this.#starts[index] as number))
  }

  #firstEndingAfter(time: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ends[middle] as number) <= time) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    if (this.#count >= this.#capacity) {
      this.#settle()
      while (this.#count > this.#capacity / 2) {
        this.#joinGap = this.#joinGap === 0 ? 1000 : this.#joinGap * 2
        this.#compact()
      }
      if (this.#count < this.#starts.length) return
    }
    const size = Math.min(this.#starts.length * 2, Math.max(this.#capacity, this.#starts.length + 1))
    this.#starts = enlarged(this.#starts, size)
    this.#ends = enlarged(this.#ends, size)
    this.#covered = enlarged(this.#covered, size)
  }

  #settle(): void {
    if (this.#ordered) return
    const count = this.#count
    const starts = this.#starts
    // loops: `from` would make a number object of each
    const order = new Uint32Array(count)
    for (let index = 0; index < count; index++) order[index] = index
    order.sort((a, b) => (starts[a] as number) - (starts[b] as number))
    this.#starts = inOrder(this.#starts, order)
    this.#ends = inOrder(this.#ends, order)
    this.#covered = inOrder(this.#covered, order)
    this.#ordered = true
    this.#compact()
  }

  #compact(): void {
    let kept = 0
    for (let index = 0; index < this.#count; index++) {
      const start = this.#starts[index] as number
      const end = this.#ends[index] as number
      const covered = this.#covered[index] as number
      if (kept > 0 && start <= (this.#ends[kept - 1] as number) + this.#joinGap) this.#join(kept - 1, start, end, covered)
      else {
        this.#starts[kept] = start
        this.#ends[kept] = end
        this.#covered[kept] = covered
        kept++
      }
    }
    this.#count = kept
  }
}

function enlarged(values: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size)
  larger.set(values)
  return larger
}

function inOrder(values: Float64Array, order: Uint32Array): Float64Array<ArrayBuffer> {
  const sorted = new Float64Array(order.length)
  for (let index = 0; index < order.length; index++) sorted[index] = values[order[index] as number] as number
  return sorted
}
