/** What a file is that is not a profile, and what to do. */
export interface ForeignFile {
  what: string
  hint: string
}

const unpack = 'Unpack it and give the logdir or the .xplane.pb in it.'
const needsXplane =
  'It shows the timeline only: the .xplane.pb is needed, which the profiler writes beside it (jax.profiler.start_trace, or the profile button of XProf).'

const byName: [RegExp, ForeignFile][] = [
  [/\.(tar(\.\w+)?|tgz|tbz2?|txz)$/i, { what: 'a tar archive', hint: unpack }],
  [/\.zip$/i, { what: 'a zip archive', hint: unpack }],
  [/\.zst$/i, { what: 'compressed with Zstandard', hint: unpack }],
  [/\.(xz|bz2|7z|rar)$/i, { what: 'a compressed file of another kind than gzip', hint: unpack }],
  [/trace\.json(\.gz)?$/i, { what: 'a trace for the timeline viewer', hint: needsXplane }],
  [/(\.perfetto(-trace)?|perfetto_trace)(\.gz)?$|\.pftrace$/i, { what: 'a Perfetto trace', hint: needsXplane }],
  [
    /hlo_proto\.pb(\.gz)?$|\.hlo(\.txt)?$|\.hlo\.pb$/i,
    { what: 'a compiled program (HLO)', hint: 'A profile is the .xplane.pb of the run; a program holds no times.' },
  ],
  [
    /events\.out\.tfevents/i,
    { what: 'an event file of TensorBoard', hint: 'The profile lies in plugins/profile/RUN/HOST.xplane.pb beside it.' },
  ],
]

/** What a file's name says it is; null where it may be a profile. */
export function foreignFile(name: string): ForeignFile | null {
  return byName.find(([test]) => test.test(name))?.[1] ?? null
}

const byMagic: [number[], number, ForeignFile][] = [
  [[0x50, 0x4b, 0x03, 0x04], 0, { what: 'a zip archive', hint: unpack }],
  [[0x28, 0xb5, 0x2f, 0xfd], 0, { what: 'compressed with Zstandard', hint: unpack }],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 0, { what: 'compressed with xz', hint: unpack }],
  [[0x42, 0x5a, 0x68], 0, { what: 'compressed with bzip2', hint: unpack }],
  [[0x75, 0x73, 0x74, 0x61, 0x72], 257, { what: 'a tar archive', hint: unpack }],
  [[0x7b, 0x22], 0, { what: 'JSON', hint: needsXplane }],
]

/** What the first bytes of a file (unpacked) say it is; null where they may be a profile's. */
export function foreignBytes(head: Uint8Array): ForeignFile | null {
  return byMagic.find(([magic, at]) => magic.every((byte, index) => head[at + index] === byte))?.[2] ?? null
}
