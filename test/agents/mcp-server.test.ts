import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { createMcpServer } from '../../src/agents/mcp-server.ts'
import { wholeCommands } from '../../src/cli/mcp-tools.ts'
import { caseEntry } from '../knowledge/entries.ts'
import { llamaExperiment, openTestService } from '../runs/service-fixture.ts'

let test: Awaited<ReturnType<typeof openTestService>>
let client: Client
const yaml = stringify(llamaExperiment)

beforeAll(async () => {
  test = await openTestService()
  await test.deps.library.upsert([caseEntry('secret', { tenant: 'T9', text: 'llama2-70b secret' })])
  const server = createMcpServer({ deps: test.deps, tenant: 'local', version: '0', more: wholeCommands(test, 'local') })
  client = new Client({ name: 'test', version: '0' })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(left), client.connect(right)])
})
afterAll(async () => {
  await client.close()
  await test.close()
})

async function call(name: string, input: object = {}) {
  const answer = await client.callTool({ name, arguments: { experiment: yaml, ...input } })
  return { isError: answer.isError === true, value: JSON.parse((answer.content as { text: string }[])[0]!.text) }
}

describe('prompts mcp', () => {
  it('lists the tools with their schemas', async () => {
    const { tools } = await client.listTools()
    expect(tools.map((tool) => tool.name)).toEqual([
      'diagnose',
      'plan',
      'compare',
      'read_profile',
      'get_report',
      'ops_by_source',
      'collectives_by_axis',
      'get_workload',
      'list_meshes',
      'evaluate_mesh',
      'explain_mesh',
      'compare_meshes',
      'search_cases',
      'search_docs',
    ])
    const evaluate = tools.find((tool) => tool.name === 'evaluate_mesh')!
    expect(evaluate.inputSchema.required).toEqual(['experiment', 'mesh'])
    expect(Object.keys(evaluate.inputSchema.properties!)).toEqual(['experiment', 'mesh', 'dcn', 'changes'])
  })

  it('diagnoses and plans whole jobs, and takes ids alone for profiles', async () => {
    const diagnosed = await call('diagnose')
    expect(diagnosed.value.advice).toContain('fsdp 64 instead of fsdp 8 · tensor 8')
    expect(diagnosed.value.diagnosis.cards).toHaveLength(3)
    expect((await call('diagnose', { said: 'seqlen=4096' })).value.error).toMatchObject({
      code: 'bad_arguments',
      hint: 'Did you mean seq_len=…?',
    })
    expect((await call('plan', { top: 2 })).value.ranked).toHaveLength(2)
    const line = await call('plan', { experiment: 'train llama3-8b on v5p-16, batch 64, seq 8192', top: 1 })
    expect(line.value.ranked).toHaveLength(1)
    expect(line.value.assumptions.length).toBeGreaterThan(0)
    expect(line.value.experiment_file).toContain('llama3-8b')
    const flow = await call('plan', { experiment: JSON.stringify({ id: 'x', hardware: 1 }) })
    expect(flow.value.error.code).toBe('bad_experiment')
    for (const run of ['../../etc/passwd', '/etc/passwd', 'https://evil.example/x']) {
      const refused = await client.callTool({ name: 'read_profile', arguments: { run } })
      expect(refused.isError).toBe(true)
      expect(JSON.stringify(refused)).toContain('bad_arguments')
    }
    expect((await client.callTool({ name: 'compare', arguments: { before: 'a-1' } })).isError).toBe(true)
  })

  it('answers with the same figures as the diagnosis', async () => {
    expect((await call('get_report')).value.bottleneck.class).toBe('communication')
    expect((await call('get_workload')).value.baseline.step_time_ms).toBeCloseTo(35_300, 0)
    const { value } = await call('list_meshes', { limit: 3 })
    expect(value.meshes).toHaveLength(3)
    const one = (await call('evaluate_mesh', { mesh: value.meshes[0].mesh })).value
    expect(one.step_time_ms).toBe(value.meshes[0].step_time_ms)
    expect((await call('evaluate_mesh', { mesh: { model: 64 } })).value.objections.length).toBeGreaterThan(0)
    expect((await call('search_docs', { query: 'tensor parallelism' })).value.docs[0].uri).toMatch(/^knowledge\/docs\//)
  })

  it('shows no other tenant’s case', async () => {
    const { value } = await call('search_cases', { query: 'secret', limit: 10 })
    expect(JSON.stringify(value)).not.toContain('secret')
  })

  it('answers what is wrong with an error that a program can read', async () => {
    expect(await call('evaluate_mesh', { mesh: { data: -1 } })).toMatchObject({
      isError: true,
      value: { error: { code: 'bad_arguments' } },
    })
    expect(await call('evaluate_mesh', { mesh: { data: 64 }, command: 'rm -rf' })).toMatchObject({ isError: true })
    expect(await call('launch')).toMatchObject({ isError: true, value: { error: { message: 'There is no tool launch.' } } })
    const answer = await client.callTool({ name: 'get_report', arguments: { experiment: 'id: x\nhardware: {chip: gpu}' } })
    expect(answer.isError).toBe(true)
    expect(JSON.stringify(await client.callTool({ name: 'get_report', arguments: {} }))).toContain('experiment is missing')
  })
})
