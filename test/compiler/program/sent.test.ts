import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileRequest } from '../../../src/compiler/compile-request.ts'
import { parseExperiment } from '../../../src/experiment/parse-experiment.ts'
import { resolveWorkload } from '../../../src/experiment/resolve-workload.ts'
import { findChip } from '../../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../../src/knowledge/data/models.ts'
import { findSlice } from '../../../src/knowledge/data/topologies.ts'
import { lacks, needing, projectRoot } from '../../support/needs.ts'
import { runPython } from './support.ts'

const examples = ['llama2-70b-v5p', 'mixtral-v6e', 'decode-v6e', 'llama3-70b-vllm-v6e', 'deepseek2-v5p-cold', 'gemma3-12b-v6e-cold']
const options = { effort: 'fast', hloPath: null } as const

const workloadOf = (example: string) => {
  const text = readFileSync(join(projectRoot, 'examples', example, 'experiment.yaml'), 'utf8')
  return resolveWorkload(parseExperiment(text, example), { findChip, findSlice, resolveModel })
}

describe.skipIf(lacks('python'))(needing('what is sent to the compiler program', 'python'), () => {
  it('is what the program reads, for every kind of example', () => {
    const requests = examples.map((name) =>
      compileRequest(workloadOf(name), { mesh: { data: 2 }, dcn: {}, changes: {}, physical: 'contiguous' }, options),
    )
    const read = `
import json
from reference_program.request import RequestError, UnsupportedError, parse_request
answers = []
for raw in json.load(sys.stdin):
    try:
        answers.append(parse_request(raw).run.seq_len)
    except UnsupportedError:
        answers.append("unsupported")
    except RequestError as error:
        answers.append(str(error))
print(json.dumps(answers))
`
    const seqLens = requests.map(({ run }) => run.seq_len)
    const answers = runPython('python', read, JSON.stringify(requests)) as unknown[]
    expect(answers.map((answer, i) => (answer === 'unsupported' ? seqLens[i] : answer))).toEqual(seqLens)
  })
})
