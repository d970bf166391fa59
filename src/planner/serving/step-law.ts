/** Seconds of a step of an engine: a line in the requests that run, and a price of a prefill token beside them. */
export interface StepLaw {
  base: number
  perRequest: number
  perPrefillToken: number
}
