import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { createMetrics } from '../../src/health/metrics.ts'
import { findProgram, findPython, lacks, needing, projectRoot } from '../support/needs.ts'

const read = (name: string) => readFileSync(join(projectRoot, 'deploy', name), 'utf8')

/** Names of metrics that a process has. */
async function known(): Promise<string> {
  const metrics = createMetrics()
  for (const name of ['queue_waiting', 'queue_active', 'outbox_waiting', 'library_away', 'ready'] as const)
    metrics.watch(name, async () => 0)
  metrics.runEnded('failed', 1)
  metrics.slackAskedForPause('post')
  metrics.compiled(1, true)
  metrics.stageEnded('propose', 1)
  metrics.answerPosted(1)
  return metrics.text()
}

it('alerts and dashboard ask for metrics that there are', async () => {
  const text = await known()
  const rules = parse(read('alerts.yaml')) as { groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[] }
  const dashboard = JSON.parse(read('dashboard.json')) as { panels: { id: number; targets: { expr: string }[] }[] }
  const alerts = rules.groups.flatMap((group) => group.rules)
  expect(alerts.length).toBeGreaterThan(4)
  for (const { annotations } of alerts) expect(annotations.summary.length).toBeGreaterThan(10)
  const asked = [...alerts.map(({ expr }) => expr), ...dashboard.panels.flatMap((panel) => panel.targets.map(({ expr }) => expr))]
  const names = new Set(asked.flatMap((expr) => expr.match(/prompts_[a-z_]+/g) ?? []))
  expect(names.size).toBeGreaterThan(7)
  for (const name of names) expect(text, name).toMatch(new RegExp(`^${name}[{ ]`, 'm'))
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
})

it('the cluster asks for paths, commands and settings that there are', () => {
  const settings = readFileSync(join(projectRoot, 'docs/settings.md'), 'utf8')
  const documents = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS() as Record<string, never>)
  const deployments = documents.filter(({ kind }) => kind === 'Deployment') as unknown as {
    spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: Record<string, { httpGet: { path: string } }>[] } } }
  }[]
  expect(deployments).toHaveLength(3)
  for (const { spec } of deployments) {
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(25)
    for (const { livenessProbe, readinessProbe } of spec.template.spec.containers) {
      expect([livenessProbe?.httpGet.path, readinessProbe?.httpGet.path]).toEqual(['/live', '/ready'])
    }
  }
  const configured = documents.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: Record<string, string> }
  for (const name of Object.keys(configured.data)) expect(settings).toContain(name)
})

interface Service {
  image?: string
  depends_on?: Record<string, { condition: string }>
  stop_grace_period?: string
  healthcheck?: { test: string[] }
  mem_limit?: string
  restart?: string
  read_only?: boolean
  cap_drop?: string[]
  ports?: string[]
  command?: string[]
}

