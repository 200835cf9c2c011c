import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyCommand } from '../../../lib/cli/command.ts'
import { effective } from '../../../lib/cli/options.ts'
import { parse } from '../../../lib/cli/parser.ts'
import { commands } from '../../../lib/commands/index.ts'
import { Refused } from '../../../lib/model/problem.ts'

const given = async (word: string, line: readonly string[]) => {
  const command = await commands[word]!()
  const { words, values, behind } = await parse({ word, command }, line)
  const { values: all, from } = effective((command as AnyCommand).options ?? {}, values, { values: {} })
  const typed = Object.entries(all).filter(([name]) => from[name] === 'command line')
  return { words, values: Object.fromEntries(typed), behind }
}
const refusal = async (word: string, ...line: readonly string[]) => {
  try {
    const { words, values } = await given(word, line)
    return `taken: ${JSON.stringify({ words, values })}`
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    assert.is(error.exitCode, 5)
    return error.message
  }
}

const test = suite('words of a command line')

test('an option may be written in every usual way', async () => {
  const ways = ['-l web', '-lweb', '-l=web', '--limit web', '--limit=web', '-Cl web', '-Clweb']
  for (const way of ways) {
    const { values, words } = await given('run', ['site.ts', ...way.split(' ')])
    assert.equal([values['limit'], words], [['web'], { target: 'site.ts' }], way)
    assert.is(values['check'], way.includes('C') || undefined, way)
  }
  const { values } = await given('run', [
    'site.ts',
    '-i',
    'a,',
    '-i',
    'b,',
    '-vvv',
    '-CD',
    '--no-type-check',
    '-e',
    'a=b=c',
  ])
  assert.equal(values, {
    inventory: ['a,', 'b,'],
    verbose: 3,
    check: true,
    diff: true,
    'type-check': false,
    'extra-vars': ['a=b=c'],
  })
  assert.equal((await given('run', ['site.ts', '--check=false'])).values, { check: false })
  assert.equal((await given('run', ['site.ts', '-f', '3', '-f', '3', '-C', '-C'])).values, { forks: 3, check: true })
})

test('a value may look like anything but an option', async () => {
  const { values } = await given('run', [
    'site.ts',
    '-e',
    'x',
    '--start-at-task',
    'a "b"\nc = d',
    '-l',
    '-1',
    '-u',
    '__proto__',
  ])
  assert.equal(values, { 'extra-vars': ['x'], 'start-at-task': 'a "b"\nc = d', limit: ['-1'], user: '__proto__' })
})

test('words behind -- are nobody else’s', async () => {
  const { words, behind, values } = await given('exec', ['all', '-C', '--', 'ls', '-l', '--', "it's"])
  assert.equal(
    { words, behind, values },
    { words: { pattern: 'all' }, behind: ['ls', '-l', '--', "it's"], values: { check: true } },
  )
})

test('a flag has no value, and another option has one', async () => {
  const noValue = (option: string, value: string) =>
    `${option}=${value}: it takes no value - for yes write ${option}, for no --no-check`
  assert.is(await refusal('run', 'site.ts', '--check=banana'), noValue('--check', 'banana'))
  assert.is(await refusal('run', 'site.ts', '--check='), noValue('--check', ''))
  assert.is(await refusal('run', 'site.ts', '-C=no'), noValue('-C', 'no'))
  assert.is(
    await refusal('run', 'site.ts', '-C', 'false'),
    'false is too much - -C takes no value: for yes write -C, for no --no-check',
  )
  assert.is(await refusal('run', 'site.ts', '--verbose=3'), '--verbose=3: it takes no value - repeat it, as in -vv')
  for (const bare of [['-l'], ['-l', ''], ['--limit='], ['-l', '-C'], ['-Cl']])
    assert.match(
      await refusal('run', 'site.ts', ...bare),
      /^(-l|--limit) needs a value - (what is given is empty: )?write (-l|--limit) HOSTS$/,
    )
})

test('what has one value is not given two', async () => {
  const twice = (name: string, one: string, other: string) =>
    `--${name} is given twice, as ${one} and as ${other} - it takes one value`
  assert.is(await refusal('run', 'site.ts', '-f', '3', '--forks=5'), twice('forks', '3', '5'))
  assert.is(await refusal('run', 'site.ts', '-u', 'a', '-u', 'b'), twice('user', 'a', 'b'))
  assert.is(await refusal('inventory', '--host', 'a', '--host', 'b'), twice('host', 'a', 'b'))
  assert.is(
    await refusal('run', 'site.ts', '--no-check', '-C'),
    '--check and --no-check exclude each other - leave one of them out',
  )
})

test('an option that a command does not have is named as it was typed', async () => {
  assert.is(await refusal('run', 'site.ts', '--frks', '3'), 'there is no option --frks - did you mean --forks?')
  assert.is(await refusal('run', 'site.ts', '-Cx'), 'there is no option -x - see run --help')
  assert.is(await refusal('run', 'site.ts', '--no-limit'), 'there is no option --no-limit - see run --help')
  assert.is(
    await refusal('exec', 'all', '--list-hosts'),
    'run exec has no option --list-hosts - it is one of another command: see run --help',
  )
  assert.is(await refusal('inventory', '-b'), 'run inventory has no option -b - see run inventory --help')
  for (const inherited of ['--toString', '--constructor', '--__proto__'])
    assert.is(await refusal('run', 'site.ts', inherited), `there is no option ${inherited} - see run --help`)
})

test('no command drops a word', async () => {
  for (const [word, load] of Object.entries(commands)) {
    const { takes = {}, behind, options = {} } = (await load()) as AnyCommand
    const names = Object.entries(takes as Record<string, { many?: true; choices?: readonly string[] }>)
    const line = names.map(([name, { choices }]) => choices?.[0] ?? name)
    if (!names.some(([, { many }]) => many))
      assert.match(await refusal(word, ...line, 'extra'), /^extra is too much - /, word)
    if (behind === undefined)
      assert.match(
        await refusal(word, ...line, '--', 'extra'),
        /^extra is too much - nothing stands behind -- here/,
        word,
      )
    for (const [name, { kind, choices: [value] = ['1'] }] of Object.entries(
      options as Record<string, { kind: string; choices?: readonly [string] }>,
    ))
      if (/^(text|number)$/.test(kind) && names.every(([, { many }]) => !many))
        assert.is(
          await refusal(word, ...line, `--${name}`, value, 'extra'),
          behind === undefined
            ? name === 'resume'
              ? 'extra is too much - did you mean --resume=extra? run history lists the runs'
              : `extra is too much - --${name} takes one value`
            : `extra is too much - did you mean run ${word} ${line.join(' ')} --${name} ${value} -- extra?`,
        )
  }
})

test.run()
