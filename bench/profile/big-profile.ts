import { closeSync, openSync, writeSync } from 'node:fs'
import type { ProfileSpec } from '../../test/support/synthetic-profile.ts'
import { syntheticPieces } from '../../test/support/synthetic-profile.ts'

/**
 * A training profile of eight cores whose size is set by how many steps it holds: the shape of real ones, loops of fusions and
 * collectives.
 */
export function trainingSpec(steps: number): ProfileSpec {
  const fusions = Array.from({ length: 18 }, (_, index) => ({
    op: {
      name: `fusion.${index}`,
      category: index % 3 === 0 ? 'loop fusion' : 'convolution fusion',
      us: 40 + index * 3,
      flops: (40 + index * 3) * 5e8,
      bytes: 1e7,
      tfOp: `jit(train_step)/decoder/layers/part_${index}/dot_general:`,
      source: `layers.py:${index}`,
    },
  }))
  return {
    hostname: 'synthetic-profile',
    note: 'synthetic',
    chip: { type: 'TPU v6 Lite', tflops: 918, hbmGbps: 1638, vmemGbps: 20_000 },
    cores: 8,
    steps,
    gapUs: 20,
    jitter: 0.05,
    mxuPercent: 40,
    memoryGib: { reserved: 4, allocated: 12, available: 15 },
    step: [
      {
        loop: 'while.1',
        times: 32,
        body: [
          { start: '1', collective: 'all-gather', us: 500, bytes: 1 << 24 },
          ...fusions,
          { done: '1' },
          { op: { name: 'all-reduce.2', category: 'all-reduce', us: 90, bytes: 1 << 22 } },
        ],
      },
      { op: { name: 'fusion.adam', category: 'loop fusion', us: 900, flops: 1e8, bytes: 1e9 } },
    ],
  }
}

/** Writes a profile of about `megabytes` and answers its size in bytes. */
export function writeBigProfile(path: string, megabytes: number): number {
  // A step of this shape takes about 258 kB.
  const pieces = syntheticPieces(trainingSpec(Math.max(3, Math.round((megabytes * 1e6) / 258_000))))
  const file = openSync(path, 'w')
  let size = 0
  for (const piece of pieces) {
    writeSync(file, piece)
    size += piece.length
  }
  closeSync(file)
  return size
}
