import type { FindOptions } from '../../src/experiment/find/find-experiment.ts'
import { modulesOfProfile } from '../../src/experiment/find/modules-of-profile.ts'
import type { ExperimentSource } from '../../src/experiment/sources/experiment-source.ts'
import { storeSource } from '../../src/experiment/sources/store-source.ts'
import { folderStore } from '../../src/experiment/sources/stores/folder-store.ts'
import { sliceTable } from '../../src/knowledge/data/slice-table.ts'
import { readDeviceType } from '../../src/profile/read-device-type.ts'

/** How a test looks runs up: as an operator, without remembered answers. */
export function findOptions(changes: Partial<FindOptions> = {}): FindOptions {
  return {
    context: { answers: null, table: sliceTable, deviceType: readDeviceType, modules: modulesOfProfile },
    deadlineMs: 60_000,
    cacheRoot: '',
    audience: null,
    ...changes,
  }
}

/** A folder of runs as a source, without an index. */
export function folderOfRuns(root: string): ExperimentSource {
  return storeSource({ store: folderStore(root), cacheRoot: '', index: null })
}
