import { connect as dial } from 'node:net'
import { userInfo } from 'node:os'
import type { Connect } from 'switchover/kit'

/** This machine, with nothing of the operator's environment. */
export const connect: Connect = () => ({
  user: userInfo().username,
  start: (command) => ['env', '-i', 'PATH=/usr/bin:/bin', 'sh', '-c', command],
  dial: (port, address) =>
    new Promise((resolve, reject) => {
      const socket = dial(port, address, () => resolve(socket)).once('error', reject)
    }),
})
