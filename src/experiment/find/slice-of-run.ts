import { type ChipName, canonicalSlice, chipOfWord } from '../../contract/chip.ts'
import { chipSchema } from '../../contract/chip-schema.ts'
import { type Choice, PromptsError } from '../../errors.ts'
import type { RunDraft, SliceAnswer } from '../run-folder/run-draft.ts'
import type { SliceTable } from './slice-table.ts'

/** What may say where a run ran, the surest first; null where it says nothing. */
export interface SliceEvidence {
  /** What the person who asks says now. */
  said: string | null
  /** What a scheduler or a service that ran it says. */
  known: SliceAnswer | null
  /** What someone answered before. */
  remembered: string | null
  /** The profile's kind of device, read only when nothing above says it. */
  deviceType: () => Promise<string | null>
}

/** What a slice is found for. */
export type SliceSubject = Pick<RunDraft, 'what' | 'slice' | 'devices' | 'slices' | 'otherHardware'>

const maxChoices = 12

/**
 * Which slice a run ran on. Its chip and its number of devices are enough: no two named slices share both.
 * @throws PromptsError `slice_unknown` with the slices that it can be, `bad_arguments` for a slice that has another number of
 *   devices.
 */
export async function sliceOfRun(draft: SliceSubject, evidence: SliceEvidence, table: SliceTable): Promise<SliceAnswer> {
  const answer = await answerOf(draft, evidence, table)
  return { ...answer, slice: canonicalSlice(answer.slice) }
}

async function answerOf(draft: SliceSubject, evidence: SliceEvidence, table: SliceTable): Promise<SliceAnswer> {
  if (evidence.said !== null) return checked(draft, table, { slice: evidence.said, slices: null, from: 'what was asked for' })
  if (draft.slice !== null) return draft.slice
  if (evidence.known !== null) return ofKnown(draft, table, evidence.known)
  if (evidence.remembered !== null && canBe(draft, table, evidence.remembered))
    return { slice: evidence.remembered, slices: null, from: 'an earlier answer' }
  const deviceType = await evidence.deviceType()
  const chip = deviceType === null ? null : table.chipOfDeviceType(deviceType)
  if (chip !== null && draft.devices !== null) {
    const [named] = table.slicesOfDevices(draft.devices, chip)
    if (named) return { slice: named.name, slices: null, from: `the profile's device (${deviceType}) and the number of devices` }
  }
  throw unknownSlice(draft, table, chip)
}

/** Whether an earlier answer still holds: a run of the same name may have been started elsewhere since. */
function canBe({ devices }: SliceSubject, table: SliceTable, slice: string): boolean {
  const { chip, topology } = splitSlice(slice)
  try {
    return chip !== null && (devices === null || table.findSlice(chip, topology).devices === devices)
  } catch {
    return false
  }
}

/** What a service knows may be the kind of device alone, with how many there are. */
function ofKnown(draft: SliceSubject, table: SliceTable, known: SliceAnswer): SliceAnswer {
  const { devices, ...answer } = known
  const subject = devices === undefined ? draft : { ...draft, devices }
  return checked(subject, table, { ...answer, slice: table.chipOfDeviceType(known.slice) ?? known.slice })
}

/** A chip alone is enough where the number of devices is known; a slice with another number cannot be it. */
function checked(draft: SliceSubject, table: SliceTable, answer: SliceAnswer): SliceAnswer {
  const chipAlone = chipOfWord(answer.slice)
  if (chipAlone !== null) {
    const [named] = draft.devices === null ? [] : table.slicesOfDevices(draft.devices, chipAlone)
    if (named) return { ...answer, slice: named.name }
    throw unknownSlice(draft, table, chipAlone)
  }
  const { chip, topology } = splitSlice(answer.slice)
  if (chip === null)
    throw new PromptsError('unknown_topology', `"${answer.slice}" is not a slice of a known chip`, {
      hint: 'For example v5p-128, or v6e:4x8.',
    })
  const { devices } = table.findSlice(chip, topology)
  if (draft.devices !== null && devices !== draft.devices)
    throw new PromptsError('bad_arguments', `${answer.slice} has ${devices} devices, but ${draft.what} ran on ${draft.devices}`, {
      hint: `Slices with ${draft.devices}: ${
        choicesOf(table, draft.devices, null)
          .map(({ value }) => value)
          .join(', ') || 'none is known'
      }.`,
      choices: choicesOf(table, draft.devices, null),
    })
  return answer
}

/** `v5p-128` and `v6e:4x8` as an experiment's hardware has them. */
export function splitSlice(slice: string): { chip: ChipName | null; topology: string } {
  const name = canonicalSlice(slice)
  const chip = chipSchema.safeParse(/^[a-z0-9]+(?=[-:])/.exec(name)?.[0])
  return { chip: chip.success ? chip.data : null, topology: name.includes(':') ? name.slice(name.indexOf(':') + 1) : name }
}

function choicesOf(table: SliceTable, devices: number | null, chip: ChipName | null): Choice[] {
  if (devices === null) return []
  return table
    .slicesOfDevices(devices, chip)
    .slice(0, maxChoices)
    .map(({ name, shape }) => ({ label: `${name} (${shape})`, value: name }))
}

function unknownSlice(draft: SliceSubject, table: SliceTable, chip: ChipName | null): PromptsError {
  const choices = choicesOf(table, draft.devices, chip)
  const says = [
    draft.devices === null ? null : `it ran on ${draft.devices} devices${draft.slices > 1 ? ` in each of ${draft.slices} slices` : ''}`,
    chip === null ? null : `of ${chip}`,
    draft.otherHardware === null ? null : `its settings say hardware=${draft.otherHardware}`,
  ].filter((part) => part !== null)
  return new PromptsError(
    'slice_unknown',
    `Nothing says which slice ${draft.what} ran on${says.length > 0 ? ` (${says.join(', ')})` : ''}`,
    {
      hint:
        choices.length > 0
          ? `Say it once, --topology with one of: ${choices.map(({ value }) => value).join(', ')}.`
          : 'Say it once: --topology v5p-128, or v6e:4x8.',
      choices,
    },
  )
}

/** Whether a text is written like a slice. */
export function isSliceName(text: string): boolean {
  return splitSlice(text).chip !== null && /^[a-z0-9]+(-\d+|:\d+(x\d+)+)$/.test(text)
}
