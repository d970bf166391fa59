/** A buffer that is alive where a device's memory is fullest. */
export interface LiveBuffer {
  /** The framework's name of the op that allocated it; empty where the profile does not say. */
  op: string
  shape: string
  bytes: number
  /** How many of the same op, shape and size are alive. */
  count: number
}

interface Change {
  atPs: number
  device: number
  address: number
  bytes: number
  allocates: boolean
  op: number
  shape: number
  used: number
}

/** More than the allocator does in the seconds that a trace takes. */
const maxChanges = 1 << 18
/** Bits of the slots that hold address, size, op and shape. */
const bits = { address: 1 << 5, bytes: 1 << 6, op: 1 << 7, shape: 1 << 8 }

/** What a host's allocators did, kept small: names stay references until they are asked for. */
export class AllocationLog {
  readonly #changes: Change[] = []
  readonly #names: ReadonlyMap<number, string>

  constructor(names: ReadonlyMap<number, string>) {
    this.#names = names
  }

  add(values: Float64Array, present: number, event: { change: 'allocates' | 'frees'; atPs: number; device: number; used: number }): void {
    if (this.#changes.length >= maxChanges || (present & bits.bytes) === 0) return
    this.#changes.push({
      atPs: event.atPs,
      device: event.device,
      address: (present & bits.address) !== 0 ? (values[5] as number) : Number.NaN,
      bytes: values[6] as number,
      allocates: event.change === 'allocates',
      op: (present & bits.op) !== 0 ? (values[7] as number) : -1,
      shape: (present & bits.shape) !== 0 ? (values[8] as number) : -1,
      used: event.used,
    })
  }

  /**
   * The buffers alive at the peak of the device that used most, the largest first; what was allocated before the trace is not
   * seen.
   */
  atPeak(): { device: number; usedBytes: number; buffers: LiveBuffer[] } | null {
    const peak = this.#changes.reduce<Change | null>((most, change) => (change.used > (most?.used ?? 0) ? change : most), null)
    if (peak === null) return null
    const alive = new Map<number, Change>()
    const own = this.#changes.filter((change) => change.device === peak.device).sort((a, b) => a.atPs - b.atPs)
    for (const change of own) {
      if (change.allocates) alive.set(change.address, change)
      else alive.delete(change.address)
      if (change === peak) break
    }
    const buffers = new Map<string, LiveBuffer>()
    for (const { op, shape, bytes } of alive.values()) {
      const key = `${op} ${shape} ${bytes}`
      const known = buffers.get(key) ?? { op: this.#names.get(op) ?? '', shape: this.#names.get(shape) ?? '', bytes, count: 0 }
      known.count++
      buffers.set(key, known)
    }
    return {
      device: peak.device,
      usedBytes: peak.used,
      buffers: [...buffers.values()].sort((a, b) => b.bytes * b.count - a.bytes * a.count).slice(0, 25),
    }
  }
}
