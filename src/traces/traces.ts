/** What a span may say: kinds of things and ids of runs, nothing that people wrote. */
export type Attributes = Record<string, string | number | boolean>

/** Spans of a run over processes: from the question, through the queue, to its stages and the compiler. */
export interface Traces {
  /**
   * Does the work inside a span. `parent`: what another process or an earlier moment left in a job; absent: the span around this
   * one, if any.
   */
  span<T>(name: string, attributes: Attributes, work: () => Promise<T>, parent?: string | undefined): Promise<T>
  /** The span that is open here, to be left in a job (W3C traceparent); undefined where there is none. */
  here(): string | undefined
  /** A span of what took place between two times of `Date.now()`, below the one that is open here. */
  past(name: string, attributes: Attributes, fromMs: number, toMs: number): void
  /** Sends what is left. */
  close(): Promise<void>
}

/** No traces: what is asked for is done. */
export const noTraces: Traces = {
  span: (_name, _attributes, work) => work(),
  here: () => undefined,
  past: () => {},
  close: async () => {},
}
