import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { compileRequest } from '../../../src/compiler/compile-request.ts'
import { experimentSchema } from '../../../src/contract/experiment.ts'
import { resolveWorkload } from '../../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../../src/knowledge/data/catalog.ts'
import { lacks, needing, projectRoot } from '../../support/needs.ts'
import { runPython, smallRequest } from './support.ts'

const parse = `
import json
from reference_program.request import RequestError, parse_request
from reference_program.features import program_version
answers = []
for raw in json.load(sys.stdin):
    try:
        request = parse_request(raw)
        layers = [[group.repeat, *(layer.mlp.width for layer in group.layers if layer.mlp)] for group in request.model.groups]
        answers.append({"program": program_version(request), "mesh": request.mesh, "widths": layers})
    except RequestError as error:
        answers.append(str(error))
print(json.dumps(answers))
`
const parsed = (requests: unknown[]) => runPython('python', parse, JSON.stringify(requests)) as unknown[]
const { run, model } = smallRequest
const plain = { kind: 'full', heads: 4, kv_heads: 2, head_dim: 128 }
const grouped = (groups: unknown[]) => ({ embed: 512, vocab: 1024, groups })

describe.skipIf(lacks('python'))(needing('the request of the compiler program', 'python'), () => {
  it('refuses a key that it does not know or lacks, and names it', () => {
    expect(
      parsed([
        { ...smallRequest, meshes: {} },
        { ...smallRequest, run: { ...run, global_bach: 4 } },
        { ...smallRequest, mesh: { tensor: 2 } },
        { ...smallRequest, dcn: { data: 2, fsdp: 2 } },
        { ...smallRequest, model: { ...model, layers: undefined } },
        { ...smallRequest, run: undefined },
        { ...smallRequest, phase: undefined },
      ]),
    ).toEqual([
      'request has unknown keys: meshes',
      'run has unknown keys: global_bach',
      'mesh has unknown axes: tensor',
      'dcn has unknown axes: fsdp',
      expect.stringMatching(/lacks a key: .*'layers'/),
      'The request lacks run',
      expect.stringMatching(/lacks a key: 'phase'/),
    ])
  })

  it('takes what is asked for every example, engines and requests in flight too', () => {
    const examples = join(projectRoot, 'examples')
    const names = readdirSync(examples).filter((name) => !name.includes('.'))
    const catalog = openCatalog()
    const requests = names.map((name) => {
      const experiment = experimentSchema.parse(parseYaml(readFileSync(join(examples, name, 'experiment.yaml'), 'utf8')))
      const workload = resolveWorkload(experiment, catalog)
      const candidate = { mesh: experiment.mesh ?? { data: workload.slice.devices }, dcn: {}, changes: {}, physical: 'contiguous' as const }
      return compileRequest(workload, candidate, { effort: 'fast', hloPath: null })
    })
    const answers = parsed(requests)
    expect(answers.filter((answer) => typeof answer === 'string')).toEqual([])
  })

  it('says which kinds of layers it has no program for, and which types', () => {
    const linear = { attention: { kind: 'linear', variant: 'mamba2', dims: {} }, mlp: null }
    const shares = { attention: { ...plain, shares_kv: true }, mlp: { kind: 'dense', width: 8 } }
    expect(
      parsed([
        { ...smallRequest, model: grouped([{ repeat: 2, layers: [linear, { attention: plain, mlp: null }, shares] }]) },
        { ...smallRequest, run: { ...run, weight_dtype: 'fp4' } },
        { ...smallRequest, model: grouped([{ repeat: 2, layers: [{ attention: { ...plain, sinks: 1 }, mlp: null }] }]) },
        { ...smallRequest, model: { ...model, groups: [] } },
      ]),
    ).toEqual([
      "the reference program has no mamba2 layers, which keep a state, layers that read another layer's keys and values",
      'the reference program has no weight_dtype fp4',
      'attention has unknown keys: sinks',
      expect.stringMatching(/^model has unknown keys: .*heads/),
    ])
  })

  it('names the parts of the program that a verdict depends on, and no others', () => {
    const mla = { kind: 'mla', heads: 4, kv_lora_rank: 64, qk_nope_head_dim: 128, qk_rope_head_dim: 64, v_head_dim: 128 }
    const mlp = { kind: 'dense', width: 1024 }
    const chunked = { attention: { ...plain, kind: 'chunked', window: 128 }, mlp }
    const patterns = grouped([{ repeat: 2, layers: [{ attention: mla, mlp }, chunked] }])
    const moe = { ...model, experts: 8, experts_per_token: 2, shared_experts: 1, dense_layers: 1 }
    expect(
      parsed([
        smallRequest,
        { ...smallRequest, model: moe, run: { ...run, moe: 'dropless', microbatches: 2, remat: 'minimal_offloaded', optimizer: 'lion' } },
        { ...smallRequest, phase: 'decode' },
        { ...smallRequest, mesh: { stage: 2, data: 2 } },
        { ...smallRequest, run: { ...run, remat_patterns: true }, model: patterns },
      ]),
    ).toEqual([
      { program: 'core.1+flash.1', mesh: { replica: 1, stage: 1, data: 2, seq: 1, model: 2, expert: 1 }, widths: [[2, 1024]] },
      expect.objectContaining({
        program: 'core.1+flash.1+dropless.1+offload.2+saved_mlp.1+accumulation.1+lion.1',
        widths: [
          [1, 3 * 1024],
          [1, 1024],
        ],
      }),
      expect.objectContaining({ program: 'core.1+dot_product.1+decode.1' }),
      expect.objectContaining({ program: expect.stringContaining('pipeline') }),
      expect.objectContaining({ program: 'core.1+flash.1+mla.1+chunked.1+mixed_layers.1+whole_patterns.1' }),
    ])
  })
})
