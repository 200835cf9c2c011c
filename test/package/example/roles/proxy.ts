import { role, Secret } from 'switchover'
import { file } from 'switchover/modules'
import { z } from 'zod'

// A secret inside of something else: as fromFile, fromEnvironment or a vault give it.
const secret = z.custom<Secret>((value) => value instanceof Secret, 'must be a secret')

const backends = z
  .array(
    z.object({
      name: z.string().regex(/^[a-z]\w*$/),
      port: z.number().int().min(1).max(65535).default(80),
      login: z.object({ user: z.string(), password: secret }).optional(),
    }),
  )
  .min(1)
  .describe('where requests go')

/** Passes requests on to others. */
export const proxy = role('proxy', { backends, workers: z.number().int().positive().default(2) }, ({ ensure }) => {
  ensure('Name the backends', ({ vars }) => {
    const lines = vars.backends.map(({ name, port }) => `server ${name}:${port}\n`)
    return file.content('/etc/proxy.conf', `workers ${vars.workers}\n${lines.join('')}`)
  })
})
