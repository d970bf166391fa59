import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileResponseSchema } from '../../../src/compiler/protocol.ts'
import { lacks, needing } from '../../support/needs.ts'
import { randomGroups } from './random-groups.ts'
import { compileWith, runPython, smallRequest } from './support.ts'

const patient = { timeout: 290_000 }

describe.skipIf(lacks('jax'))(needing('the compiler program with the real compiler', 'jax'), () => {
  it('says that a small step fits, and writes its module', patient, () => {
    const folder = mkdtempSync(join(tmpdir(), 'prompts-program-'))
    const path = join(folder, 'module.hlo.pb.gz')
    const flags = { LIBTPU_INIT_ARGS: '--xla_tpu_enable_async_collective_fusion=false --xla_tpu_nonsense=true', scan_layers: 'true' }
    // a prefill compiles in a quarter of a training step's time
    const request = { ...smallRequest, phase: 'prefill', run: { ...smallRequest.run, flags }, hlo_path: path }
    const response = compileResponseSchema.parse(compileWith(request))
    const message = 'with xla_tpu_enable_async_collective_fusion=false; without xla_tpu_nonsense, scan_layers'
    expect(response).toMatchObject({ status: 'fits', available_gib: 31.25, hlo_path: path, message })
    expect(response.required_gib).toBeGreaterThan(0.01)
    expect(response.required_gib).toBe(response.memory?.peak_gib)
    expect(existsSync(path)).toBe(true)
    rmSync(folder, { recursive: true })
  })

  it('compiles a training step for tpu7x at fast effort, where libtpu aborts unless collectives stay off SparseCore', patient, () => {
    const target = { ...smallRequest.target, platform_topology: 'tpu7x:2x2x1' }
    expect(compileWith({ ...smallRequest, target, mesh: { data: 4, model: 2 } })).toMatchObject({ status: 'fits', available_gib: 94.75 })
  })

  it('says out of memory with the figure', patient, () => {
    const model = { ...smallRequest.model, embed: 8192, mlp: 65536, layers: 8 }
    const response = compileResponseSchema.parse(compileWith({ ...smallRequest, model }))
    expect(response).toMatchObject({ status: 'oom', available_gib: 31.25, memory: null })
    expect(response.required_gib).toBeGreaterThan(31.25)
  })

  it('gives a reason, not a crash, for a request that cannot be', patient, () => {
    expect(compileWith({ ...smallRequest, mesh: { data: 3 } })).toMatchObject({
      status: 'error',
      message: 'the mesh multiplies to 3, but a slice has 4 devices',
    })
    expect(compileWith({ ...smallRequest, run: { ...smallRequest.run, global_batch: 7 } })).toMatchObject({
      status: 'error',
      message: 'a microbatch of 7 sequences is not divisible by replica x data x expert = 2',
    })
    expect(compileWith({ ...smallRequest, run: { ...smallRequest.run, remat: 'my_own' } })).toMatchObject({
      status: 'unsupported',
      message: "remat 'my_own' is not in the reference program",
    })
  })

  it('lowers every phase and axis of a mixture of experts', patient, () => {
    const moe = { ...smallRequest.model, experts: 4, experts_per_token: 2, shared_experts: 1 }
    const lowered = runPython(
      'jax',
      `
import json
from reference_program.main import ENVIRONMENT
import os; os.environ.update(ENVIRONMENT)
from reference_program.compile import lower
from reference_program.request import parse_request
texts = []
for raw in json.load(sys.stdin):
    texts.append([word for word in ("ragged_all_to_all", "tpu_custom_call", "pinned_host") if word in lower(parse_request(raw))[0].as_text()])
print(json.dumps(texts))
`,
      JSON.stringify([
        {
          ...smallRequest,
          model: { ...moe, dense_layers: 1 },
          run: { ...smallRequest.run, moe: 'dropless' },
          mesh: { data: 2, expert: 2 },
        },
        { ...smallRequest, model: moe, mesh: { stage: 2, data: 2 } },
        { ...smallRequest, phase: 'prefill', mesh: { seq: 2, model: 2 } },
        { ...smallRequest, model: moe, phase: 'decode', mesh: { replica: 2, expert: 2 } },
        {
          ...smallRequest,
          run: { ...smallRequest.run, matmul_dtype: 'int8', microbatches: 2, optimizer: 'adafactor', attention: 'dot_product' },
        },
        { ...smallRequest, run: { ...smallRequest.run, flags: { optimizer_memory_host_offload: 'true' } } },
        { ...smallRequest, run: { ...smallRequest.run, remat: 'custom', flags: { qkv_proj: 'offload', decoder_layer_input: 'device' } } },
      ]),
    )
    const withHost = ['tpu_custom_call', 'pinned_host']
    expect(lowered).toEqual([
      ['ragged_all_to_all', 'tpu_custom_call'],
      ['tpu_custom_call'],
      ['tpu_custom_call'],
      [],
      [],
      withHost,
      withHost,
    ])
  })

  it('pads heads to whole lanes, but not where keys are gathered over seq: XLA ends in an error of its own there', patient, () => {
    const narrow = { ...smallRequest, model: { ...smallRequest.model, head_dim: 64 } }
    const pads = runPython(
      'jax',
      `
import json
from reference_program.main import ENVIRONMENT
import os; os.environ.update(ENVIRONMENT)
from reference_program.compile import lower
from reference_program.request import parse_request
print(json.dumps(["stablehlo.pad" in lower(parse_request(raw))[0].as_text() for raw in json.load(sys.stdin)]))
`,
      JSON.stringify([narrow, { ...narrow, mesh: { seq: 2, data: 2 } }]),
    )
    expect(pads).toEqual([true, false])
  })

  it('lowers every mix of layers that has a program, in every phase', patient, () => {
    const phases = [
      { run: { attention: 'dot_product' }, mesh: { data: 2, model: 2 } },
      { run: { remat_patterns: true, moe: 'dropless' }, mesh: { data: 2, expert: 2 } },
      { phase: 'prefill', mesh: { seq: 2, model: 2 } },
      { phase: 'decode', run: { kv_dtype: 'int8', weight_dtype: 'int4' }, mesh: { data: 2, model: 2 } },
    ]
    const requests = randomGroups(4).map((groups, i) => {
      const { run, ...rest } = { run: {}, ...phases[i % phases.length] }
      return { ...smallRequest, model: { embed: 512, vocab: 1024, groups }, ...rest, run: { ...smallRequest.run, ...run } }
    })
    const one = requests[0]!
    const stages = { ...one, model: { ...one.model, groups: [{ ...one.model.groups[0]!, repeat: 4 }] }, mesh: { stage: 2, data: 2 } }
    const two = { ...stages, model: { ...one.model, groups: [one.model.groups[0], one.model.groups[0]] } }
    const lowered = runPython(
      'jax',
      `
import json
from reference_program.main import ENVIRONMENT
import os; os.environ.update(ENVIRONMENT)
from reference_program.compile import lower
from reference_program.request import UnsupportedError, parse_request
answers = []
for raw in json.load(sys.stdin):
    try:
        answers.append("module" in lower(parse_request(raw))[0].as_text())
    except UnsupportedError as error:
        answers.append(str(error))
print(json.dumps(answers))
`,
      JSON.stringify([...requests, stages, two]),
    )
    expect(lowered).toEqual([...requests.map(() => true), true, expect.stringMatching(/no pipeline over more than one group/)])
  })

  it('makes attention masks as the kernel would without the shortcut', patient, () => {
    const same = runPython(
      'jax',
      `
import json, numpy as np, jax
from reference_program.attention import _mask, _quick_blocks
from reference_program.model_spec import PlainAttention
from jax.experimental.pallas.ops.tpu import splash_attention as splash
blocks = splash.BlockSizes(block_q=128, block_kv=256, block_kv_compute=128, block_q_dkv=128, block_kv_dkv=256,
                           block_kv_dkv_compute=128, block_q_dq=128, block_kv_dq=256)
def arrays(mask, seq):
    return jax.tree.leaves(splash.make_splash_mha(splash.MultiHeadMask([mask] * 2), block_sizes=blocks, head_shards=2, q_seq_shards=seq))
def same(kind, window, seq):
    attention = PlainAttention(kind, 2, 2, 128, 128, window)
    plain, quick = _mask(attention, 1024, seq), _quick_blocks(_mask(attention, 1024, seq), attention)
    return all(np.array_equal(a, b) for a, b in zip(arrays(plain, seq), arrays(quick, seq), strict=True))
kinds = [("full", None), *((kind, window) for kind in ("window", "chunked") for window in (1, 257, 512))]
print(json.dumps([same(*kind, seq) for kind in kinds for seq in (1, 2)]))
`,
    )
    expect(same).toEqual(Array(14).fill(true))
  })
})
