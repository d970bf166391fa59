import type { ProfileReport } from '../contract/profile-report.ts'
import type { SpaceReading } from './read-space.ts'

/** Decoding and prefill run the forward pass alone: no op of a backward pass or an optimizer, and mostly no step markers. */
const trainingOps = /transpose|backward|grad|adam|optimizer|jvp/i
const trainingPrograms = /train/i
const servingPrograms = /decode|prefill|generate|inference|serv|sampl|execute_model|forward_step/i

/** Whether programs and ops of these names are of training or of serving; null where the names do not tell. */
export function phaseOfNames(programs: readonly string[], ops: readonly string[]): 'training' | 'serving' | null {
  if (programs.some((name) => trainingPrograms.test(name)) || ops.some((name) => trainingOps.test(name))) return 'training'
  return programs.some((name) => servingPrograms.test(name)) ? 'serving' : null
}

/** What kind of capture it is, where that says how to read it: of serving, or taken through Pathways. */
export function captureNotes(spaces: readonly SpaceReading[]): string[] {
  const cores = spaces.flatMap((space) => space.cores).filter((core) => !core.sparse)
  const programs = [...new Set(cores.flatMap((core) => core.programs.filter((program) => program.main).map(({ name }) => name)))]
  const ops = cores[0]?.ops.map((op) => op.facts.name) ?? []
  const notes: string[] = []
  if (phaseOfNames(programs, ops) === 'serving')
    notes.push(
      `A capture of serving (${programs.slice(0, 4).join(', ')}): it has no training steps, and a step is one execution of its main program.`,
    )
  if (spaces.some((space) => space.hosts.some((host) => host.pathways)))
    notes.push(
      cores.length > 0
        ? 'Captured through Pathways: the devices are those of its workers. One client drives them all, and what it was at is not here: why a device waits for its host is not seen.'
        : 'This is the client of a Pathways job: its devices are those of the workers, and their traces hold the ops. Read the profile that the workers wrote.',
    )
  return notes
}

/** The same for a report that is done. */
export function phaseOfReport(report: ProfileReport): 'training' | 'serving' | null {
  const program = /(?:Programs|Main program): (.*)/.exec(report.notes.join(' '))?.[1] ?? ''
  return phaseOfNames(
    [program],
    report.top_ops.map((op) => op.name),
  )
}
