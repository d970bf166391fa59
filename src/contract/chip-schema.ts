import { z } from 'zod'
import { chips } from './chip.ts'

/** A chip's own name. Apart from the names themselves: whoever reads a profile needs those, and not the library of schemas. */
export const chipSchema = z.enum(chips)
