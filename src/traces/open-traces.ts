import { noTraces, type Traces } from './traces.ts'

const closeMs = 3000

/**
 * Traces by OpenTelemetry to a collector that takes OTLP over HTTP (`http://host:4318/v1/traces`); without an address none, and
 * the library is not loaded. What the collector does not take is dropped: a run never waits for it.
 */
export async function openTraces(address: string | undefined, service: 'serve' | 'worker'): Promise<Traces> {
  if (address === undefined) return noTraces
  const [api, { BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `prompts-${service}` }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: address, timeoutMillis: closeMs }), { scheduledDelayMillis: 1000 }),
    ],
  })
  // one a process: what is open follows promises by it
  provider.register()
  const tracer = provider.getTracer('prompts')
  const { context, propagation, trace, SpanStatusCode } = api
  return {
    async span(name, attributes, work, parent) {
      const from = parent === undefined ? context.active() : propagation.extract(context.active(), { traceparent: parent })
      return tracer.startActiveSpan(name, { attributes }, from, async (span) => {
        try {
          return await work()
        } catch (error) {
          // its code alone: a message may say what somebody wrote
          span.setStatus({ code: SpanStatusCode.ERROR, message: String((error as { code?: unknown } | null)?.code ?? 'failed') })
          throw error
        } finally {
          span.end()
        }
      })
    },
    here() {
      const carrier: { traceparent?: string } = {}
      propagation.inject(context.active(), carrier)
      return carrier.traceparent
    },
    past(name, attributes, fromMs, toMs) {
      tracer.startSpan(name, { attributes, startTime: fromMs }).end(toMs)
    },
    async close() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeMs)
      })
      await Promise.race([provider.shutdown().catch(() => {}), late]).finally(() => clearTimeout(timer))
      trace.disable()
      context.disable()
      propagation.disable()
    },
  }
}
