import type { Mlp } from '../../contract/model.ts'

/** Counts of one MLP that do not depend on the mesh. Elements. */
export interface MlpTerms {
  /** Input projections: 2 when gated. */
  inputs: 1 | 2
  /** Width that every token meets: a dense MLP's, or that of the shared experts (0 without). */
  width: number
  /** Weights of that part, of all experts of the layer, and of the router. */
  common: number
  experts: number
  router: number
  /** Of one layer's experts: how many, how many a token visits, their width; 0 experts in a dense MLP. */
  expertCount: number
  expertsPerToken: number
  expertWidth: number
  /** Weights that one token meets. */
  active: number
}

export function mlpTerms(mlp: Mlp, embed: number): MlpTerms {
  const inputs = (mlp.gated ?? true) ? 2 : 1
  const perWidth = (inputs + 1) * embed
  if (mlp.kind === 'dense') {
    const common = perWidth * mlp.width
    return {
      inputs,
      width: mlp.width,
      common,
      experts: 0,
      router: 0,
      expertCount: 0,
      expertsPerToken: 0,
      expertWidth: 0,
      active: common,
    }
  }
  const width = mlp.shared_width ?? 0
  const common = perWidth * width
  const router = embed * mlp.experts
  return {
    inputs,
    width,
    common,
    experts: perWidth * mlp.width * mlp.experts,
    router,
    expertCount: mlp.experts,
    expertsPerToken: mlp.experts_per_token,
    expertWidth: mlp.width,
    active: common + router + perWidth * mlp.width * mlp.experts_per_token,
  }
}
