import { randomNumbers } from '../../src/numbers/random-numbers.ts'

type Mutation = (bytes: Uint8Array, random: () => number) => Uint8Array

const at = (bytes: Uint8Array, random: () => number): number => Math.floor(random() * Math.max(1, bytes.length))

/** Ways to damage a file: as disks and networks do, and as somebody with intent would. */
const mutations: readonly Mutation[] = [
  (bytes, random) => bytes.subarray(0, at(bytes, random)),
  (bytes, random) => {
    const out = new Uint8Array(bytes)
    for (let count = 1 + Math.floor(random() * 40); count > 0; count--) out[at(out, random)] = Math.floor(random() * 256)
    return out
  },
  (bytes, random) => {
    const out = new Uint8Array(bytes)
    for (let count = 1 + Math.floor(random() * 8); count > 0; count--) {
      const place = at(out, random)
      out[place] = (out[place] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    return out
  },
  // Other values in the same frame: the high bit, which says that a number goes on, stays.
  (bytes, random) => {
    const out = new Uint8Array(bytes)
    for (let count = 1 + Math.floor(random() * 6); count > 0; count--) {
      const place = at(out, random)
      out[place] = (out[place] ?? 0) ^ Math.floor(random() * 128)
    }
    return out
  },
  // A number that never ends, or is as large as numbers get.
  (bytes, random) => {
    const out = new Uint8Array(bytes)
    out.fill(0xff, at(out, random), at(out, random) + Math.floor(random() * 24))
    return out
  },
  (bytes, random) => {
    const from = at(bytes, random)
    const length = Math.floor(random() * 4000)
    const place = at(bytes, random)
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(from, from + length), bytes.subarray(place)])
  },
  (bytes, random) => {
    const place = at(bytes, random)
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + Math.floor(random() * 4000))])
  },
  (_bytes, random) => Uint8Array.from({ length: Math.floor(random() * 3000) }, () => Math.floor(random() * 256)),
  (bytes, random) => {
    const out = new Uint8Array(bytes)
    out.fill(0, at(out, random), at(out, random) + Math.floor(random() * 200))
    return out
  },
]

/** The input damaged once to three times, the same for the same seed. */
export function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const random = randomNumbers(seed)
  let out = bytes
  const gentle = random() < 0.5
  for (let rounds = gentle ? 1 : 1 + Math.floor(random() * 3); rounds > 0; rounds--) {
    const mutation = mutations[gentle ? 2 + Math.floor(random() * 2) : Math.floor(random() * mutations.length)] as Mutation
    out = mutation(out, random)
  }
  return out
}
