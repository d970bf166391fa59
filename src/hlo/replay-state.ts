import type { CollectiveCost } from './collective-time.ts'

/** Totals of a replay so far, milliseconds but for FLOPs. All are sums over the step, so a loop's iterations multiply. */
export interface Totals {
  computeMs: number
  hbmMs: number
  /** Time at least one collective is in flight. */
  communicationMs: number
  /** Time the core waits for collectives. */
  exposedMs: number
  hostMs: number
  flops: number
}

export interface PartTotal {
  kind: 'compute' | 'hbm' | 'communication' | 'host'
  /** What it adds to the step. */
  ms: number
  /** How long it takes by itself; more than `ms` where it overlaps. */
  occupiedMs: number
  count: number
}

/** Links that an operation holds: those of whole axes, or the ones a permute crosses. */
export interface Lane {
  key: string
  axes: readonly string[]
  load: CollectiveCost['load']
}

/** The clock of a replay: when the core is free, when each group of links is, what has been counted. */
export class ReplayState {
  now = 0
  readonly totals: Totals = { computeMs: 0, hbmMs: 0, communicationMs: 0, exposedMs: 0, hostMs: 0, flops: 0 }
  readonly parts = new Map<string, PartTotal>()
  readonly #freeAt = new Map<string, { lane: Lane; at: number }>()
  readonly #conflicts = new Map<string, boolean>()
  /** End of the last stretch in which a collective was in flight. */
  #busyUntil = 0

  /** The core works. */
  work(name: string, kind: 'compute' | 'hbm', ms: number): void {
    if (ms <= 0) return
    this.now += ms
    if (kind === 'compute') this.totals.computeMs += ms
    else this.totals.hbmMs += ms
    this.part(name, kind, ms, ms)
  }

  /**
   * Puts a transfer on its links as soon as those that it shares are free; returns when it ends. The core goes on. The links are
   * free again `latencyMs` before the end: what follows does not wait for the last byte to arrive.
   */
  begin(lane: Lane, ms: number, isCollective: boolean, latencyMs = 0): number {
    let start = this.now
    for (const { lane: other, at } of this.#freeAt.values()) if (at > start && this.#conflict(lane, other)) start = at
    const end = start + ms
    this.#freeAt.set(lane.key, { lane, at: end - latencyMs })
    if (isCollective && end > this.#busyUntil) {
      this.totals.communicationMs += end - Math.max(start, this.#busyUntil)
      this.#busyUntil = end
    }
    return end
  }

  /** The core waits until a time, and what it waits for is charged. */
  wait(name: string, kind: PartTotal['kind'], until: number, occupiedMs: number): void {
    const ms = Math.max(0, until - this.now)
    this.now += ms
    if (kind === 'communication') this.totals.exposedMs += ms
    else if (kind === 'host') this.totals.hostMs += ms
    else this.totals.hbmMs += ms
    this.part(name, kind, ms, occupiedMs)
  }

  part(name: string, kind: PartTotal['kind'], ms: number, occupiedMs: number): void {
    const part = this.parts.get(name)
    if (part === undefined) this.parts.set(name, { kind, ms, occupiedMs, count: 1 })
    else {
      part.ms += ms
      part.occupiedMs += occupiedMs
      part.count++
    }
  }

  snapshot(): { now: number; totals: Totals; parts: Map<string, PartTotal> } {
    const parts = new Map<string, PartTotal>()
    for (const [name, part] of this.parts) parts.set(name, { ...part })
    return { now: this.now, totals: { ...this.totals }, parts }
  }

  /**
   * Repeats what happened since a snapshot `times` more times: the clock, the links and the totals move on by as much each time.
   * Returns by how much the clock moved.
   */
  repeat(since: ReturnType<ReplayState['snapshot']>, times: number): number {
    if (times <= 0) return 0
    const shift = (this.now - since.now) * times
    this.now += shift
    this.#busyUntil += shift
    for (const entry of this.#freeAt.values()) entry.at += shift
    for (const key of Object.keys(this.totals) as (keyof Totals)[]) this.totals[key] += (this.totals[key] - since.totals[key]) * times
    for (const [name, part] of this.parts) {
      const before = since.parts.get(name)
      part.ms += (part.ms - (before?.ms ?? 0)) * times
      part.occupiedMs += (part.occupiedMs - (before?.occupiedMs ?? 0)) * times
      part.count += (part.count - (before?.count ?? 0)) * times
    }
    return shift
  }

  #conflict(a: Lane, b: Lane): boolean {
    if (a.key === b.key) return true
    const key = a.key < b.key ? `${a.key}\n${b.key}` : `${b.key}\n${a.key}`
    const known = this.#conflicts.get(key)
    if (known !== undefined) return known
    const meet = lanesMeet(a, b)
    this.#conflicts.set(key, meet)
    return meet
  }
}

function lanesMeet(a: Lane, b: Lane): boolean {
  if (a.load !== null && b.load !== null) {
    for (const link of a.load.links.keys()) if (b.load.links.has(link)) return true
    return false
  }
  return a.axes.some((axis) => b.axes.includes(axis))
}
