import { type ChildProcess, type ExecFileOptions, execFile } from 'node:child_process'

const children = new Set<ChildProcess>()
let isGuarded = false

/** Ends the child with this process at the latest, however that ends. */
export function keepChild(child: ChildProcess): void {
  if (!isGuarded) {
    isGuarded = true
    process.once('exit', () => {
      for (const one of children) one.kill('SIGKILL')
    })
  }
  children.add(child)
  child.once('close', () => children.delete(child))
}

const PRINTED_BYTES_MAX = 16 * 2 ** 20

/**
 * Runs a program to its end and resolves with what it printed; rejects with what it complained of
 * where it fails, or takes longer than it may.
 */
export function runChild(
  command: string,
  args: readonly string[],
  options: ExecFileOptions & { readonly withinMs: number },
): Promise<string> {
  const { withinMs, ...rest } = options
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { ...rest, timeout: withinMs, killSignal: 'SIGKILL', maxBuffer: PRINTED_BYTES_MAX },
      (error, stdout, stderr) => {
        if (error === null) resolve(String(stdout))
        else reject(new Error(`${command}: ${error.message}\n${stderr}`.trim()))
      },
    )
    keepChild(child)
  })
}
