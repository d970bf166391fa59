/** What a folder (or file) of src may import. */
export interface Rule {
  /** Other folders and files of src, by their path below it. Its own folder is always allowed. */
  imports: readonly string[]
  /** Packages that it may import, where it may not import all: what is pure names the few that do no I/O. */
  packages?: readonly string[]
}

const pure: readonly string[] = ['zod']
const base = ['errors.ts', 'text']

/**
 * What each folder of src may import: cli, slack and sandbox above thread, above runs, above agents, above what reads and computes, above
 * interconnect and the contract. The longest path that a file lies under decides. Data (`knowledge/*.json`) is open to all. A new folder is
 * a new line here. Checked by `npm run lint` and by test/scripts/imports.test.ts.
 */
export const rules: Readonly<Record<string, Rule>> = {
  'errors.ts': { imports: [] },
  'clock.ts': { imports: [] },
  'until-aborted.ts': { imports: [] },
  'config.ts': { imports: [...base] },
  'main.ts': { imports: ['cli'] },
  contract: { imports: ['errors.ts'], packages: pure },
  text: { imports: ['errors.ts', 'contract'] },
  files: { imports: [] },
  state: { imports: [...base, 'clock.ts'] },
  jobs: { imports: [...base, 'clock.ts', 'state'] },
  interconnect: { imports: [...base, 'contract'], packages: pure },
  hlo: { imports: [...base, 'contract', 'interconnect'], packages: [...pure, 'pbf'] },
  planner: { imports: [...base, 'contract', 'interconnect'], packages: pure },
  profile: { imports: [...base, 'contract', 'hlo'] },
  threads: { imports: [...base, 'contract', 'planner', 'profile'] },
  compiler: { imports: [...base, 'contract', 'files', 'hlo', 'interconnect', 'planner'] },
  knowledge: { imports: [...base, 'config.ts', 'contract', 'files', 'interconnect', 'planner'] },
  experiment: { imports: [...base, 'config.ts', 'contract', 'files', 'hlo', 'interconnect', 'planner', 'profile'] },
  pictures: { imports: [...base, 'contract', 'runs'] },
  agents: {
    imports: [
      ...base,
      'until-aborted.ts',
      'config.ts',
      'contract',
      'compiler',
      'experiment',
      'hlo',
      'interconnect',
      'knowledge',
      'planner',
      'profile',
    ],
  },
  'agents/follow-up': { imports: [...base, 'contract', 'agents', 'experiment', 'knowledge', 'planner', 'runs'] },
  runs: {
    imports: [
      ...[
        ...base,
        'clock.ts',
        'until-aborted.ts',
        'config.ts',
        'contract',
        'files',
        'agents',
        'compiler',
        'experiment',
        'interconnect',
        'knowledge',
      ],
      ...['planner', 'profile', 'state', 'threads'],
    ],
  },
  thread: {
    imports: [
      ...base,
      'clock.ts',
      'config.ts',
      'contract',
      'agents',
      'runs',
      'experiment',
      'interconnect',
      'knowledge',
      'planner',
      'profile',
    ],
  },
  slack: {
    imports: [...base, 'clock.ts', 'config.ts', 'contract', 'files', 'jobs', 'state', 'agents', 'runs', 'thread', 'experiment', 'pictures'],
  },
  sandbox: { imports: [...base, 'clock.ts', 'config.ts', 'contract', 'thread', 'slack'] },
  cli: {
    imports: [
      ...[
        ...base,
        'clock.ts',
        'until-aborted.ts',
        'config.ts',
        'contract',
        'files',
        'jobs',
        'state',
        'interconnect',
        'hlo',
        'planner',
        'profile',
        'compiler',
        'threads',
      ],
      ...['knowledge', 'experiment', 'agents', 'runs', 'thread', 'pictures', 'slack', 'sandbox'],
    ],
  },
}
