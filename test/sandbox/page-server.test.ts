import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toMarkup } from '../../src/sandbox/actions.ts'
import { type PageServer, startPageServer } from '../../src/sandbox/page-server.ts'

describe("the page's server", () => {
  let server: PageServer
  const acted: unknown[] = []
  const files: Record<string, { type: string; body: Buffer }> = {
    FABCDE: { type: 'image/png', body: Buffer.from('png') },
    FPAGE1: { type: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html>') },
  }

  beforeAll(async () => {
    server = await startPageServer({
      port: 0,
      handlers: {
        snapshot: async (user) => ({ me: user }),
        act: async (action) => void acted.push(action),
        file: async (id) => files[id] ?? null,
      },
    })
  })
  afterAll(() => server.close())

  /** A request as it is: `fetch` would tidy the path and refuse the Host header. */
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', body = '') =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      const { port } = new URL(server.url)
      const asked = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks).toString() }))
      })
      asked.once('error', reject)
      asked.end(body)
    })

  it('serves the page and its parts under a strict content policy', async () => {
    for (const path of ['/', '/main.mjs', '/style.css', '/icon.svg']) {
      const answer = await ask(path)
      expect(answer.status, path).toBe(200)
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
    }
    expect((await ask('/')).body).not.toMatch(/<script(?![^>]* src=)|\son\w+=|\sstyle=/)
  })

  it.each([
    '/../page-server.ts',
    '/..%2fpage-server.ts',
    '/%2e%2e/%2e%2e/config.ts',
    '/page/index.html',
    '//etc/passwd',
    '/constructor',
    '/__proto__',
    '/files/../../x',
    '/files/FABCDE/../../index.html/x',
  ])('gives nothing for %s', async (path) => {
    expect((await ask(path)).status).toBe(404)
  })

  it('gives an uploaded picture by its id', async () => {
    expect((await ask('/files/FABCDE')).body).toBe('png')
    expect((await ask('/files/FZZZZZ')).status).toBe(404)
  })

  it('gives an uploaded page where it can run nothing and has no origin', async () => {
    const policy = String((await ask('/files/FPAGE1')).headers['content-security-policy'])
    expect(policy).toMatch(/^sandbox; default-src 'none'/)
    expect(policy).not.toContain('script')
  })

  it('answers under its own names alone', async () => {
    const { port } = new URL(server.url)
    expect((await ask('/api/state', { host: `localhost:${port}` })).status).toBe(200)
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1:1']) expect((await ask('/api/state', { host })).status).toBe(403)
  })

  it('does what the page asks, and nothing that a form of another site can send', async () => {
    const action = JSON.stringify({ do: 'home' })
    expect((await ask('/api/act', { 'content-type': 'text/plain' }, 'POST', action)).status).toBe(403)
    expect(acted).toEqual([])
    expect((await ask('/api/act', { 'x-prompts-sandbox': 'page' }, 'POST', action)).status).toBe(200)
    expect(acted).toEqual([{ do: 'home' }])
    expect((await ask('/api/act', { 'x-prompts-sandbox': 'page' }, 'POST', '{')).status).toBe(400)
    expect((await ask('/api/act', { 'x-prompts-sandbox': 'page' }, 'POST', `"${'x'.repeat(1_200_000)}"`)).status).toBe(400)
    expect((await ask('/api/state', {}, 'DELETE')).status).toBe(405)
  })

  it('says which port is taken', async () => {
    const { port } = new URL(server.url)
    const handlers = { snapshot: async () => null, act: async () => {}, file: async () => null }
    await expect(startPageServer({ port: Number(port), handlers })).rejects.toThrow(`Port ${port} is taken`)
  })
})

describe('what a person types', () => {
  const people = [{ id: 'U1', name: 'Maya' }]

  it('is stored as Slack stores it', () => {
    expect(toMarkup('@prompts diagnose exp-1, cc @maya', people)).toBe('<@U0PROMPTS1> diagnose exp-1, cc <@U1>')
    expect(toMarkup('see http://x.example/?run=a&b=1 now', people)).toBe('see <http://x.example/?run=a&amp;b=1> now')
    expect(toMarkup('a <b> & @nobody me@maya.example', people)).toBe('a &lt;b&gt; &amp; @nobody me@maya.example')
    expect(toMarkup('<!channel> <@U1>', people)).toBe('&lt;!channel&gt; &lt;@U1&gt;')
  })
})
