import type { Connect } from 'switchover/kit'

/** The container of this machine that has the host's address, or its name. */
export const connect: Connect = ({ name, settings: { address = name, user = 'root' } }) => ({
  user,
  start: (command) => ['docker', 'exec', '-i', '-u', user, address, 'sh', '-c', command],
})
