/** Told of each span when it is over. `inside`: what was said of it when it came. */
type Done = (key: number, durationPs: number, selfPs: number, inside: boolean) => void

/**
 * Self time of nested spans, as XProf's AncestorStack counts it: spans arrive by start; a span is inside the one before it
 * when it lies wholly within; what it lasts is taken from the one that holds it directly.
 */
export class SelfTime {
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #keys: number[] = []
  readonly #inner: number[] = []
  readonly #within: boolean[] = []
  readonly #done: Done
  depth = 0
  /** The key of the span that first held each key; -1 for none. */
  readonly parents = new Map<number, number>()

  constructor(done: Done) {
    this.#done = done
  }

  push(key: number, { deviceStart: start, deviceEnd: end }: { deviceStart: number; deviceEnd: number }, inside = true): void {
    let depth = this.depth
    while (depth > 0 && !((this.#starts[depth - 1] as number) <= start && end <= (this.#ends[depth - 1] as number))) {
      depth--
      this.#pop(depth)
    }
    if (!this.parents.has(key)) this.parents.set(key, depth > 0 ? (this.#keys[depth - 1] as number) : -1)
    if (depth > 0) this.#inner[depth - 1] = (this.#inner[depth - 1] as number) + (end - start)
    this.#starts[depth] = start
    this.#ends[depth] = end
    this.#keys[depth] = key
    this.#inner[depth] = 0
    this.#within[depth] = inside
    this.depth = depth + 1
  }

  flush(): void {
    while (this.depth > 0) {
      this.depth--
      this.#pop(this.depth)
    }
  }

  #pop(depth: number): void {
    const duration = (this.#ends[depth] as number) - (this.#starts[depth] as number)
    this.#done(
      this.#keys[depth] as number,
      duration,
      Math.max(0, duration - (this.#inner[depth] as number)),
      this.#within[depth] as boolean,
    )
  }
}
