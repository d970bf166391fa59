import { type Axis, axes, type Mesh } from '../contract/mesh.ts'
import { PromptsError } from '../errors.ts'
import { nearest } from './nearest.ts'

/**
 * Reads `data=8,model=2` (commas, spaces or `·` between).
 * @throws PromptsError `bad_mesh` naming the part that is wrong, with the nearest axis.
 */
export function parseMesh(text: string): Mesh {
  const mesh: Mesh = {}
  for (const part of text.split(/[,\s·]+/).filter((piece) => piece !== '')) {
    const match = /^([a-z_]+)=(\d{1,7})$/i.exec(part)
    if (!match) throw new PromptsError('bad_mesh', `"${part.slice(0, 60)}" is not axis=size`, { hint: 'Write a mesh like data=8,model=2.' })
    const axis = match[1]!.toLowerCase() as Axis
    const size = Number(match[2])
    if (!axes.includes(axis)) {
      throw new PromptsError('bad_mesh', `There is no axis "${axis}"`, {
        hint: `Did you mean ${nearest(axis, axes, 1)[0] ?? `one of ${axes.join(', ')}`}?`,
      })
    }
    if (size < 1) throw new PromptsError('bad_mesh', `${axis}=${size}`, { hint: 'An axis is a whole number from 1.' })
    if (mesh[axis] !== undefined) throw new PromptsError('bad_mesh', `${axis} is named twice`, { hint: 'Name each axis once.' })
    mesh[axis] = size
  }
  return mesh
}
