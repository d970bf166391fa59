import { amount, choice, count, flag, type Options, text } from './options.ts'

/** What is said of a command without loading it: its arguments, what it is for, its options. */
export interface Definition {
  arguments: string
  /** How many arguments it takes. */
  takes: { min: number; max: number }
  summary: string
  options: Options
}

const none = { min: 0, max: 0 }
const one = { min: 1, max: 1 }
const two = { min: 2, max: 2 }
const topology = text('SLICE', 'the slice, where nothing that the run left says it: v5p-128, v6e:4x8')
const full = flag('with --compile: full effort, with a replayed step time')

/** Every command, in the order of `prompts --help`: its usage, its help and the types of its options come from here. */
export const definitions = {
  diagnose: {
    arguments: '<id, folder or profile> [name=value …]',
    takes: { min: 1, max: 30 },
    summary: 'the bottleneck and three checked meshes; name=value says what a profile alone leaves open (seq_len=4096)',
    options: {
      topology,
      compile: flag('wait for the TPU compiler: a card that it refuses is replaced'),
      json: flag('print the Diagnosis as JSON'),
    },
  },
  plan: {
    arguments: '<experiment.yaml> | "<model> on <slice>, …"',
    takes: one,
    summary: 'every mesh ranked, without a profile',
    options: {
      topology,
      top: count('show the first N (text: 20 by default; JSON: all)'),
      all: flag('append the illegal meshes with their reasons'),
      explain: text('MESH', 'why this mesh is not in the first three: --explain data=8,model=2'),
      compile: flag('ask the TPU compiler about the first three'),
      full,
      json: flag('print the Plan as JSON'),
    },
  },
  size: {
    arguments: '"<job in one line>"',
    takes: { min: 1, max: 40 },
    summary: 'chips and slices for a job, by dollars: "train qwen3-32b, 1T tokens, 30 days"',
    options: { json: flag('print the Size as JSON') },
  },
  check: {
    arguments: '<experiment.yaml>',
    takes: one,
    summary: 'the verdict on one mesh: legality, memory, time',
    options: {
      topology,
      mesh: text('MESH', "the mesh to judge, instead of the experiment's own: data=8,model=2"),
      dcn: text('MESH', 'the mesh across slices'),
      compile: flag('wait for the TPU compiler; where it disagrees it stands'),
      full,
      json: flag('print the Verdict as JSON'),
    },
  },
  experiments: {
    arguments: '[words]',
    takes: { min: 0, max: 20 },
    summary: 'the runs that the configured sources have, newest first',
    options: { limit: count('how many (50; with --json 10000)'), json: flag('print {experiments} as JSON') },
  },
  profile: {
    arguments: '<xplane.pb, logdir, id or server run>',
    takes: one,
    summary: 'KPIs, bottleneck, top ops, roofline, collectives, anti-patterns',
    options: {
      html: text('FILE', 'write one page of all that is known, to attach to a ticket'),
      json: flag('print the ProfileReport as JSON'),
    },
  },
  compare: {
    arguments: '<before> <after>',
    takes: two,
    summary: 'two profiles side by side: what each part of the step gained or lost',
    options: {
      'fail-above': text('PERCENT', 'exit code 3 when a step takes more than this much more time'),
      picture: text('FILE.png', 'draw it into this PNG file'),
      json: flag('print the Comparison as JSON'),
    },
  },
  import: {
    arguments: 'maxtext <log, YAML, command, run folder or -> | vllm <result.json> | sglang <result.jsonl> | hf <config.json or ->',
    takes: two,
    summary: 'an experiment file from what you already have',
    options: {
      out: text('DIR', 'write DIR/experiment.yaml (DIR is named after the id if it is a folder of experiments)', 'o'),
      id: text('ID', "the experiment's id"),
      topology: text('SLICE', 'the slice: v5p-128, v6e:4x8 (hf: without it the facts alone; maxtext: where nothing says it)'),
      phase: text('PHASE', 'hf: train, prefill or decode'),
      'global-batch': count('hf: sequences per step'),
      'seq-len': count('hf: tokens per sequence'),
      json: flag('print {experiment, notes} as JSON, for hf with facts'),
    },
  },
  cases: {
    arguments: 'list | search <words> | show <id> | add <file> | edit <id> field=value … | remove <id> | export | import <file>',
    takes: { min: 1, max: 21 },
    summary: 'the library of cases',
    options: {
      limit: count('list and search: how many (50)'),
      own: flag('list and export: only your own, not the shipped ones'),
      json: flag('print the Cases as JSON'),
    },
  },
  search: {
    arguments: '<experiment.yaml> | "<model> on <slice>, …"',
    takes: one,
    summary: "a tuner's study of the meshes worth trying, the cards first; run where PROMPTS_TRIAL_COMMAND measures a trial",
    options: {
      topology,
      tuner: choice(['vizier', 'optuna', 'none'], 'who proposes after the cards (vizier); none: the planner in its order'),
      write: text('DIR', 'write the study and stop: study.json, and the files of the tuner where it is installed'),
      trials: count('stop after so many trials, those of earlier runs counted'),
      hours: amount('stop when the trials have held the slices for so many hours'),
      dollars: amount('stop when the trials have cost so many dollars'),
      meshes: text('FILE', 'the meshes to try, a JSON list of {"mesh", "dcn"}, instead of what the planner takes to be within reach'),
      start: choice(['cards', 'nothing'], "begin with the cards and the planner's times (cards), or let the tuner begin from nothing"),
      seed: count("the tuner's seed (0)", { min: 0, max: 1_000_000 }),
      again: flag('forget the trials of earlier runs of this search'),
      run: text('RUN', "report in the Slack thread of this run, and keep the trials as its team's outcomes"),
      json: flag('print the trials, the best of them and what they cost as JSON'),
    },
  },
  bench: {
    arguments: '[record | rivals]',
    takes: { min: 0, max: 1 },
    summary:
      'the open benchmark: our advice and its rivals on recorded truth; record compiles what is not recorded yet, rivals lets the tuners search it',
    options: {
      only: text('REGIME', 'record: this regime alone'),
      minutes: amount('record and rivals: stop after so many minutes'),
      again: flag('record: compile what is recorded once more, to see that the verdicts stand'),
      out: text('FILE', 'record: the file of JSON lines to go on with (bench/recorded/benchmark-truth.jsonl)'),
      json: flag('print the figures as JSON'),
    },
  },
  adopt: {
    arguments: '<run> <card>',
    takes: two,
    summary: 'record that a card was adopted',
    options: { undo: flag('take the adoption back'), json: flag('print the Case as JSON') },
  },
  outcome: {
    arguments: '<run>',
    takes: one,
    summary: 'record how the adopted card really ran: one of --step-time-ms, --oom, --failed',
    options: {
      'step-time-ms': amount('the measured step time, milliseconds'),
      oom: flag('it ran out of memory'),
      failed: text('WHY', 'it did not run, and why'),
      undo: flag('take the last outcome back'),
      json: flag('print the Case as JSON'),
    },
  },
  serve: { arguments: '', takes: none, summary: 'the bot', options: {} },
  worker: {
    arguments: '',
    takes: none,
    summary: 'more workers beside serve, over Redis',
    options: { queue: choice(['runs', 'compiles'], 'work one queue only: a machine with the compiler may take compiles alone') },
  },
  jobs: {
    arguments: 'list | retry <id> | drop <id>',
    takes: { min: 0, max: 2 },
    summary: 'what waits, runs and failed; a failed one is tried again or dropped',
    options: { limit: count('list: how many of each (20)'), json: flag('print {waiting, running, failed} as JSON') },
  },
  sandbox: {
    arguments: '',
    takes: none,
    summary: 'a local page that looks like a Slack channel, with the real bot in it; no Slack workspace needed',
    options: {
      port: count("the page's port; 4321 unless told, 0 for any that is free", { min: 0, max: 65_535 }),
      open: flag('open the page in the browser'),
    },
  },
  mcp: { arguments: '', takes: none, summary: 'the tools for coding agents, over stdin and stdout', options: {} },
  index: {
    arguments: '',
    takes: none,
    summary: 'load the library: what changed, and what vanished',
    options: { json: flag('print what was done as JSON') },
  },
  manifest: {
    arguments: '',
    takes: none,
    summary: "the Slack app's manifest: Socket Mode, or HTTP with --url",
    options: {
      url: text('https://…', 'the public address of this server'),
      oauth: flag('with --url: for many workspaces'),
      json: flag('print it as JSON'),
    },
  },
  intent: {
    arguments: '< messages.jsonl',
    takes: none,
    summary: 'how the bot reads thread messages: a line {"text", "mentioned"} each',
    options: { json: flag('print {intent, value, reason} for each line, as JSON') },
  },
  doctor: {
    arguments: '',
    takes: none,
    summary: 'what is configured and reachable',
    options: { json: flag('print the findings as JSON') },
  },
} as const satisfies Record<string, Definition>

export type CommandName = keyof typeof definitions
