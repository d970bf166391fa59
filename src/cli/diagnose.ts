import { userInfo } from 'node:os'
import type { Diagnosis } from '../contract/diagnosis.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { unmetObjectiveIn } from '../planner/slo.ts'
import { newRunId } from '../runs/new-run-id.ts'
import { readAllAnswers } from '../text/read-answers.ts'
import type { Run } from './command.ts'
import { formatDiagnosis } from './format/format-diagnosis.ts'
import { hasCompiler } from './has-compiler.ts'
import { localTenant, openService } from './open-service.ts'
import { saidOf } from './subject.ts'

export const run: Run<'diagnose'> = async ({ positionals, flags, config, show, note, signal }) => {
  const { compile, topology } = flags
  const [subject = '', ...words] = positionals
  if (compile && !hasCompiler(config)) {
    throw new PromptsError('unavailable', 'The TPU compiler is not installed, or switched off', {
      hint: 'npm run setup:compiler installs it into the project.',
    })
  }
  const opened = await openService(config)
  try {
    const now = new Date()
    const diagnosis = await opened.service.diagnose(
      {
        run: newRunId(now),
        tenant: localTenant,
        subject: { kind: 'path', path: subject, said: { ...readAllAnswers(words), ...saidOf(topology) } },
        compile,
        by: userInfo().username,
        at: now.toISOString(),
        thread: null,
      },
      {
        onProgress: ({ stage, status, detail }) => {
          if (status !== 'started' || stage === 'compile') note(`${stage} ${status}${detail ? `: ${detail}` : ''}`)
        },
        signal,
      },
    )
    show(diagnosis, formatDiagnosis)
    return exitCodeOf(diagnosis)
  } finally {
    await opened.close()
  }
}

/** 3 is a true "no": no card, the compiler refused every one, or no mesh meets the latency objective. */
function exitCodeOf(diagnosis: Diagnosis): number {
  const stands = diagnosis.cards.some((card) => card.compiler?.status !== 'oom' && card.compiler?.status !== 'error')
  return stands && unmetObjectiveIn(diagnosis) === null ? exitCodes.ok : exitCodes.no
}
