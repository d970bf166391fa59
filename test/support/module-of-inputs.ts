import type { HloComputation, HloInstruction, HloModule } from '../../src/hlo/types.ts'

/** An input of a program: its name, type, the job's dimensions, and over how many devices each is split. */
export type Input = readonly [name: string, type: string, dims: readonly number[], split: readonly number[]]

/** A module that takes these inputs on so many devices and does nothing. */
export function moduleOfInputs(devices: number, inputs: readonly Input[]): HloModule {
  const entry: HloComputation = {
    ...{ id: 1, name: 'main', thread: '', isFusion: false, root: null },
    instructions: inputs.map((input, i) => parameter(input, i, devices)),
    byId: new Map(),
  }
  for (const instruction of entry.instructions) entry.byId.set(instruction.id, instruction)
  return { name: 'jit_step', entry, computations: new Map([[1, entry]]), isScheduled: true, numPartitions: devices }
}

function parameter([name, type, dims, split]: Input, i: number, devices: number): HloInstruction {
  const parts = split.reduce((product, size) => product * size, 1)
  const rest = devices / parts
  return {
    ...{
      id: i,
      name: `p${i}`,
      opcode: 'parameter',
      operands: [],
      called: [],
      opName: name,
      source: null,
      fusionKind: '',
      customCallTarget: '',
    },
    ...{ thread: '', direction: '', tupleIndex: 0, parameterNumber: i, literal: null, dimensions: [], dynamicSliceSizes: [], dot: null },
    ...{
      convolution: null,
      window: [],
      channelId: 0,
      useGlobalIds: false,
      isHostTransfer: false,
      replicaGroups: null,
      sourceTargetPairs: [],
    },
    ...{ attributes: null, backendConfigBytes: null },
    shape: { type, dims: dims.map((size, at) => size / split[at]!), minorToMajor: [], tiles: [], memorySpace: 0, elements: [] },
    sharding:
      parts === 1
        ? { kind: 'replicated', tileDims: [], replicateOnLastDim: false, mesh: null }
        : { kind: 'tiled', tileDims: rest > 1 ? [...split, rest] : [...split], replicateOnLastDim: rest > 1, mesh: null },
  }
}
