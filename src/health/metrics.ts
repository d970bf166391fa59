import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** How long things take: from a tenth of a second to ten minutes. */
const secondsBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600]

/** What a process counts. Labels hold kinds of things, never names of people, channels or experiments. */
export interface Metrics {
  /** In Prometheus' text format. */
  text(): Promise<string>
  runEnded(end: 'done' | 'failed' | 'cancelled', seconds: number): void
  stageEnded(stage: string, seconds: number): void
  compiled(seconds: number, ok: boolean): void
  slackAskedForPause(lane: string): void
  answerPosted(seconds: number): void
  feedbackGiven(feedback: 'good' | 'bad', about: string): void
  /** Read when the metrics are asked for. */
  watch(name: 'queue_waiting' | 'queue_active' | 'outbox_waiting' | 'library_away' | 'ready', read: () => Promise<number>): void
}

const gauges = {
  queue_waiting: 'Diagnoses that wait for a worker.',
  queue_active: 'Diagnoses that workers are at.',
  outbox_waiting: 'Messages of this process that wait for their turn in Slack.',
  library_away: '1 while the shared library is away and the embedded one is used.',
  ready: '1 while this process can do its work.',
} as const

/** The metrics of one process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const runs = new Counter({ name: 'prompts_runs_total', help: 'Diagnoses by how they ended.', labelNames: ['end'], registers })
  const runSeconds = new Histogram({
    ...{ name: 'prompts_run_seconds', help: 'From a worker taking a diagnosis to its end.', buckets: secondsBuckets, registers },
  })
  const stageSeconds = new Histogram({
    ...{
      name: 'prompts_stage_seconds',
      help: 'Time of each stage of a diagnosis.',
      labelNames: ['stage'],
      buckets: secondsBuckets,
      registers,
    },
  })
  const answerSeconds = new Histogram({
    ...{
      name: 'prompts_first_answer_seconds',
      help: 'From a question to its summary being written down.',
      buckets: secondsBuckets,
      registers,
    },
  })
  const compileSeconds = new Histogram({
    ...{ name: 'prompts_compile_seconds', help: 'Compiling the cards of a run.', labelNames: ['ok'], buckets: secondsBuckets, registers },
  })
  const pauses = new Counter({ name: 'prompts_slack_pauses_total', help: '429 answers of Slack.', labelNames: ['lane'], registers })
  const feedbacks = new Counter({
    ...{
      name: 'prompts_feedback_total',
      help: 'What people said of answers, and about what.',
      labelNames: ['feedback', 'about'],
      registers,
    },
  })
  return {
    text: () => registry.metrics(),
    runEnded(end, seconds) {
      runs.inc({ end })
      runSeconds.observe(seconds)
    },
    stageEnded: (stage, seconds) => stageSeconds.observe({ stage }, seconds),
    compiled: (seconds, ok) => compileSeconds.observe({ ok: String(ok) }, seconds),
    slackAskedForPause: (lane) => pauses.inc({ lane }),
    answerPosted: (seconds) => answerSeconds.observe(seconds),
    feedbackGiven: (feedback, about) => feedbacks.inc({ feedback, about }),
    watch(name, read) {
      registry.removeSingleMetric(`prompts_${name}`)
      const gauge = new Gauge({
        ...{ name: `prompts_${name}`, help: gauges[name], registers },
        async collect() {
          gauge.set(await read().catch(() => Number.NaN))
        },
      })
    },
  }
}
