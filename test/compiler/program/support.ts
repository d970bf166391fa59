import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findPython, projectRoot } from '../../support/needs.ts'

const programFolder = join(projectRoot, 'src', 'compiler', 'python')

/** Runs a few lines of Python beside the program's modules and gives what they print as JSON. */
export function runPython(need: 'python' | 'jax', code: string, stdin = ''): unknown {
  const python = findPython(need)
  if (python === null) throw new Error(`no Python with ${need}`)
  const run = spawnSync(python, ['-c', `import sys; sys.path.insert(0, ${JSON.stringify(programFolder)})\n${code}`], {
    input: stdin,
    encoding: 'utf8',
    timeout: 280_000,
    env: { PATH: process.env['PATH'] ?? '', JAX_PLATFORMS: 'cpu' },
  })
  if (run.status !== 0) throw new Error(run.stderr.slice(-2000))
  return JSON.parse(run.stdout)
}

/** Sends one request to the program, as the client does. */
export function compileWith(request: unknown): Record<string, unknown> {
  const python = findPython('jax')
  if (python === null) throw new Error('no Python with jax')
  const run = spawnSync(python, [programFolder], { input: JSON.stringify(request), encoding: 'utf8', timeout: 280_000 })
  if (run.status !== 0) throw new Error(run.stderr.slice(-2000))
  return JSON.parse(run.stdout)
}

/** A small model on four v6e chips, so that a compile takes seconds. */
export const smallRequest = {
  target: { platform_topology: 'v6e:2x2', chip_config: null, num_slices: 1, wrap: null, chips_per_host_bounds: null },
  model: { layers: 2, embed: 512, mlp: 1024, heads: 4, kv_heads: 2, head_dim: 128, vocab: 1024, gated_mlp: true, tied_embeddings: false },
  phase: 'train',
  run: { global_batch: 8, seq_len: 512, remat: 'full' },
  mesh: { data: 2, model: 2 },
  dcn: {},
  split_physical_axes: false,
  effort: 'fast',
  hlo_path: null,
}
