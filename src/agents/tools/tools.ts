import { searchCases, searchDocs } from './library-tools.ts'
import { compareTool, evaluateTool, explainTool, getWorkload, listMeshes } from './mesh-tools.ts'
import { collectivesByAxis, getReport, opsBySource } from './report-tools.ts'
import type { Tool } from './tool.ts'

/** The tools that answer at once. */
export const quickTools: readonly Tool[] = [
  getReport, opsBySource, collectivesByAxis, getWorkload, listMeshes, evaluateTool, explainTool, compareTool, searchCases, searchDocs,
] // biome-ignore format: a list
