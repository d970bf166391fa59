import type { Run } from './command.ts'
import { type CommandName, definitions } from './definitions.ts'

/** Every subcommand's file, loaded only when it is called: start-up stays short. */
const loaders: { [Name in CommandName]: () => Promise<{ run: Run<Name> }> } = {
  diagnose: () => import('./diagnose.ts'),
  plan: () => import('./plan.ts'),
  size: () => import('./size.ts'),
  check: () => import('./check.ts'),
  experiments: () => import('./experiments.ts'),
  profile: () => import('./profile.ts'),
  compare: () => import('./compare.ts'),
  import: () => import('./import.ts'),
  cases: () => import('./cases.ts'),
  search: () => import('./search.ts'),
  bench: () => import('./bench.ts'),
  adopt: () => import('./adopt.ts'),
  outcome: () => import('./outcome.ts'),
  serve: () => import('./serve.ts'),
  worker: () => import('./worker.ts'),
  jobs: () => import('./jobs.ts'),
  sandbox: () => import('./sandbox.ts'),
  mcp: () => import('./mcp.ts'),
  index: () => import('./index-library.ts'),
  manifest: () => import('./manifest.ts'),
  intent: () => import('./intent.ts'),
  doctor: () => import('./doctor.ts'),
}

export const commandNames = Object.keys(definitions) as CommandName[]

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(definitions, name)
}

/** The work of a command. Its flags are parsed by the same name's definition, which the types of one name alone cannot say. */
export async function loadCommand(name: CommandName): Promise<Run<never>> {
  return (await loaders[name]()).run as Run<never>
}
