import { readExperimentAsSaid } from './parse-experiment.ts'

/** An experiment that a stranger sent: data that our schema has passed. */
export interface InlineExperiment {
  id: string
  yaml: string
}

/**
 * Parses an experiment that came through Slack. `profile` is taken out: it has no folder, and no path of it is ever opened.
 * @throws PromptsError `bad_experiment`, `too_large`.
 */
export function readInlineExperiment(text: string, what: string): InlineExperiment {
  const { experiment, said } = readExperimentAsSaid(text, what)
  // in its own words, which the run translates aloud
  const { profile: _dropped, ...kept } = said
  return { id: experiment.id, yaml: JSON.stringify(kept, null, 2) }
}
