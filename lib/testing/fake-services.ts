import type { FakeFiles } from './fake-files.ts'

type State = 'running' | 'stopped'

/** The services of a fake host that has init scripts, and what `service` says and does of them. */
export class FakeServices {
  readonly #files: FakeFiles
  readonly #states = new Map<string, State>()

  constructor(files: FakeFiles) {
    this.#files = files
  }

  add(name: string, state: State): void {
    this.#files.write(`/etc/init.d/${name}`, '#!/bin/sh\n', { mode: '0755' })
    this.#states.set(name, state)
  }

  stateOf(name: string): State | undefined {
    return this.#states.get(name)
  }

  /** What the host's own tools answer to who only asks; undefined for everything else. */
  answer(words: readonly string[]): { readonly code: number; readonly stdout: string } | undefined {
    // The managers of others.
    if (/^(?:initctl|systemctl)$/.test(words[0] ?? '')) return { code: 127, stdout: '' }
    const { name, verb } = order(words)
    const state = this.#states.get(name)
    if (state === undefined || verb !== 'status') return undefined
    return { code: state === 'running' ? 0 : 3, stdout: `${name} is ${state}\n` }
  }

  /** A command has ended: what was started runs, unless that failed. */
  after(words: readonly string[], code: number): void {
    const { name, verb } = order(words)
    if (code !== 0 || !this.#states.has(name)) return
    if (/^(?:start|restart|reload|condrestart)$/.test(verb)) this.#states.set(name, 'running')
    if (verb === 'stop') this.#states.set(name, 'stopped')
    if (verb === 'on') this.#files.link(`/etc/rc3.d/S90${name}`, `/etc/init.d/${name}`)
    if (verb === 'off') this.#files.remove(`/etc/rc3.d/S90${name}`)
  }
}

function order(words: readonly string[]): { readonly name: string; readonly verb: string } {
  const [program = '', name = '', verb = ''] = words
  if (/^(?:\/sbin\/)?(?:service|chkconfig)$/.test(program)) return { name, verb }
  const own = /^\/etc\/init\.d\/(.+)$/.exec(program)?.[1]
  return own === undefined ? { name: '', verb: '' } : { name: own, verb: name }
}
