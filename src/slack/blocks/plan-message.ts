import type { AnyBlock } from '@slack/types'
import { type Progress, type Stage, stages } from '../../contract/run.ts'
import type { Wait } from '../../jobs/job-queue.ts'
import { actions, button, context, type Message, message, richText, section } from './message.ts'
import { clip, escapeText } from './text.ts'

const titles: Readonly<Record<Stage, string>> = {
  experiment: 'Read the experiment',
  profile: 'Read the profile',
  analyze: 'Find the bottleneck',
  retrieve: 'Look up cases and docs',
  propose: 'Propose meshes',
  verify: 'Check each one',
  compile: 'Compile for the TPU',
}

const statuses = { started: 'in_progress', done: 'complete', failed: 'error', skipped: 'complete' } as const

/** Where a run stands, from what it reported so far. */
export type StageProgress = Partial<Record<Stage, Progress>>

/** The root message while a run goes on: its stages as a plan, and a way to stop it. */
export function planMessage(input: {
  run: string
  title: string
  progress: StageProgress
  withCompiler?: boolean
  note?: string | null
}): Message {
  const shown = stages.filter((stage) => stage !== 'compile' || input.withCompiler === true || input.progress.compile !== undefined)
  const title = clip(`Diagnosing ${input.title}`, 150)
  const running = shown.find((stage) => input.progress[stage]?.status === 'started')
  const tasks = shown.map((stage) => {
    const progress = input.progress[stage]
    const detail = progress?.status === 'skipped' ? (progress.detail ?? 'skipped') : progress?.detail
    return {
      type: 'task_card' as const,
      task_id: stage,
      title: titles[stage],
      status: progress === undefined ? ('pending' as const) : statuses[progress.status],
      ...(detail ? { details: richText(clip(detail, 300)) } : {}),
    }
  })
  const blocks: AnyBlock[] = [
    { type: 'plan', title, tasks },
    actions(button('Cancel', 'cancel', { run: input.run }, 'danger')),
    context(...(input.note ? [escapeText(input.note, 300)] : []), `run \`${input.run}\``),
  ]
  return message(`:eyes: ${title}${running ? `: ${titles[running].toLowerCase()}` : ''}`, blocks)
}

/** Private, to whoever asked: why nothing happens yet, and when it may. */
export function waitMessage(input: { title: string; run: string; wait: Wait }): Message {
  const { jobs, running, seconds } = input.wait
  const title = `*${escapeText(input.title, 200)}*`
  const before = jobs === 0 ? `${title} is next` : `${jobs} ${jobs === 1 ? 'run is' : 'runs are'} before ${title}`
  const when =
    running === 0 || seconds === null
      ? 'no worker takes runs at the moment. An admin can see why with `prompts doctor`; it begins when one is there'
      : `it should begin in about ${duration(seconds)}`
  const text = `:hourglass_flowing_sand: ${before}: ${when}. You need not do anything; _cancel_ in the thread stops it.`
  return message(text, [section(text), context(`run \`${input.run}\``)])
}

/** As coarse as an estimate is. */
function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`
  return `${Math.ceil(minutes / 60)} hours`
}

/** @param input.others Threads that still wait for the run: then only this one was left out. */
export function cancelledMessage(input: { run: string; title: string; by: string | null; others?: number }): Message {
  const who = input.by === null ? '' : ` by <@${input.by}>`
  const others = input.others ?? 0
  const goesOn =
    others === 0 ? '' : ` here. It goes on for ${others === 1 ? 'the other thread that asked' : `${others} other threads that asked`}`
  const text = `:no_entry_sign: The diagnosis of ${escapeText(input.title, 200)} was cancelled${who}${goesOn}.`
  return message(text, [
    section(text),
    context(`run \`${input.run}\` · mention me with the experiment again to ${others === 0 ? 'start over' : 'join it again'}`),
  ])
}
