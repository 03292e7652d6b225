import { destination, type Logger, pino } from 'pino'
import { boundText, scrubError, scrubFields, scrubLine } from './scrub.ts'

export type Log = Logger
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface Logging {
  readonly log: Log
  /** Writes out what is held back; for the moment before a process ends. Never throws. */
  flush(): void
  /** Lines that were lost because nobody read standard output. */
  droppedLines(): number
}

export interface LogOptions {
  readonly level: LogLevel
  /** Which process speaks: `authorizer`, `identity`, … */
  readonly name: string
  /** Where lines go; standard output where absent. */
  readonly stream?: { write(line: string): void }
}

/** Beyond this much unread output lines are dropped: a slow reader must not slow a decision. */
export const LOG_BUFFER_BYTES_MAX = 4_194_304

/**
 * One JSON object a line. Fields are bounded; secrets are masked by type, by name and by shape;
 * errors are reduced to what is safe to say of them.
 */
export function createLog(options: LogOptions): Logging {
  const output = options.stream === undefined ? openOutput() : undefined
  const log = pino(
    {
      level: options.level,
      name: options.name,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        bindings: scrubFields,
        log: scrubFields,
      },
      // The formatter has made a plain object of an error by now; pino's own would look inside.
      serializers: { err: (err: unknown) => (err instanceof Error ? scrubError(err) : err) },
      hooks: {
        logMethod(inputs, method) {
          method.apply(this, boundInputs(inputs))
        },
        streamWrite: scrubLine,
      },
    },
    options.stream ?? (output as { stream: { write(line: string): void } }).stream,
  )
  // Children inherit this; pino formats the bindings of none but the first logger.
  const child = log.child
  log.child = function scrubbedChild(this: Logger, bindings, childOptions) {
    return child.call(this, scrubFields(bindings), childOptions)
  } as typeof child
  return {
    log,
    flush: () => output?.flush(),
    droppedLines: () => output?.droppedLines() ?? 0,
  }
}

type Inputs = Parameters<Logger['info']>

/** An error that comes alone brings its message as the line's: both are bounded here. */
function boundInputs(inputs: readonly unknown[]): Inputs {
  const [first, ...rest] = inputs
  const bounded = rest.map((input) => (typeof input === 'string' ? boundText(input) : input))
  if (first instanceof Error) {
    const message = bounded.length > 0 ? bounded : [boundText(first.message)]
    return [{ err: first }, ...message] as unknown as Inputs
  }
  const head = typeof first === 'string' ? boundText(first) : first
  return [head, ...bounded] as unknown as Inputs
}

function openOutput(): { stream: { write(line: string): void } } & Pick<
  Logging,
  'flush' | 'droppedLines'
> {
  let dropped = 0
  const stream = destination({ dest: 1, sync: false, maxLength: LOG_BUFFER_BYTES_MAX })
  stream.on('drop', () => {
    dropped++
  })
  // A reader that went away (EPIPE) is no reason to stop deciding.
  stream.on('error', () => {
    dropped++
  })
  const flush = (): void => {
    try {
      stream.flushSync()
    } catch {
      // Standard output is gone; there is nobody left to tell.
    }
  }
  process.once('exit', flush)
  return { stream, flush, droppedLines: () => dropped }
}
