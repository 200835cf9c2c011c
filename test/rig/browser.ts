import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'

/** A page in a real browser. */
export interface Page {
  /** Opens a file, or an address, as wide as said, and gives what an expression says there. */
  ask<T>(page: string | URL, width: number, expression: string): Promise<T>
  /** Does on the page what leads to another one, and gives what an expression says there. */
  leave<T>(action: string, expression: string): Promise<T>
  /** The bytes of a picture of the page. */
  picture(): Promise<Buffer>
  /** The bytes of the page on paper, as PDF. */
  printed(): Promise<Buffer>
  close(): Promise<void>
}

/** Which browser, and the one host that it can reach: none unless said, for pages are files. */
export interface BrowserOptions {
  readonly program?: readonly [command: string, ...words: string[]]
  readonly reaches?: string
}

/** Debian's headless Chromium; SWITCHOVER_CHROMIUM names another one. */
export async function browser({ program, reaches }: BrowserOptions = {}): Promise<Page> {
  const home = mkdtempSync('/tmp/switchover-browser-')
  const [command, ...words] = program ?? [process.env.SWITCHOVER_CHROMIUM ?? 'chromium-headless-shell']
  const child = spawn(
    command,
    [
      ...words,
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      `--host-resolver-rules=MAP * ~NOTFOUND${reaches === undefined ? '' : `, EXCLUDE ${reaches}`}`,
      `--user-data-dir=${join(home, 'profile')}`,
      '--remote-debugging-pipe',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable]
  const waiting = new Map<number, { resolve(found: never): void; reject(error: Error): void }>()
  const events = new Map<string, () => void>()
  let rest = ''
  let count = 0
  output.setEncoding('utf8').on('data', (part: string) => {
    const messages = (rest + part).split('\0')
    rest = messages.pop()!
    for (const message of messages) {
      const { id, result, error, method } = JSON.parse(message) as {
        id?: number
        result?: never
        error?: { message: string }
        method?: string
      }
      if (method) events.get(method)?.()
      const asked = id === undefined ? undefined : waiting.get(id)
      if (error) asked?.reject(new Error(error.message))
      else asked?.resolve(result!)
    }
  })
  let session: string | undefined
  const send = <T>(method: string, params: object = {}) =>
    new Promise<T>((resolve, reject) => {
      waiting.set(++count, { resolve: resolve as (found: never) => void, reject })
      input.write(`${JSON.stringify({ id: count, method, params, ...(session ? { sessionId: session } : {}) })}\0`)
    })
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
  const attached = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  session = attached.sessionId
  await send('Page.enable')
  const loaded = () => new Promise<void>((resolve) => events.set('Page.loadEventFired', resolve))
  const said = async <T>(expression: string) =>
    (await send<{ result: { value: T } }>('Runtime.evaluate', { expression, returnByValue: true })).result.value
  return {
    async ask<T>(page: string | URL, width: number, expression: string) {
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 800,
        deviceScaleFactor: 1,
        mobile: width < 600,
      })
      const opened = loaded()
      await send('Page.navigate', { url: typeof page === 'string' ? pathToFileURL(page).href : page.href })
      await opened
      return said<T>(expression)
    },
    async leave<T>(action: string, expression: string) {
      const left = loaded()
      await said(action)
      await left
      return said<T>(expression)
    },
    async picture() {
      return Buffer.from((await send<{ data: string }>('Page.captureScreenshot')).data, 'base64')
    },
    async printed() {
      return Buffer.from((await send<{ data: string }>('Page.printToPDF')).data, 'base64')
    },
    async close() {
      // Not killed: its own processes would hold our pipes for as long as they live.
      input.write(`${JSON.stringify({ id: ++count, method: 'Browser.close' })}\0`)
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(patience)
      input.destroy()
      output.destroy()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
