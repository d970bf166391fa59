import { z } from 'zod'
import { PromptsError } from '../../../errors.ts'
import { newestSession } from '../../run-folder/newest-session.ts'
import { sortOut } from '../../run-folder/run-contents.ts'
import type { ProfileHandle } from '../experiment-source.ts'
import { fetchInto, profileFetchLimits } from '../fetch-cache.ts'
import { bodyOf, parseReply, request } from '../http.ts'
import { type ServerAddress, serverUrl } from '../server-address.ts'
import type { StoredFile } from '../stores/file-store.ts'
import type { MlflowClient } from './mlflow-client.ts'

const maxFolders = 200
const listsAtOnce = 8
/** Folders of artifacts that hold models and no profile. */
const silent = /(^|\/)(checkpoints?|models?|data)$/

const artifactSchema = z.object({ path: z.string().max(2000), is_dir: z.boolean(), file_size: z.coerce.number().nullish() })
const repliesSchema = z.object({ files: z.array(artifactSchema).default([]), next_page_token: z.string().nullish() })

/** The files below a run's artifacts, some folders at a time; a run's own folders of models and checkpoints are not opened. */
export async function listArtifacts(client: MlflowClient, runId: string, signal: AbortSignal): Promise<StoredFile[]> {
  const files: StoredFile[] = []
  let level = ['']
  for (let visited = 0; level.length > 0 && visited < maxFolders && files.length <= profileFetchLimits.maxFiles; ) {
    const now = level.slice(0, listsAtOnce)
    const next = level.slice(listsAtOnce)
    visited += now.length
    for (const entry of (await Promise.all(now.map((folder) => listFolder(client, runId, folder, signal)))).flat()) {
      if (entry.is_dir && !silent.test(entry.path)) next.push(entry.path)
      else if (!entry.is_dir) {
        const bytes = entry.file_size ?? 0
        files.push({ path: entry.path, bytes, version: `${bytes}`, changedMs: 0 })
      }
    }
    level = next
  }
  return files
}

async function listFolder(client: MlflowClient, runId: string, folder: string, signal: AbortSignal) {
  const files: z.infer<typeof artifactSchema>[] = []
  let token: string | null | undefined
  do {
    const query = { run_id: runId, ...(folder === '' ? {} : { path: folder }), ...(token ? { page_token: token } : {}) }
    const page = parseReply(repliesSchema, await client.get('artifacts/list', query, signal), 'MLflow')
    files.push(...page.files)
    token = page.next_page_token
  } while (token && files.length <= profileFetchLimits.maxFiles)
  return files
}

/** One artifact through the server, which has the credentials of the storage behind it. */
export async function openArtifact(server: ServerAddress, runId: string, path: string, signal: AbortSignal): Promise<Response> {
  const url = serverUrl(server, 'get-artifact', { run_uuid: runId, path })
  const response = await request(url, server.name, signal, { headers: server.headers })
  if (!response.ok)
    throw new PromptsError('unavailable', `${server.name} answered ${response.status} for the artifact ${path}`, { hint: 'See its log.' })
  return response
}

/** The newest profile session among the artifacts, and a note where there are several. */
export function profileOfArtifacts(
  server: ServerAddress,
  runId: string,
  artifacts: readonly StoredFile[],
  cacheRoot: string,
): { profile: ProfileHandle; note: string | null } | null {
  const { sessions } = sortOut(artifacts, '')
  const newest = newestSession(sessions)
  if (newest === null) return null
  const profile: ProfileHandle = {
    name: `${server.name} run ${runId}`,
    open: (signal) =>
      fetchInto(
        cacheRoot,
        `${server.base.href}${runId}/${newest.folder}`,
        newest.files.map((file) => ({
          path: newest.folder === '' ? file.path : file.path.slice(newest.folder.length + 1),
          bytes: file.bytes,
          version: file.version,
          open: async (inner) => bodyOf(await openArtifact(server, runId, file.path, inner)),
        })),
        { signal },
      ),
  }
  return { profile, note: newest.note }
}
