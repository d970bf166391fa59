import type { ProfileReport } from '../contract/profile-report.ts'

/**
 * Two runs of one model do the same FLOPs per step, unless their batches differ, and mostly the same ops. A model that differs
 * shows in both: says so where few of the ops are in both and the work differs too; null otherwise.
 */
export function modelDiffers(before: ProfileReport, after: ProfileReport): string | null {
  const work = (report: ProfileReport): number | null => {
    const { mfu, step_time_ms: step } = report.kpis
    const peak = report.roofline.peak_tflops
    return mfu === null || step === null || peak === null ? null : mfu * step * 1e-3 * peak * report.device.devices
  }
  const [one, other] = [work(before), work(after)]
  const [names, others] = [before, after].map(
    (report) => new Set(report.top_ops.slice(0, 20).map((op) => `${op.category} ${op.source ?? op.name}`)),
  )
  if (!names || !others || names.size === 0 || others.size === 0) return null
  const shared = [...names].filter((name) => others.has(name)).length / Math.min(names.size, others.size)
  const ratio = one === null || other === null ? null : other / one
  const sameWork = ratio !== null && ratio > 0.8 && ratio < 1.25
  if (shared >= 0.5 || sameWork) {
    if (ratio !== null && (ratio > 1.5 || ratio < 1 / 1.5))
      return `Not the same work: a step after does ${ratio.toFixed(2)} times the model FLOPs of one before (another batch, sequence or model).`
    return null
  }
  return `These look like different models or programs: ${Math.round(shared * 100)}% of the longest ops are in both${ratio === null ? '' : `, and a step after does ${ratio.toFixed(2)} times the FLOPs`}.`
}
