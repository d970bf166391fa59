import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import { createSource } from '../../../src/experiment/sources/create-sources.ts'
import type { ExperimentSource } from '../../../src/experiment/sources/experiment-source.ts'
import { findOptions } from '../../support/finding.ts'

const signal = new AbortController().signal
const secret = 'Zq8-longer-secret-77'
let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A server in front of nothing, that notes what it was asked. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer)
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
const open = (address: string, env: Record<string, string> = {}): ExperimentSource =>
  createSource(address, readConfig({ PROMPTS_HOME: tmpdir(), ...env }))
const json = (response: ServerResponse, data: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(data))

describe('servers behind what operators put in front of them', () => {
  it.each(['xprof', 'mlflow'])('keeps the base path, and sends what stood in the address as Basic authorization: %s', async (kind) => {
    const asked: { url: string; authorization: string }[] = []
    const host = await listen((request, response) => {
      asked.push({ url: request.url ?? '', authorization: request.headers.authorization ?? '' })
      json(response, request.url?.endsWith('/runs') ? ['exp-1/2026_01_01_00_00_00'] : { experiments: [{ experiment_id: '1' }], runs: [] })
    })
    const source = open(`${kind}+http://admin:${secret}@${host}/base/path`)
    const found = await source.find('exp-1', signal)
    expect(asked.every(({ url }) => url.startsWith('/base/path/'))).toBe(true)
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`)
    expect(source.name).not.toContain(secret)
    if (kind === 'xprof') expect(found?.links[0]?.uri).toMatch(/\/base\/path\/\?run=/)
    expect(JSON.stringify(found)).not.toContain(secret)
  })

  it("takes MLflow's own variables, and a header for XProf", async () => {
    const asked: IncomingMessage['headers'][] = []
    const host = await listen((request, response) => {
      asked.push(request.headers)
      json(response, request.url?.includes('/data/plugin') ? [] : { experiments: [] })
    })
    await open(`mlflow+http://${host}`, { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: secret }).find('a', signal)
    await open(`mlflow+http://${host}`, { MLFLOW_TRACKING_TOKEN: 'tok' }).find('a', signal)
    await open(`xprof+http://${host}`, { PROMPTS_XPROF_HEADER: 'X-Proxy-Key: abc def' }).find('a', signal)
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from(`me:${secret}`).toString('base64')}`)
    expect(asked.find((headers) => headers.authorization === 'Bearer tok')).toBeDefined()
    expect(asked.at(-1)?.['x-proxy-key']).toBe('abc def')
  })

  it.each([401, 403])('says that credentials are missing or refused (%i), without showing any', async (status) => {
    const host = await listen((_, response) => response.writeHead(status).end('no'))
    const failure = await open(`xprof+http://admin:${secret}@${host}`)
      .find('a', signal)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`(${status})`),
      hint: expect.stringContaining('PROMPTS_XPROF_HEADER'),
    })
    expect(String(failure)).not.toContain(secret)
  })

  it('tells a login page by where it sends', async () => {
    const host = await listen((_, response) =>
      response.writeHead(302, { location: 'https://accounts.example.com/o/oauth2/auth?x=1' }).end(),
    )
    await expect(open(`xprof+http://${host}`).find('a', signal)).rejects.toMatchObject({
      message: expect.stringContaining('asks for a login at accounts.example.com'),
    })
  })

  it('says that a port does not speak TLS', async () => {
    const host = await listen((_, response) => response.end())
    await expect(open(`mlflow+https://admin:${secret}@${host}`).find('a', signal)).rejects.toMatchObject({
      message: expect.stringMatching(/does not speak TLS: is it http:\/\/ there\?$/),
    })
  })

  it('refuses addresses of no known kind, and shows no credential of one that cannot be read', () => {
    expect(() => open('http://host:1/runs')).toThrow(/starts with http:/)
    expect(() => open(`mlflow+http://admin:${secret}@host:notaport`)).toThrow(expect.not.stringContaining(secret))
  })
})

describe('findExperiment', () => {
  const having = (name: string, ids: string[]): ExperimentSource => ({
    name: `folder ${name}`,
    find: async (id) =>
      ids.includes(id)
        ? {
            id,
            origin: `folder ${name}`,
            experiment: null,
            draft: null,
            slice: null,
            profile: { name: id, open: async () => id },
            links: [],
            notes: [],
          }
        : null,
    list: async () =>
      ids.map((id) => ({ id, chip: null, topology: null, model: null, phase: null, step_time_ms: null, has_profile: null, at: null })),
  })
  const hung: ExperimentSource = { name: 'MLflow server http://slow', find: () => new Promise(() => {}), list: () => new Promise(() => {}) }
  const options = findOptions({ deadlineMs: 200 })

  it('waits no longer than its deadline for a source that hangs, and names it', async () => {
    const found = await findExperiment('exp-1', [hung, having('a', ['exp-1'])], signal, options)
    expect(found.notes).toEqual(['MLflow server http://slow did not answer in 0.2 s: what it has of this run is not used'])
    await expect(findExperiment('exp-2', [hung, having('a', ['exp-1'])], signal, options)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('MLflow server http://slow did not answer'),
    })
  })

  it('tells a channel only of what it may know, and no address', async () => {
    const channel = { ...options, audience: (id: string) => id.startsWith('mine') }
    const sources = [having('/srv/secret-place', ['mine-1', 'yours-1'])]
    const failure = await findExperiment('yours-2', sources, signal, channel).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'unknown_experiment', hint: 'There are: mine-1' })
    expect(String(failure)).not.toContain('/srv')
    await expect(findExperiment('mine-2', [hung, ...sources], signal, channel)).rejects.toThrow(/not every source answered: MLflow server$/)
  })

  it('never suggests the very name that was asked for', async () => {
    const listedOnly = { ...having('a', []), list: having('a', ['exp-1', 'exp-12']).list }
    await expect(findExperiment('exp-1', [listedOnly], signal, options)).rejects.toMatchObject({
      hint: 'Nearest: exp-12',
      choices: [{ value: 'exp-12' }],
    })
  })
})
