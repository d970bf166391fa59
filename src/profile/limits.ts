/** What reading a profile may take. */
export interface ProfileLimits {
  /** Bytes of one file, unpacked. */
  fileBytes: number
  /** Unpacked bytes of a .gz held in memory; beyond that a temporary file is used. */
  memoryBytes: number
  /** Above `memoryBytes`, times its packed size. Profiles reach some tens. */
  unpackRatio: number
  /** Reading one file, milliseconds. */
  readMs: number
  /** Files (hosts) of one run. */
  files: number
  /** Intervals kept per core before neighbours are joined. */
  intervals: number
  /** HLO bytes handed to the graph reader. */
  hloBytes: number
}

export const defaultLimits: ProfileLimits = {
  fileBytes: 8 * 2 ** 30,
  memoryBytes: 64 * 2 ** 20,
  unpackRatio: 120,
  readMs: 300_000,
  files: 4096,
  intervals: 1 << 18,
  hloBytes: 64 * 2 ** 20,
}
