import { z } from 'zod'
import json from '../../../knowledge/line-words.json' with { type: 'json' }
import { chipWords } from '../../contract/chip.ts'
import { frameworkSchema, objectiveSchema, phaseSchema } from '../../contract/experiment.ts'
import { bare } from '../../text/bare.ts'

const names = z.record(z.string(), z.string())
const wordSet = z.array(z.string()).transform((all): ReadonlySet<string> => new Set(all))
const pairs = z.record(z.string(), z.tuple([z.string(), z.string()]))

const anyChip = `(?:${chipWords.join('|')})`

/** `knowledge/line-words.json`: what words of a one-line job mean. */
export const lineWords = bare(
  z
    .strictObject({
      about: z.string(),
      rewritten: z
        .array(z.tuple([z.string(), z.string()]))
        .transform((all) => all.map(([from, to]) => [new RegExp(from.replace('{chip}', anyChip), 'gi'), to] as const)),
      dropped: wordSet,
      fillers: wordSet,
      model_endings: wordSet,
      counts: names,
      before_only: wordSet,
      units: wordSet,
      adjectives: wordSet,
      types: names,
      choices: pairs,
      frameworks: z.record(z.string(), frameworkSchema),
      objectives: z.record(z.string(), objectiveSchema),
      phases: z.record(z.string(), phaseSchema),
      days: z.record(z.string(), z.number().positive()),
      magnitudes: z.record(z.string(), z.number().positive()),
      numbers: names,
      beside: wordSet,
      train_batch_tokens: z.array(z.tuple([z.number(), z.int().positive()])),
      flags: pairs,
    })
    .parse(json),
)
