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

/**
 * What the compiler makes of a program that would need about the whole memory: from `from` of the limit on it saves what exceeds
 * that, up to `most` of the limit, by scheduling and recomputation. The saving comes off the workspace.
 */
export function underPressure(parts: MemoryParts, available: number, from: number, most: number): MemoryParts {
  const saved = Math.min(Math.max(0, parts.required - from * available), most * available, parts.workspace)
  if (saved > 0) {
    parts.workspace -= saved
    parts.required -= saved
  }
  return parts
}

export const gib = 2 ** 30
