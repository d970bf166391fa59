/** What a folder (or file) of src may import. */
export interface Rule {
  /** Other folders and files of src, by their path below it. Its own folder is always allowed. */
  imports: readonly string[]
  /** Packages that it may import, where it may not import all: what is pure names the few that do no I/O. */
  packages?: readonly string[]
}

const pure: readonly string[] = ['zod']
const pureBase = ['errors.ts', 'numbers', 'text']
const base = [...pureBase, 'clock.ts', 'until-aborted.ts']
const given = ['config.ts', 'contract', 'files']
const computing = ['interconnect', 'hlo', 'planner', 'profile']
const reading = ['compiler', 'knowledge', 'experiment']

/**
 * What each folder of src may import: cli, slack and sandbox above thread, above runs, above agents, above what reads and
 * computes, above interconnect and the contract. The longest path that a file lies under decides. Data (`knowledge/*.json`) is
 * open to all. A new folder is a new line here. Checked by `npm run lint` and by test/scripts/imports.test.ts.
 */
export const rules: Readonly<Record<string, Rule>> = {
  'errors.ts': { imports: [] },
  'clock.ts': { imports: [] },
  'until-aborted.ts': { imports: [] },
  'config.ts': { imports: pureBase },
  'end-process.ts': { imports: [] },
  'main.ts': { imports: ['cli', 'end-process.ts'] },
  contract: { imports: ['errors.ts'], packages: pure },
  text: { imports: ['errors.ts', 'contract'] },
  files: { imports: [] },
  layout: { imports: ['errors.ts'] },
  numbers: { imports: [] },
  state: { imports: [...base, 'layout'] },
  redis: { imports: [...base, 'layout'] },
  health: { imports: [] },
  traces: { imports: [] },
  jobs: { imports: [...base, 'redis', 'state'] },
  interconnect: { imports: [...pureBase, 'contract'], packages: pure },
  hlo: { imports: [...pureBase, 'contract', 'interconnect'], packages: [...pure, 'pbf'] },
  planner: { imports: [...pureBase, 'contract', 'interconnect'], packages: pure },
  profile: { imports: [...base, 'contract', 'hlo'] },
  threads: { imports: [...base, 'contract', 'planner', 'profile', 'experiment'] },
  compiler: { imports: [...base, 'contract', 'files', 'interconnect', 'hlo', 'planner'] },
  knowledge: { imports: [...base, ...given, 'layout', 'interconnect', 'planner'] },
  experiment: { imports: [...base, ...given, ...computing] },
  pictures: { imports: [...base, 'contract', 'profile', 'runs'] },
  agents: { imports: [...base, 'config.ts', 'contract', ...computing, ...reading] },
  tuners: { imports: [...base, 'contract', 'compiler', 'planner'] },
  benchmark: { imports: [...base, 'config.ts', 'contract', ...computing, ...reading, 'agents', 'pictures', 'tuners'] },
  runs: { imports: [...base, ...given, 'layout', 'state', 'threads', ...computing, ...reading, 'agents'] },
  thread: { imports: [...base, 'config.ts', 'contract', ...computing, 'knowledge', 'experiment', 'agents', 'runs'] },
  slack: {
    imports: [...base, ...given, 'health', 'traces', 'jobs', 'redis', 'state', 'experiment', 'pictures', 'agents', 'runs', 'thread'],
  },
  sandbox: { imports: [...base, 'config.ts', 'contract', 'thread', 'slack'] },
  cli: {
    imports: [
      ...base,
      ...given,
      'health',
      'traces',
      'jobs',
      'redis',
      'state',
      'threads',
      ...computing,
      ...reading,
      'agents',
      'tuners',
      'benchmark',
      'runs',
      'thread',
      'pictures',
      'slack',
      'sandbox',
    ],
  },
}
