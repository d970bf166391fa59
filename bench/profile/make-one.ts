import { writeBigProfile } from './big-profile.ts'

/**
 * Writes one profile, `make-one.ts PATH MEGABYTES`: in a process of its own, for a child's peak memory starts from its parent's.
 */
console.log(writeBigProfile(process.argv[2] ?? '', Number(process.argv[3])))
