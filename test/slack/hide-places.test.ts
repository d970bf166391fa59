import { expect, it } from 'vitest'
import { hidePlaces } from '../../src/slack/blocks/hide-places.ts'

it.each([
  ['bucket s3://no-such/runs cannot be read: connect ECONNREFUSED 127.0.0.1:1', 'bucket … cannot be read: connect ECONNREFUSED …'],
  ['/srv/runs/exp-1/experiment.yaml: model is missing', '…: model is missing'],
  ['MLflow at mlflow+https://ml.internal:5000/x does not answer', 'MLflow at … does not answer'],
  ['redis.internal:6379 refuses the password', '… refuses the password'],
  ["ENOENT: no such file, open '/data/runs/a/b'", "ENOENT: no such file, open '…'"],
])('%s', (text, shown) => expect(hidePlaces(text)).toBe(shown))

it.each([
  'data=64 comes nearest: 37.7 of 31.3 GiB per device; 661 tokens/s/chip, docs/admin.md says how; /prompts forget run-20260101-abc',
  'run.remat "x/y" is no policy; v5p 4x4x4 has 64 chips (2.5:1), 12:30',
  'docs/sources.md lists what is read; either/or',
])('leaves alone: %s', (text) => expect(hidePlaces(text)).toBe(text))
