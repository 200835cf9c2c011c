import type { Duplex } from 'node:stream'

export function isAmqp(bytes: Uint8Array): boolean
export function answerAmqp(
  socket: Duplex,
  known: (user: string, password: string) => boolean,
  allowed: (user: string, host: string) => boolean,
): void
