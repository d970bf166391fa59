import { describe, expect, it } from 'vitest'
import { compileRequest } from '../../../src/compiler/compile-request.ts'
import type { Mesh } from '../../../src/contract/mesh.ts'
import { toTuple } from '../../../src/interconnect/mesh-tuple.ts'
import { modelNames, resolveModel } from '../../../src/knowledge/data/models.ts'
import { modelTerms } from '../../../src/planner/model/model-terms.ts'
import { type ResolvedModel, resolveLayers } from '../../../src/planner/model/resolved-model.ts'
import { storedParameters } from '../../../src/planner/parameters.ts'
import { engineLaws } from '../../../src/planner/serving/engine-laws.ts'
import { shardsOf } from '../../../src/planner/shards.ts'
import { lacks, needing } from '../../support/needs.ts'
import { exampleWorkload } from '../../support/workload.ts'
import { randomGroups } from './random-groups.ts'
import { runPython } from './support.ts'

/**
 * [elements of all parameters, elements on one device] as the program lays them out, without the norms, which the planner leaves
 * out.
 */
const count = `
import json, math
from types import SimpleNamespace
from reference_program.params import is_param, parameter_tree
from reference_program.request import UnsupportedError, parse_request
from reference_program.sharding import Shardings
import jax
answers = []
for raw in json.load(sys.stdin):
    try:
        request = parse_request(raw)
    except UnsupportedError as error:
        answers.append(str(error))
        continue
    shardings = Shardings(SimpleNamespace(shape=request.mesh))
    total = local = 0
    for path, param in jax.tree_util.tree_leaves_with_path(parameter_tree(request.model), is_leaf=is_param):
        if "norm" in path[-1].key or path[-1].key == "extra":
            continue
        size = math.prod(param.shape)
        parts = [part for part in shardings.spec(param.axes, param.shape) if part]
        axes = [axis for part in parts for axis in ((part,) if isinstance(part, str) else part)]
        total += size
        local += size / math.prod(request.mesh[axis] for axis in axes)
    answers.append([total, local])
print(json.dumps(answers))
`
const meshes: Mesh[] = [{ data: 4 }, { data: 2, model: 2 }, { seq: 2, model: 4 }, { data: 2, expert: 2, model: 2 }]

/** Whether the axes divide what they cut; where one does not, the rules refuse the mesh or say what is left whole. */
function divides({ divisors: { heads, mlp, experts } }: ResolvedModel, { model = 1, expert = 1 }: Mesh): boolean {
  return heads % model === 0 && mlp % model === 0 && (expert === 1 || (experts > 1 && experts % expert === 0))
}

function countsOf(models: readonly ResolvedModel[]) {
  const cases = models.flatMap((model) => meshes.filter((mesh) => divides(model, mesh)).map((mesh) => ({ model, mesh })))
  const requests = cases.map(({ model, mesh }) =>
    compileRequest(
      exampleWorkload({ model: { ...model, extra_parameters: 0 } }),
      { mesh, dcn: {}, changes: {}, physical: 'contiguous' },
      { effort: 'fast', hloPath: null },
    ),
  )
  const answers = runPython('jax', count, JSON.stringify(requests)) as (string | [number, number])[]
  const laws = engineLaws({ framework: 'maxtext', phase: 'train', run: { flags: {} } })
  return cases.map(({ model, mesh }, i) => {
    const answer = answers[i]!
    if (typeof answer === 'string') return { name: model.name, mesh, missing: answer, off: 0, offOnDevice: 0 }
    const terms = modelTerms({ ...model, extra_parameters: 0 })
    const stored = storedParameters(
      { ...model, extra_parameters: 0 },
      terms,
      shardsOf(model, { ici: toTuple(mesh), dcn: toTuple({}), laws }),
    )
    return { name: model.name, mesh, missing: null, off: answer[0] / terms.total - 1, offOnDevice: answer[1] / stored - 1 }
  })
}

describe.skipIf(lacks('jax'))(needing("the compiler program's parameters", 'jax'), () => {
  it('are those that the planner counts, of every model of the library and on every axis', () => {
    const counts = countsOf(modelNames().map((name) => resolveModel(name)))
    expect(counts.filter(({ missing }) => missing === null).length).toBeGreaterThan(150)
    for (const { missing } of counts) expect(missing ?? 'keep a state').toMatch(/keep a state|another layer's keys and values/)
    expect(counts.filter(({ off }) => Math.abs(off) > 1e-9)).toEqual([])
    // small tensors that an axis does not divide lie whole
    expect(counts.filter(({ offOnDevice }) => Math.abs(offOnDevice) > 0.002)).toEqual([])
  })

  it('are those that the planner counts, of any mix of layers', () => {
    const models = randomGroups(40).map((layers, i) => resolveLayers({ name: `mix ${i}`, embed: 512, vocab: 1024, layers }))
    const counts = countsOf(models)
    expect(counts.filter(({ missing }) => missing !== null)).toEqual([])
    expect(counts.filter(({ off, offOnDevice }) => Math.abs(off) > 1e-9 || Math.abs(offOnDevice) > 1e-9)).toEqual([])
  })
})
