import type { StepSchedule } from './steady-steps.ts'

/**
 * What MaxText's settings say of its steps: when it profiles (profiler.py), evaluates (train.py) and saves (checkpointing.py).
 */
export function maxTextSchedule(settings: ReadonlyMap<string, string>): StepSchedule {
  const whole = (name: string, fallback: number) => {
    const value = Number(settings.get(name) ?? Number.NaN)
    return Number.isInteger(value) ? value : fallback
  }
  const on = (name: string) => /^(true|1)$/i.test(settings.get(name) ?? '')
  const profiler = settings.get('profiler') ?? ''
  const profiles = profiler !== '' && !/none$/i.test(profiler)
  return {
    profiler: profiles
      ? {
          skip: whole('skip_first_n_steps_for_profiler', 1),
          steps: Math.max(1, whole('profiler_steps', 5)),
          period: Math.max(0, whole('profile_periodically_period', 0)),
        }
      : null,
    evaluationEvery: Math.max(0, whole('eval_interval', 0)),
    checkpointEvery: on('enable_checkpointing') ? Math.max(0, whole('checkpoint_period', 0)) : 0,
  }
}
