import { PromptsError } from '../../errors.ts'

const runName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const stageName = /^[a-z][a-z0-9_-]{0,63}$/

/** Whether this may name a run: also the name of a folder. */
export function isRunName(run: string): boolean {
  return runName.test(run)
}

/** @throws PromptsError `unknown_run` for a name that cannot be a run's. */
export function checkRunName(run: string): string {
  if (isRunName(run)) return run
  throw new PromptsError('unknown_run', `"${run.slice(0, 80)}" is not the name of a run.`)
}

export function checkStageName(stage: string): string {
  if (stageName.test(stage)) return stage
  throw new PromptsError('internal', `"${stage}" cannot name a stage.`)
}

/** A tenant as a part of a path. */
export function tenantPart(tenant: string): string {
  return encodeURIComponent(tenant).replaceAll('.', '%2E')
}
