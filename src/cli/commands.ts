import type { Command } from './command.ts'

/** Every subcommand and the file it lives in, loaded only when it is called: start-up stays short. */
const loaders: Record<string, () => Promise<{ command: Command }>> = {
  diagnose: () => import('./diagnose.ts'),
  plan: () => import('./plan.ts'),
  check: () => import('./check.ts'),
  profile: () => import('./profile.ts'),
  compare: () => import('./compare.ts'),
  import: () => import('./import.ts'),
  experiments: () => import('./experiments.ts'),
  cases: () => import('./cases.ts'),
  adopt: () => import('./adopt.ts'),
  outcome: () => import('./outcome.ts'),
  serve: () => import('./serve.ts'),
  worker: () => import('./worker.ts'),
  sandbox: () => import('./sandbox.ts'),
  mcp: () => import('./mcp.ts'),
  index: () => import('./index-library.ts'),
  manifest: () => import('./manifest.ts'),
  intent: () => import('./intent.ts'),
  doctor: () => import('./doctor.ts'),
}

export const commandNames = Object.keys(loaders)

export async function loadCommand(name: string): Promise<Command | null> {
  const loader = loaders[name]
  return loader ? (await loader()).command : null
}
