import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findExperiment } from '../../../src/experiment/find/find-experiment.ts'
import { storeSource } from '../../../src/experiment/sources/store-source.ts'
import { gcsStore } from '../../../src/experiment/sources/stores/gcs-store.ts'
import { s3Store } from '../../../src/experiment/sources/stores/s3-store.ts'
import { findOptions, folderOfRuns } from '../../support/finding.ts'
import { projectRoot } from '../../support/needs.ts'

const signal = new AbortController().signal

describe('a bucket that refuses', () => {
  let server: Server
  let endpoint = ''
  beforeAll(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
    server = createServer((request, response) => {
      const isS3 = request.url?.includes('list-type') === true
      response.writeHead(403, { 'content-type': isS3 ? 'application/xml' : 'application/json' })
      response.end(
        isS3
          ? '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
          : JSON.stringify({ error: { code: 403, message: 'does not have storage.objects.list access', errors: [] } }),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  it.each([
    ['gs', /Storage Object Viewer|storage\.objects/],
    ['s3', /s3:ListBucket/],
  ] as const)('says which permission it wants: %s', async (scheme, permission) => {
    const address = `${scheme}://team-runs/runs`
    const store = scheme === 'gs' ? gcsStore({ address, endpoint }) : s3Store({ address, endpoint })
    const bucket = storeSource({ store, cacheRoot: '', index: null })
    const asked = findExperiment('llama-7b', [bucket], signal, findOptions())
    await expect(asked).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('refuses these credentials') })
    await expect(asked).rejects.toHaveProperty('hint', expect.stringMatching(permission))
    // the others answer, and it is named
    const found = await findExperiment('llama2-70b-v5p', [bucket, folderOfRuns(`${projectRoot}/examples`)], signal, findOptions())
    expect(found.experiment?.id).toBe('llama2-70b-v5p')
    expect(found.notes?.join()).toContain('refuses these credentials')
  })
})