it('compose starts what is needed in order, within limits, with a grace longer than a stop takes', () => {
  const { services } = parse(readFileSync(join(projectRoot, 'compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, Service>
  }
  const own = Object.values(services).filter(({ image }) => image === undefined)
  expect(own).toHaveLength(2)
  for (const service of own) {
    expect(service.depends_on?.['redis']?.condition).toBe('service_healthy')
    expect(Number.parseInt(service.stop_grace_period ?? '0', 10)).toBeGreaterThan(25)
    expect(service.healthcheck?.test.join(' ')).toContain('/ready')
    expect([service.read_only, service.cap_drop]).toEqual([true, ['ALL']])
    expect((service.ports ?? []).every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
  }
  for (const [name, { mem_limit, restart }] of Object.entries(services)) {
    expect(mem_limit, name).toMatch(/^\dg$/)
    expect(restart, name).toBe('unless-stopped')
  }
  const redis = services['redis']?.command?.join(' ')
  for (const words of ['--appendonly yes', '--maxmemory-policy noeviction', '--requirepass ${REDIS_PASSWORD'])
    expect(redis).toContain(words)
})

it('the image has one Node, another user than root, and nothing of the tests or of git', () => {
  const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8')
  expect(new Set([...dockerfile.matchAll(/^FROM (\S+:\S+)/gm)].map(([, image]) => image)).size).toBe(1)
  expect(dockerfile).toContain('rm -rf node_modules/node-linux-*')
  // the last stage that sets a user, and the one with the compiler, end with the same
  expect([...dockerfile.matchAll(/^USER (\w+)/gm)].map(([, user]) => user)).toEqual(['node', 'root', 'node'])
  const ignored = readFileSync(join(projectRoot, '.dockerignore'), 'utf8').split('\n')
  for (const name of ['.git', '.prompts', 'node_modules', 'test', '.env*']) expect(ignored).toContain(name)
})

describe.skipIf(lacks('kubernetes-validate'))(needing("Kubernetes' own schemas", 'kubernetes-validate'), () => {
  const validate = (path: string) =>
    spawnSync(findProgram('kubernetes-validate')!, ['--strict', path], { encoding: 'utf8', timeout: 60_000 })

  it('take every document of the cluster', () => {
    const { status, stdout, stderr } = validate(join(projectRoot, 'deploy/kubernetes.yaml'))
    expect(`${stdout}${stderr}`.match(/passed for resource/g)).toHaveLength(5)
    expect(status).toBe(0)
  })

  it('refuse one with a key that there is not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'prompts-deploy-'))
    const path = join(folder, 'wrong.yaml')
    writeFileSync(path, read('kubernetes.yaml').replace('readinessProbe:', 'readyProbe:'))
    expect(validate(path).status).not.toBe(0)
    rmSync(folder, { recursive: true, force: true })
  })
})

describe.skipIf(lacks('promtool'))(needing('Prometheus, by promtool', 'promtool'), () => {
  const promtool = (...words: string[]) =>
    spawnSync(findProgram('promtool')!, words, { cwd: join(projectRoot, 'test/health'), encoding: 'utf8', timeout: 60_000 })

  it('loads the alerts, each of which fires on what it is for and on nothing else', () => {
    expect(promtool('check', 'rules', join(projectRoot, 'deploy/alerts.yaml')).stdout).toContain('SUCCESS')
    const { status, stdout, stderr } = promtool('test', 'rules', 'alerts.test.yaml')
    expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /)
    const tried = readFileSync(join(projectRoot, 'test/health/alerts.test.yaml'), 'utf8')
    for (const [, name] of read('alerts.yaml').matchAll(/alert: (\w+)/g)) expect(tried).toContain(name)
  })

  it('takes every question of the dashboard, and the metrics themselves', async () => {
    const dashboard = JSON.parse(read('dashboard.json')) as { panels: { targets: { expr: string }[] }[] }
    const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    const rules = asked.map((expr, at) => ({ record: `asked:number_${at}`, expr }))
    const folder = mkdtempSync(join(tmpdir(), 'prompts-questions-'))
    const path = join(folder, 'rules.yaml')
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    expect(promtool('check', 'rules', path).stdout).toContain(`SUCCESS: ${rules.length} rules found`)
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'wrong', rules: [{ record: 'asked:0', expr: 'sum by (prompts_ready' }] }] }))
    expect(promtool('check', 'rules', path).status).not.toBe(0)
    rmSync(folder, { recursive: true, force: true })
    const checked = spawnSync(findProgram('promtool')!, ['check', 'metrics'], { input: await known(), encoding: 'utf8', timeout: 60_000 })
    expect(`${checked.status} ${checked.stderr}`).toBe('0 ')
  })
})

describe.skipIf(lacks('grafana-foundation-sdk'))(needing("Grafana's own model", 'grafana-foundation-sdk'), () => {
  const load = (path: string) =>
    spawnSync(findPython('grafana-foundation-sdk')!, [join(projectRoot, 'test/support/load-dashboard.py'), path], {
      encoding: 'utf8',
      timeout: 60_000,
    })

  it('loads the dashboard and knows every key of it', () => {
    const { stdout, stderr } = load(join(projectRoot, 'deploy/dashboard.json'))
    expect(`${stdout.trim()}${stderr}`).toBe('[]')
    const folder = mkdtempSync(join(tmpdir(), 'prompts-dashboard-'))
    const path = join(folder, 'wrong.json')
    writeFileSync(path, read('dashboard.json').replace('"gridPos"', '"gridPosition"'))
    expect(JSON.parse(load(path).stdout)).toEqual(['.panels[0].gridPosition'])
    rmSync(folder, { recursive: true, force: true })
  })
})
