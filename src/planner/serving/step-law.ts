/** Seconds of a step of a serving program: a line in the requests that run, and the prices of prompts beside them. */
export interface StepLaw {
  base: number
  perRequest: number
  perPrefillToken: number
  /** What a prompt costs beside its tokens; 0 where prompts run inside the decoding steps. */
  perPrompt: number
}
