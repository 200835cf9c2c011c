import { operation, Unreachable } from '../../../lib/kit/index.ts'
import type { Operation, Reader } from '../../../lib/kit/index.ts'

/** Why a host does not reach a TCP port; nothing when it does. A port that refuses has been reached. */
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
      return /refused/i.test(said) ? '' : said
    },
  )
  try {
    return await Promise.race([dialled, late])
  } finally {
    clearTimeout(timer)
  }
}
