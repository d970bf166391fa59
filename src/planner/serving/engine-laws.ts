import { type Framework, isEngine, type Phase } from '../../contract/experiment.ts'
import { scansLayers } from '../run-flags.ts'

/** How a program treats weights and cache when it serves; training has no such choices. */
export interface EngineLaws {
  /**
   * KV heads fewer than the model axis are laid one a device, each head on several; otherwise they are left whole on every
   * device.
   */
  spreadsKvHeads: boolean
  /** Layers with a window hold that many tokens; otherwise the window masks a cache of the whole context. */
  windowedCache: boolean
  /** Quantized weights are read as they are stored; otherwise they are widened first, and the wide copies live beside them. */
  readsStoredType: boolean
  /**
   * Weights are cut over the batch's axes and gathered layer by layer (FSDP); an engine holds them whole on each of its replicas.
   */
  gathersWeights: boolean
  /** The cache is read in place, once; otherwise a layer is cut out of it, and on tpu7x laid out anew. */
  readsCacheInPlace: boolean
}

const engine: EngineLaws = {
  spreadsKvHeads: true,
  windowedCache: true,
  readsStoredType: true,
  gathersWeights: false,
  readsCacheInPlace: true,
}
const compiledLoop: EngineLaws = {
  spreadsKvHeads: false,
  windowedCache: false,
  readsStoredType: false,
  gathersWeights: true,
  readsCacheInPlace: false,
}

/**
 * What a program does with weights and cache. MaxText converts quantized weights inside the products (qwix) and reads the caches
 * of its layers where they lie, but for `scan_layers=true`, which cuts each out of one array; pax and plain JAX are taken as the
 * reference program is.
 */
export function engineLaws({
  framework,
  phase,
  run,
}: {
  framework: Framework
  phase: Phase
  run: { flags: Readonly<Record<string, string>> }
}): EngineLaws {
  if (phase === 'train') return compiledLoop
  if (isEngine(framework)) return engine
  if (framework !== 'maxtext') return compiledLoop
  return { ...compiledLoop, readsStoredType: true, readsCacheInPlace: scansLayers(run.flags) !== true }
}
