import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { doneIn } from '../../../lib/engine/done.ts'
import type { Timed } from '../../../lib/model/event.ts'
import { here } from '../../../lib/model/location.ts'
import { identity } from '../../../lib/model/path.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { mask, maskEvent, Masker } from '../../../lib/report/mask.ts'

const test = suite('mask')

const secret = `it's 7% <a/b>&"ü+?~`
Secret.of(secret, 'mask-test')

// Written by the tools named, not by us: Python's shlex, urllib, json, html and base64, bash's printf, Node's
// encodeURIComponent.
const forms: readonly (readonly [name: string, text: string])[] = [
  ['plain', secret],
  ['shlex.quote', `it'"'"'s 7% <a/b>&"ü+?~`],
  ['single quotes', `it'\\''s 7% <a/b>&"ü+?~`],
  ['printf %q', `it\\'s\\ 7%\\ \\<a/b\\>\\&\\"ü+\\?~`],
  ['double quotes', `it's 7% <a/b>&\\"ü+?~`],
  ['SQL', `it''s 7% <a/b>&"ü+?~`],
  ['encodeURIComponent', `it's%207%25%20%3Ca%2Fb%3E%26%22%C3%BC%2B%3F~`],
  ['urllib quote', `it%27s%207%25%20%3Ca/b%3E%26%22%C3%BC%2B%3F~`],
  ['urllib quote_plus', `it%27s+7%25+%3Ca%2Fb%3E%26%22%C3%BC%2B%3F~`],
  ['small hexadecimal digits', `it%27s%207%25%20%3ca%2fb%3e%26%22%c3%bc%2b%3f~`],
  ['json.dumps', `it's 7% <a/b>&\\"\\u00fc+?~`],
  ['JSON.stringify', `it's 7% <a/b>&\\"ü+?~`],
  ['PHP json_encode', `it's 7% <a\\/b>&\\"ü+?~`],
  ['XML text', `it's 7% &lt;a/b&gt;&amp;"ü+?~`],
  ['html.escape', `it&#x27;s 7% &lt;a/b&gt;&amp;&quot;ü+?~`],
  ['XML attribute', `it&apos;s 7% &lt;a/b&gt;&amp;&quot;ü+?~`],
  ['base64', `aXQncyA3JSA8YS9iPiYiw7wrP34=`],
]

for (const [name, form] of forms) {
  test(`finds a secret as ${name} writes it`, () => {
    assert.is(mask(`before ${form} after`), 'before ‹mask-test› after')
  })

  test(`finds it wherever the pieces are cut: ${name}`, () => {
    const text = `x${form}y`
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b += 3) {
        const masker = new Masker()
        const pieces = [text.slice(0, a), text.slice(a, b), text.slice(b)]
        assert.is(pieces.map((piece) => masker.push(piece)).join('') + masker.flush(), 'x‹mask-test›y', `${a}, ${b}`)
      }
    }
  })
}

// A character of base64 that the secret shares with its neighbour stays: it holds two or four bits of it.
// base64 of the secret behind 0, 1 and 2 characters and before `tail`: plain and URL-safe, from Python.
for (const [text, left] of [
  ['aXQncyA3JSA8YS9iPiYiw7wrP350YWls', '‹mask-test›50YWls'],
  ['aXQncyA3JSA8YS9iPiYiw7wrP350YWls'.replace('+', '-'), '‹mask-test›50YWls'],
  ['eGl0J3MgNyUgPGEvYj4mIsO8Kz9+dGFpbA==', 'eG‹mask-test›dGFpbA=='],
  ['eGl0J3MgNyUgPGEvYj4mIsO8Kz9-dGFpbA==', 'eG‹mask-test›dGFpbA=='],
  ['eHlpdCdzIDclIDxhL2I+JiLDvCs/fnRhaWw=', 'eHl‹mask-test›nRhaWw='],
  ['eHlpdCdzIDclIDxhL2I-JiLDvCs_fnRhaWw=', 'eHl‹mask-test›nRhaWw='],
] as const) {
  test(`finds it inside a longer base64: ${text}`, () => {
    assert.is(mask(text), left)
  })
}

test('says the same of a text in pieces as of the whole', () => {
  Secret.of('qzqzqzX', 'inner')
  Secret.of('XqzqzqzXyy', 'outer')
  Secret.of('zXyyw-long', 'overlapping')
  const letters = fc.array(fc.constantFrom('q', 'z', 'X', 'y', 'w', '-long', 'qzqzqzX', 'XqzqzqzXyy', 'zXyyw-long'), {
    maxLength: 30,
  })
  let hits = 0
  fc.assert(
    fc.property(letters, fc.array(fc.nat(60), { maxLength: 8 }), (parts, cuts) => {
      const text = parts.join('')
      const places = [0, ...cuts.filter((at) => at <= text.length).sort((a, b) => a - b), text.length]
      const masker = new Masker()
      const streamed =
        places
          .slice(1)
          .map((at, i) => masker.push(text.slice(places[i], at)))
          .join('') + masker.flush()
      assert.is(streamed, mask(text))
      assert.not.ok(/qzqzqzX|zXyyw-long/.test(streamed))
      if (streamed !== text) hits++
    }),
    { seed: 7, numRuns: 2000 },
  )
  assert.ok(hits > 100, `${hits} texts had something to mask`)
})

