import type { Answers } from '../../contract/answers.ts'
import type { SlackServices } from '../services.ts'
import { type Asker, checkExperiment } from './access.ts'
import { startRuns } from './start-runs.ts'

/** Keeps what someone said of a run that nothing else says, and diagnoses it with that. @throws PromptsError `not_allowed`. */
export async function answerRun(
  services: SlackServices,
  asker: Asker,
  { id, answers, threadTs, askTs, eyesTs }: { id: string; answers: Answers; threadTs: string; askTs: string; eyesTs: string | null },
): Promise<void> {
  checkExperiment(services.deps, asker.channel, id)
  await services.deps.experiments.answerRun(asker.team, id, answers, asker.user)
  await startRuns(services, { asker, threadTs, askTs, eyesTs, subjects: [{ kind: 'experiment', id }] })
}
