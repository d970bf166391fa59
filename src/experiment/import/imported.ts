import type { Experiment } from '../../contract/experiment.ts'

/** An experiment made from what people already have, and what of the source could not be taken over or was assumed. */
export interface Imported {
  experiment: Experiment
  notes: string[]
}
