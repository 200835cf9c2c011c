import { operation, Unreachable } from '../../../lib/kit/index.ts'
import type { Operation, Reader } from '../../../lib/kit/index.ts'

/** What a host says of a port at which it is refused: it, or something on the way, has answered. */
export const refusing = 'connection refused'

/** Why a host does not reach a TCP port, `refusing` where it is turned away; nothing when it does. */
export function reaching(address: string, port: number): Operation<string> {
  return reachingOperation({ address, port })
}

const reachingOperation = operation<{ readonly address: string; readonly port: number }, string, string>(
  ({ address, port }) => `reach ${address}:${port}`,
  {
    read: (connection, { address, port }) => whyNot(connection, address, port),
    plan: (result) => ({ result }),
  },
)

async function whyNot(connection: Reader, address: string, port: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer for 10 s'), 10_000)
  })
  const dialled = connection.dial(port, address).then(
    (stream) => {
      stream.on('error', () => {}).destroy()
      return ''
    },
    (error: unknown) => {
      if (error instanceof Unreachable) throw error
      const said = error instanceof Error ? error.message : String(error)
      return /refused/i.test(said) ? refusing : said
    },
  )
  try {
    return await Promise.race([dialled, late])
  } finally {
    clearTimeout(timer)
  }
}
