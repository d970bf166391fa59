import { describe, expect, it } from 'vitest'
import { lacks, needing } from '../../support/needs.ts'
import { runPython, smallRequest } from './support.ts'

const parse = `
import json
from request import RequestError, parse_request
from features import program_version
answers = []
for raw in json.load(sys.stdin):
    try:
        request = parse_request(raw)
        answers.append({"program": program_version(request), "mesh": request.mesh, "dense_mlp": request.model.dense_mlp})
    except RequestError as error:
        answers.append(str(error))
print(json.dumps(answers))
`
const parsed = (requests: unknown[]) => runPython('python', parse, JSON.stringify(requests)) as unknown[]
const { run, model } = smallRequest

describe.skipIf(lacks('python'))(needing('the request of the compiler program', 'python'), () => {
  it('refuses what it does not know, and names the nearest key', () => {
    expect(
      parsed([
        { ...smallRequest, meshes: {} },
        { ...smallRequest, run: { ...run, global_bach: 4 } },
        { ...smallRequest, mesh: { tensor: 2 } },
        { ...smallRequest, phase: 'training' },
        { ...smallRequest, model: { ...model, layers: undefined } },
        { ...smallRequest, model: { ...model, kv_heads: 3 } },
        { ...smallRequest, run: { ...run, seq_len: '512' } },
      ]),
    ).toEqual([
      "request has an unknown key 'meshes'; did you mean mesh?",
      "run has an unknown key 'global_bach'; did you mean global_batch?",
      expect.stringContaining("mesh has an unknown key 'tensor'"),
      "phase must be one of train, prefill, decode, not 'training'",
      'model.layers is missing',
      'model.kv_heads 3 does not divide model.heads 4',
      "run.seq_len must be int, not '512'",
    ])
  })

  it('names the parts of the program that a verdict depends on, and no others', () => {
    const moe = { ...model, experts: 8, experts_per_token: 2, shared_experts: 1, dense_layers: 1 }
    expect(
      parsed([
        smallRequest,
        { ...smallRequest, model: moe, run: { ...run, moe: 'dropless', microbatches: 2, remat: 'minimal_offloaded', optimizer: 'lion' } },
        { ...smallRequest, phase: 'decode' },
        { ...smallRequest, mesh: { stage: 2, data: 2 } },
      ]),
    ).toEqual([
      { program: 'core.1+flash.1', mesh: { replica: 1, stage: 1, data: 2, seq: 1, model: 2, expert: 1 }, dense_mlp: 1024 },
      expect.objectContaining({
        program: 'core.1+flash.1+dropless.1+offload.2+saved_mlp.1+accumulation.1+lion.1',
        dense_mlp: 3 * 1024,
      }),
      expect.objectContaining({ program: 'core.1+dot_product.1+decode.1' }),
      expect.objectContaining({ program: expect.stringContaining('pipeline') }),
    ])
  })
})
