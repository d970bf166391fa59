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
        answers.append({"program": program_version(request), "mesh": request.mesh, "dense_mlp": request.model.dense_mlp})
    except RequestError as error:
        answers.append(str(error))
print(json.dumps(answers))
`
const parsed = (requests: unknown[]) => runPython('python', parse, JSON.stringify(requests)) as unknown[]
const { run, model } = smallRequest

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
    const catalog = openCatalog(undefined)
    const requests = names.map((name) => {
      const experiment = experimentSchema.parse(parseYaml(readFileSync(join(examples, name, 'experiment.yaml'), 'utf8')))
      const workload = resolveWorkload(experiment, catalog)
      const candidate = { mesh: experiment.mesh ?? { data: workload.slice.devices }, dcn: {}, changes: {}, physical: 'contiguous' as const }
      return compileRequest(workload, candidate, { effort: 'fast', hloPath: null })
    })
    const answers = parsed(requests)
    expect(answers.filter((answer) => typeof answer === 'string' && !answer.startsWith('the reference program compiles'))).toEqual([])
  })

  it('says which kinds of layers it has no program for', () => {
    const layer = { attention: { kind: 'mla' }, mlp: { kind: 'moe', shared_width: 64 } }
    const grouped = { embed: 64, vocab: 100, groups: [{ repeat: 2, layers: [layer, { attention: null, mlp: { kind: 'dense' } }] }] }
    expect(parsed([{ ...smallRequest, model: grouped }])).toEqual([
      expect.stringMatching(/one kind of layer.*mla attention.*shared experts.*layers without attention/),
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
