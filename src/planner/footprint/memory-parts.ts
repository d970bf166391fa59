/** A device's memory at its peak, in bytes; the parts add up to `required`. */
export interface MemoryParts {
  parameters: number
  optimizer: number
  gradients: number
  activations: number
  logits: number
  kvCache: number
  workspace: number
  required: number
}

export const gib = 2 ** 30
