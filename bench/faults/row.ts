import type { Stage } from './stage.ts'

/** What came of one fault. */
export interface Seen {
  /** What the engineer, or the operator, saw: words of the product. */
  saw: string
  /** What should have held and did not, in words; nothing where all held. */
  wrong: string[]
  /** Seconds for which the fault itself kept answers back: no answer can be sooner. */
  faultSeconds?: number
}

/** One fault, injected for real. */
export interface Row {
  name: string
  /** How it is injected. */
  how: string
  /** What it needs of the machine; null where all is there. */
  lacks?: () => string | null
  run: (stage: Stage) => Promise<Seen>
}
