import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import fc from 'fast-check'
import type { ConnectionFile } from '../../../lib/model/inventory.ts'
import type { Connection } from '../../../lib/model/operation.ts'
import { Advice, CommandFailed, TimedOut } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import type { InRow, Session, Transport } from '../../../lib/model/transport.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { type Sshd, startSshd } from '../../rig/sshd.ts'
import { lanes } from './lanes.ts'

needs('sshd')

interface Context {
  sshd?: Sshd
  transport: Transport
  to(session?: Session): Connection
}

const clean = fileURLToPath(new URL('../../package/example/connections/clean.ts', import.meta.url)) as ConnectionFile

// The same promises on every shell that a host may have, on this machine, and by a connection of somebody's own.
const shells: readonly (readonly [name: string, sh: string | undefined, connection?: 'local' | ConnectionFile])[] = [
  ['this machine', undefined, 'local'],
  ['a connection of its own', undefined, clean],
  ...([
    ['dash', '/bin/dash'],
    ['bash as sh', '/bin/bash'],
    ['busybox', '/bin/busybox'],
  ].filter(([, path]) => existsSync(path!)) as [string, string][]),
]

const all = suite('exec')
const lane = lanes(all)

for (const [name, sh, connection] of shells) {
  const test = lane<Context>(
    name,
    async () => {
      if (sh === undefined) {
        const host = aHost('controller', { connection })
        const transport = createTransport({ inventory: inventoryOf(host) })
        return { transport, to: (session = {}) => transport.connection(host, session) }
      }
      const sshd = await startSshd({ sh })
      const host = aHost('node-1', reach(sshd))
      const transport = createTransport({ inventory: inventoryOf(host) })
      return { sshd, transport, to: (session = {}) => transport.connection(host, session) }
    },
    async ({ transport, sshd }) => {
      await transport.close()
      await sshd?.stop()
    },
  )

  if (sh !== undefined) {
    test('runs under the shell this suite is about', async ({ to }) => {
      const { stdout } = await to().exec('readlink /proc/$$/exe')
      assert.match(stdout, new RegExp(`/${sh.split('/').at(-1)}\n$`))
    })
  }

  test('begins nothing of a row behind what does not go well', async ({ to }) => {
    let now: InRow | undefined
    const connection = to({
      get row() {
        return now
      },
    })
    const { signal: stop } = new AbortController()
    const row = async (number: number, scripts: readonly string[]) => {
      const asked = scripts.map((script, i) => {
        now = { row: number, behind: i > 0, allow: [0, 4], stop }
        return connection.exec(script)
      })
      now = undefined
      const ends = await Promise.allSettled([...asked, connection.exec('echo x')])
      return ends.map((end) => (end.status === 'fulfilled' ? end.value.code : end.reason.constructor.name))
    }
    assert.equal(await row(1, ['exit 4', 'true # \'"', 'exit 255', 'true', 'true &']), [
      4,
      0,
      255,
      'NotBegun',
      'NotBegun',
      0,
    ])
    assert.equal(await row(2, ['nohup true', 'service() { return 3; }; service x start', 'true']), [
      0,
      3,
      'NotBegun',
      0,
    ])
  })

  test('gives output, errors and code apart', async ({ to }) => {
    assert.equal(await to().exec('echo out; echo err >&2; exit 7'), { code: 7, stdout: 'out\n', stderr: 'err\n' })
    assert.equal(await to().exec(''), { code: 0, stdout: '', stderr: '' })
    assert.equal(await to().exec('printf x'), { code: 0, stdout: 'x', stderr: '' })
    assert.is((await to().exec('exit 255')).code, 255)
    assert.is((await to().exec('sh -c "kill -9 \\$\\$"')).code, 137)
  })

  test('a script leaves nothing in the shell for the next one', async ({ to }) => {
    const connection = to()
    const first = await connection.exec('echo $$')
    await connection.exec('cd /tmp; x=1; set -e; set -- a b; umask 0; exec >/dev/null; trap "echo leaked" EXIT; exit 5')
    await connection.exec('set -eu; false; echo not reached')
    const { stdout } = await connection.exec('echo "$$ ${x-none} $# $(pwd) $(umask)"')
    const fresh = await to({}).exec('echo "$$ ${x-none} $# $(pwd) $(umask)"')
    assert.is(stdout, fresh.stdout)
    assert.is(stdout.split(' ')[0], first.stdout.trim(), 'it is the same shell')
  })

  test('errors of syntax are results', async ({ to }) => {
    const { code, stderr } = await to().exec('if true; then echo "unclosed')
    assert.is.not(code, 0)
    assert.ok(stderr.length > 0)
    assert.is((await to().exec("echo 'a''b'; # comment\n")).stdout, 'ab\n')
    assert.is((await to().exec('cat <<EOF\nin $((1+1)) the\nEOF\necho after')).stdout, 'in 2 the\nafter\n')
    assert.is((await to().exec('echo a \\\n b')).stdout, 'a b\n')
  })

  test('set -e ends the script', async ({ to }) => {
    assert.equal(await to().exec('set -e; false; echo no'), { code: 1, stdout: '', stderr: '' })
  })

  test('a trap on EXIT runs when the script ends', async ({ to }) => {
    assert.equal(await to().exec('trap "echo bye" EXIT; echo hi; exit 3'), { code: 3, stdout: 'hi\nbye\n', stderr: '' })
  })

  test('stdin is empty unless given', async ({ to }) => {
    assert.equal(await to().exec('cat; echo end'), { code: 0, stdout: 'end\n', stderr: '' })
    assert.is((await to().exec('read x; echo "$?"')).stdout, '1\n')
    assert.is((await to().exec('cat', { stdin: '' })).stdout, '')
  })

  test('stdin arrives byte for byte', async ({ to }) => {
    const texts = [
      'line\n',
      'no newline',
      "it's $HOME `id` \\n \\\n",
      'zürich ☃ \u{1F600}',
      'a\0b',
      '\n\n',
      '\r\n',
      "EOF\n'",
      '\u0081\u0088\u00ff\n',
    ]
    for (const text of texts) assert.is((await to().exec('cat', { stdin: text })).stdout, text, JSON.stringify(text))
    assert.is((await to().exec('cat', { stdin: Secret.of('s3cret-word\n', 'password') })).stdout, 's3cret-word\n')
    const sizes = [1, 57, 4096, 4097, 70_000, 300_000]
    for (const size of sizes) {
      const bytes = randomBytes(size)
      const { stdout } = await to().exec('sha256sum', { stdin: bytes })
      const { createHash } = await import('node:crypto')
      assert.is(stdout.split(' ')[0], createHash('sha256').update(bytes).digest('hex'), `${size} bytes`)
    }
  })

  test('a command that does not read its stdin harms nobody', async ({ to }) => {
    const connection = to()
    assert.is((await connection.exec('exit 4', { stdin: 'x\n'.repeat(50_000) })).code, 4)
    assert.is((await connection.exec('exit 4', { stdin: randomBytes(200_000) })).code, 4)
    assert.is((await connection.exec('exit 4', { stdin: randomBytes(900_000) })).code, 4)
    assert.is((await connection.exec('echo next')).stdout, 'next\n')
  })

  test('any script text is passed as it is', async ({ to }) => {
    const connection = to()
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => !s.includes('\0')),
        async (text) => {
          const { stdout } = await connection.exec(`printf %s '${text.replaceAll("'", `'\\''`)}'`)
          assert.is(stdout, text)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a script of 160 KB', async ({ to }) => {
    const script = `${': some words of padding\n'.repeat(6_500)}echo done`
    assert.is((await to().exec(script)).stdout, 'done\n')
    assert.is((await to().exec(script, { long: true })).stdout, 'done\n')
  })

  test('bytes that are no UTF-8 become U+FFFD', async ({ to }) => {
    assert.is((await to().exec("printf 'a\\377b'")).stdout, 'a\uFFFDb')
    assert.is((await to().exec("printf 'a\\377b'", { long: true })).stdout, 'a\uFFFDb')
  })

  test('characters are whole however the output is cut', async ({ to }) => {
    let shown = ''
    const connection = to({
      output: (text) => {
        shown += text
      },
    })
    const script = "printf '\\342'; sleep 0.1; printf '\\230'; sleep 0.1; printf '\\203'"
    assert.is((await connection.exec(script)).stdout, '☃')
    assert.is(shown, '')
    assert.is((await connection.exec(script, { long: true })).stdout, '☃')
    assert.is(shown, '☃')
  })

  test('big outputs', async ({ to }) => {
    const connection = to()
    const most = 16 << 20
    const { stdout } = await connection.exec(`head -c ${most} /dev/zero`)
    assert.is(stdout.length, most)
    // Where the output goes through is the same for all: one of them shows that 100 MB are no more than 17.
    const much = sh === undefined ? 104_857_600 : 17_000_000
    const script = `head -c ${much} /dev/zero; exit 3`
    try {
      await connection.exec(script)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Advice)
      const where = sh === undefined ? 'controller' : 'node-1'
      assert.is(
        (error as Error).message,
        `\`${script}\` on ${where} wrote ${much} bytes, more than the 16 MiB that are kept (it ended with exit code 3)`,
      )
      assert.is((error as Advice).hint, 'run it as a long command, whose last output is kept, or use stream()')
    }
    const long = await connection.exec(`head -c ${much} /dev/zero; echo end`, { long: true })
    assert.ok(long.stdout.startsWith(`[the first ${much + 4 - most} bytes of this output were left out]\n`))
    assert.ok(long.stdout.endsWith('end\n'))
    assert.is((await connection.exec('echo still here')).stdout, 'still here\n')
  })

  test('messages are those of the C locale, and daemons are found', async ({ to }) => {
    const { stdout } = await to().exec(
      'echo "$LC_ALL"; case ":$PATH:" in *:/sbin:*) echo sbin;; esac; ' +
        'case ":$PATH:" in *:/usr/sbin:*) echo usbin;; esac',
    )
    assert.is(stdout, 'C\nsbin\nusbin\n')
  })

  test('what stays behind neither blocks nor spoils the next answer', async ({ to }) => {
    const connection = to()
    const started = Date.now()
    const { stdout } = await connection.exec('(sleep 0.2; echo late; echo late >&2; sleep 3) & echo started')
    assert.is(stdout, 'started\n')
    assert.ok(Date.now() - started < 2000)
    assert.equal(await connection.exec('sleep 0.4; echo mine'), { code: 0, stdout: 'mine\n', stderr: '' })
    const long = await connection.exec('sleep 9 & echo started', { long: true })
    assert.is(long.stdout, 'started\n')
    assert.ok(Date.now() - started < 8000, 'a long command does not wait for it either')
  })

  test('where the output of such a script goes has no name any more', async ({ to }) => {
    const open = 'readlink /proc/self/fd/1; ls /proc/self/fd | tr "\\n" " "'
    const { stdout } = await to().exec(`${open}; sleep 0 &`)
    assert.match(stdout, /^\/tmp\/\.switchover\.\w+\/o \(deleted\)\n0 1 2 /)
    const plain = await to().exec(open)
    assert.is(stdout.split('\n')[1], plain.stdout.split('\n')[1], 'no descriptor of ours is passed on')
    assert.is((await to().exec(`test -e ${stdout.split('/o')[0]!}`)).code, 1)
  })

  test('a job that no word gave away does not write into the next answer', async ({ to }) => {
    const connection = to({})
    // It writes while the requests after it run, which were sent before it was known.
    const late = 'for i in 1 2 3 4 5 6; do echo late; echo late >&2; sleep 0.1; done'
    const hidden = `set -u; eval "(${late}) $(printf '\\046')"; echo $$; exit 3`
    const [first, ...next] = await Promise.all([
      connection.exec(hidden),
      connection.exec('sleep 0.3; echo $$'),
      connection.exec('sleep 0.2; echo $$'),
    ])
    assert.is(first.code, 3)
    assert.match(first.stdout, /^(late\n)*\d+\n(late\n)*$/)
    for (const { code, stdout, stderr } of next) {
      assert.match(stdout, /^\d+\n$/)
      assert.equal({ code, stderr }, { code: 0, stderr: '' })
      assert.not(first.stdout.includes(stdout), 'it is another shell')
    }
    const row = await Promise.all(
      Array.from({ length: 6 }, (_, i) => connection.exec(`eval "sleep 0.1 $(printf '\\046')"; echo ${i}`)),
    )
    assert.equal(
      row.map(({ stdout }) => stdout),
      row.map((_, i) => `${i}\n`),
    )
    assert.equal(await connection.exec('sleep 0 & wait; echo done'), { code: 0, stdout: 'done\n', stderr: '' })
  })

  test('many requests with one signal are no leak', async ({ to }) => {
    const warned: string[] = []
    const warn = ({ name }: Error) => void warned.push(name)
    process.on('warning', warn)
    const connection = to({ signal: new AbortController().signal })
    await Promise.all(Array.from({ length: 30 }, (_, i) => connection.exec(`echo ${i}`)))
    await new Promise(setImmediate)
    process.off('warning', warn)
    assert.equal(warned, [])
  })

  test('a shell that a script kills is replaced, and what stood behind it runs', async ({ to }) => {
    const connection = to()
    const [killed, next] = await Promise.allSettled([
      connection.exec('kill -9 $$; sleep 1'),
      connection.exec('echo next'),
    ])
    assert.is(killed.status, 'rejected')
    // A failed task, which ignoreErrors and rescue may have: the host is there as before.
    assert.instance((killed as PromiseRejectedResult).reason, CommandFailed)
    assert.match(
      String((killed as PromiseRejectedResult).reason),
      /it ended the shell on \S+ that it ran in \(exit code 137\)/,
    )
    assert.is((next as PromiseFulfilledResult<{ stdout: string }>).value.stdout, 'next\n')
  })

  for (const long of [false, true]) {
    test(`a timeout ends the command and all below it${long ? ' (long)' : ''}`, async ({ to }) => {
      const connection = to()
      const mark = `${30_000 + Math.floor(Math.random() * 9000)}`
      const started = Date.now()
      const behind = long ? undefined : connection.exec('true')
      try {
        await connection.exec(`trap "" HUP; (sleep ${mark}; echo a) & sh -c "sleep ${mark}; :"; echo no`, {
          timeout: 0.4,
          long,
        })
        assert.unreachable()
      } catch (error) {
        assert.instance(error, TimedOut)
        assert.is((error as Error).message, 'timed out after 0.4 s')
      }
      assert.ok(Date.now() - started < 3500, `${Date.now() - started} ms`)
      await behind
      const { stdout } = await connection.exec(
        `ps -e -o stat= -o args= | grep '[s]leep ${mark}' | grep -v '^Z'; echo looked`,
      )
      assert.is(stdout, 'looked\n')
    })

    test(`an abort ends the command${long ? ' (long)' : ''}`, async ({ to }) => {
      const controller = new AbortController()
      const mark = `${40_000 + Math.floor(Math.random() * 9000)}`
      const connection = to({
        signal: controller.signal,
        output: (text) => {
          if (text.includes('go')) controller.abort(new Error('enough'))
        },
      })
      const running = connection.exec(`echo go; sleep ${mark}; :`, { long })
      const behind = long ? undefined : connection.exec('touch /tmp/never')
      behind?.catch(() => undefined)
      if (!long)
        setTimeout(() => {
          controller.abort(new Error('enough'))
        }, 300)
      try {
        await running
        assert.unreachable()
      } catch (error) {
        assert.is((error as Error).message, 'enough')
      }
      if (behind !== undefined) assert.is(String((await Promise.allSettled([behind]))[0]?.status), 'rejected')
      assert.is(
        (await to().exec(`ps -e -o stat= -o args= | grep '[s]leep ${mark}' | grep -v '^Z'; echo looked`)).stdout,
        'looked\n',
      )
      await rejects(connection.exec('true'), /enough/)
    })
  }

  test('the clock of a request starts when its turn comes', async ({ to }) => {
    const connection = to()
    const [, second] = await Promise.all([connection.exec('sleep 0.5'), connection.exec('echo ok', { timeout: 0.4 })])
    assert.is(second.stdout, 'ok\n')
  })

  test('commands of a session keep their order, sessions do not wait for each other', async ({ to }) => {
    const connection = to()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => connection.exec(`echo ${i} $$`)))
    assert.equal(
      answers.map(({ stdout }) => Number(stdout.split(' ')[0])),
      Array.from({ length: 20 }, (_, i) => i),
    )
    assert.is(new Set(answers.map(({ stdout }) => stdout.split(' ')[1])).size, 1)
    const started = Date.now()
    await Promise.all([1, 2, 3, 4].map(() => to({}).exec('sleep 0.5')))
    assert.ok(Date.now() - started < 1900, `${Date.now() - started} ms`)
  })

  test('many sessions at once share few shells', async ({ to }) => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => to({}).exec('sleep 0.05; echo $$')))
    const used = new Set(answers.map(({ stdout }) => stdout))
    assert.ok(used.size > 1 && used.size <= 4, `${used.size} shells`)
  })

  test('more long commands than the server has sessions', async ({ to }) => {
    const answers = await Promise.all(
      Array.from({ length: 14 }, (_, i) => to({}).exec(`sleep 0.2; echo ${i}`, { long: true })),
    )
    assert.equal(
      answers.map(({ stdout }) => Number(stdout)),
      Array.from({ length: 14 }, (_, i) => i),
    )
  })

  test('a stream has backpressure, an end and an error text', async ({ to }) => {
    const stream = await to().stream('sha256sum | cut -c1-8; echo oops >&2; exit 6')
    const { createHash } = await import('node:crypto')
    const sum = createHash('sha256')
    const chunk = randomBytes(1 << 20)
    for (let i = 0; i < 12; i++) {
      sum.update(chunk)
      if (!stream.stdin.write(chunk))
        await new Promise((resolve) => {
          stream.stdin.once('drain', resolve)
        })
    }
    stream.stdin.end()
    let text = ''
    for await (const bytes of stream.stdout) text += String(bytes)
    assert.is(text, `${sum.digest('hex').slice(0, 8)}\n`)
    assert.equal(await stream.ended, { code: 6, stderr: 'oops\n' })
  })

  test('a stream nobody reads stops its writer', async ({ to }) => {
    const stream = await to().stream('yes | head -c 16000000; echo written >&2')
    stream.stdin.end()
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    assert.ok(stream.stdout.readableLength <= 4 << 20, `${stream.stdout.readableLength} bytes in memory`)
    let size = 0
    for await (const bytes of stream.stdout) size += (bytes as Buffer).length
    assert.is(size, 16_000_000)
    assert.equal(await stream.ended, { code: 0, stderr: 'written\n' })
  })

  test('a stream can be killed', async ({ to }) => {
    const mark = `${50_000 + Math.floor(Math.random() * 9000)}`
    const stream = await to().stream(`sleep ${mark}; :`)
    stream.stdout.resume()
    stream.kill()
    const { code } = await stream.ended
    assert.is.not(code, 0)
    assert.is(
      (await to().exec(`ps -e -o stat= -o args= | grep '[s]leep ${mark}' | grep -v '^Z'; echo looked`)).stdout,
      'looked\n',
    )
  })

  test('dial reaches a port of the machine', async ({ to }) => {
    const { createServer } = await import('node:net')
    const server = createServer((socket) => {
      socket.end('hello from the port')
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as { port: number }
    try {
      const socket = await to().dial(port)
      let text = ''
      for await (const bytes of socket) text += String(bytes)
      assert.is(text, 'hello from the port')
    } finally {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    }
    await rejects(
      to().dial(port),
      new RegExp(`^cannot reach 127\\.0\\.0\\.1:${port} from \\S+: connection refused$`, 'i'),
    )
  })

  test('reads files byte for byte', async ({ to }) => {
    const bytes = readFileSync(process.execPath).subarray(0, 3_000_000)
    const { writeFileSync, rmSync } = await import('node:fs')
    // The shells are tried side by side, each with a file of its own.
    const path = `/tmp/transport-read-${process.pid}-${Math.random().toString(36).slice(2)}`
    writeFileSync(path, bytes)
    try {
      const read = await to().read(path)
      assert.ok(read !== undefined && bytes.equals(read))
      writeFileSync(path, '')
      assert.is((await to().read(path))?.length, 0)
    } finally {
      rmSync(path)
    }
    assert.is(await to().read(path), undefined)
    await rejects(to().read('/tmp'), /^cannot read \/tmp on \S+: .*Is a directory$/)
  })
}
all.run()

async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.match((error as Error).message, message)
    return
  }
  assert.unreachable('it should have been rejected')
}
