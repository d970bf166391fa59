import { isEngine } from '../contract/experiment.ts'
import type { MeshTuple } from '../interconnect/mesh-tuple.ts'
import type { Placement } from '../interconnect/placement.ts'
import { asyncGathers, windowedGathers } from './compiler-flags.ts'
import type { CostModel } from './cost-model.ts'
import { costModel } from './cost-model.ts'
import { gathersEveryExpert } from './expert-law.ts'
import { exceedsHost, hostBytes } from './footprint/host-memory.ts'
import type { MemoryParts } from './footprint/memory-parts.ts'
import { gib, underPressure } from './footprint/memory-parts.ts'
import { servingMemory } from './footprint/serving-memory.ts'
import { trainMemory } from './footprint/train-memory.ts'
import { modelTerms } from './model/model-terms.ts'
import { rematPolicy } from './remat-policy.ts'
import { engineLaws } from './serving/engine-laws.ts'
import { engineTime } from './serving/engine-time.ts'
import { servingConstants } from './serving/serving-constants.ts'
import { engineOf } from './serving/serving-settings.ts'
import { type Shards, shardsOf } from './shards.ts'
import { decodeTime } from './time/decode-time.ts'
import { meshLinks } from './time/links.ts'
import { forwardPasses, trainPasses } from './time/passes.ts'
import { prefillTime } from './time/prefill-time.ts'
import { ratesOf } from './time/rates.ts'
import type { Timing } from './time/timing.ts'
import { trainTime } from './time/train-time.ts'
import type { Workload } from './workload.ts'

/** A candidate's figures: bytes and seconds. */
export interface Figures {
  memory: MemoryParts
  /** 1 − required ÷ available; negative when it does not fit, −1 or less when the host cannot hold what is offloaded. */
  margin: number
  /** Bytes that one device keeps in its host's memory. */
  host: number
  timing: Timing
}

/** Figures of one mesh: from the sizes of the axes in a slice and across slices, and how they lie on the chips. */
export type FiguresOf = (ici: MeshTuple, dcn: MeshTuple, placement: Placement) => Figures

/**
 * Works out once what does not depend on the mesh, and returns the figures of one mesh. Legality is not its business: it expects
 * a mesh that multiplies to the devices.
 */
export function createFigures(workload: Workload, constants: CostModel = costModel, serving = servingConstants): FiguresOf {
  const { model, run, phase, framework, slice } = workload
  const terms = modelTerms(model)
  const laws = engineLaws(workload)
  const policy = rematPolicy(run.remat, run.flags)
  const rates = ratesOf(workload, constants)
  const passes = phase === 'train' ? trainPasses(policy, constants.time.attention_backward) : forwardPasses
  const timeInput = {
    model,
    terms,
    run,
    rates,
    constants: constants.time,
    policy,
    framework,
    passes,
    everyExpert: gathersEveryExpert(workload),
    asyncGathers: asyncGathers(run.flags, workload.chip.async_gathers),
    windowed: windowedGathers(run.flags, workload.chip),
    balancedContext: framework === 'maxtext',
    laws,
    hbmPeak: (workload.chip.hbm_gbps * 1e9) / workload.chip.devices_per_chip,
    loop: framework === 'maxtext' && laws.readsCacheInPlace ? serving.maxtext : null,
  }
  const available = workload.chip.hbm_available_gib_per_device * gib
  const engine = isEngine(framework) ? engineOf(framework, run.flags, serving) : null
  const trained = { model, terms, run, policy, framework, constants: constants.memory }
  const served =
    phase === 'train'
      ? null
      : {
          ...{ model, terms, run, phase, laws, relayout: workload.chip.lays_cache_anew, constants: constants.memory },
          // what an engine leaves free
          reserved: engine === null ? 0 : (1 - engine.memory_fraction) * available,
        }
  const memoryOf = (s: Shards) => (served === null ? trainMemory(trained, s) : servingMemory(served, s))
  const hostOf = (s: Shards) => (phase === 'train' ? hostBytes(trained, s) : 0)
  const time = phase === 'train' ? trainTime : phase === 'prefill' ? prefillTime : decodeTime
  const saving = constants.memory
  return (ici, dcn, placement) => {
    const shards = shardsOf(model, { ici, dcn, laws })
    const memory = underPressure(memoryOf(shards), available, saving.saving_from, saving.saving_most)
    const lines = meshLinks({ placement, ici, dcn, slice })
    const timing = engine && phase === 'decode' ? engineTime({ ...timeInput, engine }, shards, lines) : time(timeInput, shards, lines)
    const host = hostOf(shards)
    const margin = 1 - memory.required / available
    return { memory, margin: exceedsHost(host, workload.chip) ? Math.min(margin, hostMargin) : margin, host, timing }
  }
}

/** Far beyond every error of the model: bytes on the host are counted exactly. */
const hostMargin = -1
