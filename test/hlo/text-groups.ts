/** Replica groups as XLA writes them, spelled out one by one (an independent reading, for tests). */
export function groupsOfText(text: string): number[][] {
  if (text.startsWith('{')) return [...text.matchAll(/\{([\d,]+)\}/g)].map(([, ids]) => ids!.split(',').map(Number))
  if (text.startsWith('mesh')) return meshGroups(text)
  return iotaGroups(text)
}

/** `[2,4]<=[4,2]T(1,0)`: two groups of four out of 0…7 reshaped and transposed. */
function iotaGroups(text: string): number[][] {
  const match = /^\[([\d,]+)\]<=\[([\d,]+)\](?:T\(([\d,]+)\))?$/.exec(text)
  if (!match) throw new Error(`cannot read ${text}`)
  const [size, dims, order] = [match[1]!, match[2]!, match[3]].map((list) => list?.split(',').map(Number))
  const transposed = order ?? dims!.map((_, i) => i)
  const shape = transposed.map((axis) => dims![axis]!)
  const flat: number[] = []
  const total = shape.reduce((a, b) => a * b, 1)
  for (let i = 0; i < total; i++) {
    const place = unravel(i, shape)
    const at = dims!.map((_, axis) => place[transposed.indexOf(axis)]!)
    flat.push(ravel(at, dims!))
  }
  const [groups, members] = size!
  return Array.from({ length: groups! }, (_, g) => flat.slice(g * members!, (g + 1) * members!))
}

/** `mesh['a'=4,'b'=2] {'a':(2)2,'b'}`: devices that agree on everything else. */
function meshGroups(text: string): number[][] {
  const match = /^mesh\[(.*?)\] ?\{(.*)\}$/.exec(text)
  if (!match) throw new Error(`cannot read ${text}`)
  const axes = [...match[1]!.matchAll(/'([^']+)'=(\d+)/g)].map(([, name, size]) => ({ name: name!, size: Number(size) }))
  const refs = [...match[2]!.matchAll(/'([^']+)'(?::\((\d+)\)(\d+))?/g)].map(([, name, pre, size]) => ({ name: name!, pre, size }))
  const dims = axes.map(({ size }) => size)
  const total = dims.reduce((a, b) => a * b, 1)
  const groups = new Map<string, { key: number; device: number }[]>()
  for (let device = 0; device < total; device++) {
    const rest = unravel(device, dims)
    let key = 0
    for (const { name, pre, size } of refs) {
      const axis = axes.findIndex((each) => each.name === name)
      const whole = dims[axis]!
      const length = size === undefined ? whole : Number(size)
      const inner = whole / (Number(pre ?? 1) * length)
      const place = Math.floor(Math.floor(device / stride(dims, axis)) / inner) % length
      rest[axis] = rest[axis]! - place * inner
      key = key * length + place
    }
    const group = groups.get(rest.join()) ?? []
    group.push({ key, device })
    groups.set(rest.join(), group)
  }
  return [...groups.values()].map((group) => group.toSorted((a, b) => a.key - b.key).map(({ device }) => device))
}

function stride(dims: readonly number[], axis: number): number {
  return dims.slice(axis + 1).reduce((a, b) => a * b, 1)
}

function unravel(index: number, dims: readonly number[]): number[] {
  return dims.map((size, axis) => Math.floor(index / stride(dims, axis)) % size)
}

function ravel(at: readonly number[], dims: readonly number[]): number {
  return at.reduce((sum, place, axis) => sum + place * stride(dims, axis), 0)
}
