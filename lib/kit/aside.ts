import type { Reader } from '../model/operation.ts'

/**
 * Runs a script that may take long, or say much, in a channel of its own: nobody waits behind it, and what it says is
 * shown to nobody. It is not asked before its turn.
 */
export async function aside(
  connection: Reader,
  script: string,
  stdin = '',
): Promise<{ readonly code: number; readonly said: Buffer; readonly stderr: string }> {
  const stream = await connection.stream(script)
  // Whoever ends before it has read all says why by its code.
  stream.stdin.on('error', () => {})
  stream.stdin.end(stdin)
  const parts: Buffer[] = []
  for await (const part of stream.stdout) parts.push(part as Buffer)
  const { code, stderr } = await stream.ended
  return { code, stderr, said: Buffer.concat(parts) }
}
