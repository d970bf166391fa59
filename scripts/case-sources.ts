import type { Source } from '../src/knowledge/data/read-data.ts'

type Row = Record<string, string>

/** What may be compared within a row's group, in words. */
const comparable: Record<string, string> = {
  clean: 'only the mesh differs within this group',
  clean_negative: 'an attempt of a comparison',
  clean_flags: 'the same mesh, other compiler settings',
  sharding_pair: 'a pair that compares two meshes',
  confounded: 'more than the mesh differs within this group',
  sw_drift: 'software versions differ within this group',
  weak_scaling: 'weak scaling',
  strong_scaling: 'strong scaling',
  chip_comparison: 'compares chips',
  batch_differs: 'the batch differs within this group',
  other_stack: 'another software stack than the rest of the group',
  mlperf_block: 'an MLPerf training run',
}

/** Remarks of the table that name a slice already named, or the branch of an experiment. */
const housekeeping = /^(v\d\w*-\d+( x\d+)?|tpu7x-\d+)(;|,|$)\s*|,? ?\w+ lane v\d+/g

/** The source of a row: its address, and a title that says what was measured there. */
export function sourcesOf(row: Row): Source[] {
  const facts = [...measured(row), comparable[row.comparability!], row.note!.replaceAll(housekeeping, '').trim()].filter((fact) => fact)
  return [{ title: `${publisher(row.source!)}: ${facts.join('; ')}`.slice(0, 500), uri: addressOf(row.source!) }]
}

function measured(row: Row): string[] {
  const facts: string[] = []
  if (row.status === 'OOM') facts.push('out of memory')
  if (row.step_s !== '') {
    const seconds = `${row.step_s} s`
    facts.push(row.step_kind!.includes('UPPER BOUND') ? `at most ${seconds} a step, evaluation included` : `${seconds} a step`)
  }
  if (row.tflops !== '') facts.push(`${row.tflops} TFLOP/s a ${row.tflops_unit}`)
  if (row.tok_s_chip !== '') facts.push(`${row.tok_s_chip} tokens/s a chip`)
  if (row.mfu_pct !== '') facts.push(`MFU ${row.mfu_pct} %${row.mfu_src!.startsWith('derived') ? ' (from the FLOP rate)' : ''}`)
  return facts
}

function publisher(source: string): string {
  const repository = /^([\w.-]+\/[\w.-]+)[:@]/.exec(source)
  return repository ? repository[1]! : source.split(',')[0]!
}

/**
 * The address of a source as the table writes it: `owner/repo:path@commit (remark)`, `owner/repo:commit sha`, or
 * `owner/repo@sha:path + path`. Throws on any other form.
 */
export function addressOf(source: string): string {
  const plain = source.replace(/ \([^)]*\)/g, '').trim()
  const commit = /^([\w.-]+\/[\w.-]+):commit (\w+)$/.exec(plain)
  if (commit) return `https://github.com/${commit[1]}/commit/${commit[2]}`
  const pinned = /^([\w.-]+\/[\w.-]+)@(\w+):(\S+)/.exec(plain)
  if (pinned) return `https://github.com/${pinned[1]}/tree/${pinned[2]}/${pinned[3]}`
  const file = /^([\w.-]+\/[\w.-]+):(\S+?)(?:@(\w+))?$/.exec(plain)
  if (!file) throw new Error(`a source of unknown form: ${source}`)
  return `https://github.com/${file[1]}/${file[2]!.endsWith('/') ? 'tree' : 'blob'}/${file[3] ?? 'HEAD'}/${file[2]}`
}