test('gives out what cannot become a secret at once', () => {
  const masker = new Masker()
  assert.is(masker.push('connected\n'), 'connected\n')
  assert.is(masker.push("password: it'"), 'password: ')
  assert.is(masker.push('em'), "it'em")
  assert.is(masker.flush(), '')
})

test('prefers the longer of two secrets that begin alike', () => {
  Secret.of('kürbis', 'short')
  Secret.of('kürbiskern', 'long')
  assert.is(mask('kürbis kürbiskern'), '‹short› ‹long›')
})

test('finds the lines of a secret of several lines', () => {
  Secret.of('-----BEGIN KEY-----\nbm90IGEga2V5IGF0\nYWxsLCByZWFsbHk=\n-----END KEY-----\n', 'key')
  assert.is(mask('c-1 | bm90IGEga2V5IGF0'), 'c-1 | ‹key›')
  assert.is(mask('-----BEGIN KEY-----\nbm90IGEga2V5IGF0\nYWxsLCByZWFsbHk=\n-----END KEY-----'), '‹key›')
})

test('learns secrets made later', () => {
  const masker = new Masker()
  assert.is(masker.push('late-guest!'), 'late-guest!')
  Secret.of('late-guest!', 'late')
  assert.is(masker.push('late-guest!'), '‹late›')
})

test('masks every text of an event, keys included, and leaves the rest as it is', () => {
  const at = here()
  const clean = { type: 'warned', message: 'nothing to see' } as const
  assert.is(maskEvent(clean), clean)
  const event = maskEvent({
    type: 'task-finished',
    path: { play: 'p', role: 'r', blocks: [], task: `t ${secret}` },
    at,
    host: 'c-1',
    delegated: [],
    status: 'ok',
    result: { list: [`a ${secret}`, 7, null], [secret]: true, undefined: undefined },
    handler: false,
    milliseconds: 5,
  })
  assert.is(event.at, at)
  assert.equal(event, {
    type: 'task-finished',
    path: { play: 'p', role: 'r', blocks: [], task: 't ‹mask-test›' },
    at,
    host: 'c-1',
    delegated: [],
    status: 'ok',
    result: { list: ['a ‹mask-test›', 7, null], '‹mask-test›': true, undefined: undefined },
    handler: false,
    milliseconds: 5,
    unkept: 'secret',
  })
})

test('a task that was told by its name keeps it, though the name turns out to hold a password', () => {
  const path = { play: 'Move', role: 'keystone', blocks: [], task: 'Bring what the operatrix knows' }
  const end = { status: 'changed', delegated: [], handler: false, milliseconds: 5 } as const
  const planned = {
    type: 'change-planned',
    path,
    host: 'c-1',
    operation: 'line.present /root/openrc',
    diff: [],
  } as const
  const first = maskEvent(planned)
  Secret.of('operatrix', 'password')
  const last = maskEvent({ type: 'task-finished', path, at: here(), host: 'c-1', result: 'operatrix', ...end })
  const sent = maskEvent({ type: 'sent-ahead', host: 'c-1', paths: [path], begun: true })
  const notified = maskEvent({ type: 'handler-notified', path, host: 'c-1', handler: 'Tell the operatrix' })
  assert.is((last as { result?: unknown }).result, '‹password›')
  assert.equal([last.path, ...sent.paths], [path, path])
  assert.equal([notified.path, notified.handler], [path, 'Tell the ‹password›'])
  // The next run must not take it for one in which this one was killed.
  const events = [first, sent, last].map((event): Timed => ({ ...event, time: 0 }))
  assert.not.ok(doneIn('r', events).begun(identity(path), 'c-1'))
})

test('keeps the words that readers of events depend on', () => {
  Secret.of('run-finished', 'unlucky')
  assert.equal(maskEvent({ type: 'run-finished', run: 'run-finished', outcome: 'ok', milliseconds: 1, owed: [] }), {
    type: 'run-finished',
    run: '‹unlucky›',
    outcome: 'ok',
    milliseconds: 1,
    owed: [],
  })
})

test('reads a hundred megabytes a second and more', () => {
  const line = "INSERT INTO instances VALUES (17, 'compute-7', 'active', 'c0ffee');\n"
  const text = line.repeat(300_000)
  const masker = new Masker()
  const start = process.cpuUsage()
  for (let i = 0; i < text.length; i += 32_768) masker.push(text.slice(i, i + 32_768))
  const seconds = process.cpuUsage(start).user / 1e6
  // A tenth of what is measured on an idle machine.
  assert.ok(text.length / 1e6 / seconds > 10, `${Math.round(text.length / 1e6 / seconds)} MB/s`)
})

test.run()
