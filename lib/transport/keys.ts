import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationType, AuthHandlerMiddleware, BaseAgent, ParsedKey } from 'ssh2'
import type { ConnectionSettings } from '../model/inventory.ts'
import { Unreachable } from '../model/operation.ts'

/** The ways to log in that settings and this machine offer, in the order they are tried. */
export interface Login {
  readonly handler: AuthHandlerMiddleware
  /** What was shown to the server so far, for the message when it wanted none of it. */
  readonly tried: readonly string[]
  /** What could not be shown, and why. */
  readonly skipped: readonly string[]
}

interface Attempt {
  readonly method: AuthenticationType
  readonly what: string
  readonly offer: object
}

const defaults = ['id_ed25519', 'id_ecdsa', 'id_rsa', 'id_dsa']

/** Collects keys, agent and password. @throws Unreachable when a key that the settings name cannot be used */
export async function login(user: string, settings: ConnectionSettings): Promise<Login> {
  const { utils, createAgent } = (await import('ssh2')).default
  const skipped: string[] = []
  const attempts: Attempt[] = []

  const key = async (path: string, needed: boolean): Promise<void> => {
    let text: Buffer
    try {
      text = await readFile(path)
    } catch (error) {
      if (!needed) return
      throw new Unreachable(`cannot read the private key ${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'there is no such file' : (error as Error).message}`, 'check privateKey in the inventory')
    }
    const parsed = utils.parseKey(text, settings.passphrase?.reveal())
    if (parsed instanceof Error) {
      const locked = /encrypted|passphrase|decrypt|integrity/i.test(parsed.message)
      const why = locked
        ? settings.passphrase === undefined ? 'it has a passphrase' : 'the passphrase does not open it'
        : parsed.message
      skipped.push(`${path}: ${why}`)
      return
    }
    const usable = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey
    attempts.push({ method: 'publickey', what: `key ${path}`, offer: { type: 'publickey', username: user, key: usable } })
  }

  const agent = async (): Promise<void> => {
    const socket = process.env['SSH_AUTH_SOCK']
    if (socket === undefined || socket === '') return
    const there = createAgent(socket)
    try {
      const names = await identities(there)
      if (names.length === 0) return
      attempts.push({ method: 'publickey', what: names.map((name) => `agent key ${name}`).join(', '), offer: { type: 'agent', username: user, agent: there } })
    } catch (error) {
      skipped.push(`agent ${socket}: ${(error as Error).message}`)
    }
  }

  if (settings.privateKey !== undefined) {
    const path = settings.privateKey.replace(/^~(?=\/)/, homedir())
    await key(path, true)
    // An agent may hold the key whose passphrase we do not have.
    if (attempts.length === 0) await agent()
    if (attempts.length === 0 && settings.password === undefined) {
      throw new Unreachable(`cannot use the private key ${skipped.join('; ')}`, 'set passphrase, or add the key to an ssh agent')
    }
  } else if (settings.password === undefined) {
    await agent()
    for (const name of defaults) await key(join(homedir(), '.ssh', name), false)
  }
  if (settings.password !== undefined) {
    const password = settings.password.reveal()
    attempts.push({ method: 'password', what: 'password', offer: { type: 'password', username: user, password } })
    let answered = false
    attempts.push({
      method: 'keyboard-interactive',
      what: 'password (keyboard-interactive)',
      offer: {
        type: 'keyboard-interactive',
        username: user,
        prompt: (_name: string, _instructions: string, _language: string, prompts: readonly { prompt: string }[], finish: (answers: string[]) => void) => {
          // Answered once: a second question means that the answer was wrong.
          finish(answered ? [] : prompts.map(({ prompt }) => (/pass(word|phrase)/i.test(prompt) ? password : '')))
          answered = true
        },
      },
    })
  }

  const tried: string[] = []
  const left = [...attempts]
  return {
    tried,
    skipped,
    // `none` is left out: it costs a round trip and no host we want accepts it.
    handler: ((methods: AuthenticationType[] | null, _partial: boolean | null, next: (offer: object | false) => void) => {
      for (let attempt = left.shift(); attempt !== undefined; attempt = left.shift()) {
        if (methods !== null && !methods.includes(attempt.method)) continue
        tried.push(attempt.what)
        return next(attempt.offer)
      }
      return next(false)
    }) as unknown as AuthHandlerMiddleware,
  }
}

function identities(agent: BaseAgent): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error)
      else {
        resolve((keys ?? []).map((key) => {
          const { comment, type } = key as { comment?: string; type?: string }
          return comment || type || 'without a name'
        }))
      }
    })
  })
}
