export const stages = ['experiment', 'profile', 'analyze', 'retrieve', 'propose', 'verify', 'compile'] as const
export type Stage = (typeof stages)[number]

/** What a run reports while it goes on; Slack shows it as a plan, the terminal as lines. */
export interface Progress {
  stage: Stage
  status: 'started' | 'done' | 'failed' | 'skipped'
  detail: string | null
}
