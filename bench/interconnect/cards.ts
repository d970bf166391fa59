/** Prints the cards of every job of `moeJobs` as JSON, by the law of collectives that this process has. */
import { formatMesh } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { chooseCards } from '../../src/planner/choose-cards.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { moeJobs } from './moe-jobs.ts'

const jobs = moeJobs().map((job) => {
  const workload = resolveWorkload(job, { findChip, findSlice, resolveModel })
  const { ranked } = planExperiment({ workload, clock: () => 0, top: 400 })
  const cards = chooseCards(ranked, { workload, calibration: calibrateWorkload({ workload }) })
  return { job: job.id, cards: cards.map(({ mesh, estimate }) => ({ mesh: formatMesh(mesh), stepMs: estimate?.step_time_ms ?? 0 })) }
})
process.stdout.write(JSON.stringify(jobs))
